//! Admission to the appender's queue: how much may wait, whether the store still takes entries, and
//! whether new work is held back while the rest goes on.
//!
//! Counting stands apart from the channel so that an intent can reserve its outcome's place, and an
//! append can fail at once without taking a lock. Each tenant has a fair share of places and bytes,
//! so that none fills the queue for all.

use std::sync::Arc;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use inferlayer_share::{Full, Permit, Pool};

use crate::format::seal::TenantSeal;
use crate::write::error::{Shortage, Unavailable};

const OPEN: u8 = 0;
const CLOSED: u8 = 1;
const FAILED: u8 = 2;
const LOST: u8 = 3;

const ENOUGH: u8 = 0;
const NO_ROOM: u8 = 1;
const NO_DESCRIPTORS: u8 = 2;

const ADMITTED: u8 = 0;
const ANCHOR_LAGS: u8 = 1;
const ANCHOR_CONFLICTS: u8 = 2;

/// Shared by the callers and the appender.
pub(crate) struct Gate {
    state: AtomicU8,
    /// What there is too little of for new work; what was begun may still end.
    short_of: AtomicU8,
    /// Room on the disk for new work, as far as is known.
    spare_bytes: AtomicU64,
    /// Whether new work is held back; outcomes, refusals and key events are not.
    work: AtomicU8,
    records: Arc<Pool>,
    bytes: Arc<Pool>,
}

/// What an entry holds of the queue while it waits. Dropped with it.
pub(crate) struct Held {
    _place: Permit,
    bytes: Permit,
}

impl Gate {
    pub(crate) fn new(records: Arc<Pool>, bytes: Arc<Pool>) -> Self {
        Self {
            state: AtomicU8::new(OPEN),
            short_of: AtomicU8::new(ENOUGH),
            spare_bytes: AtomicU64::new(u64::MAX),
            work: AtomicU8::new(ADMITTED),
            records,
            bytes,
        }
    }

    /// Several tenants share the queue from now on, or one has it alone.
    pub(crate) fn share(&self, shared: bool) {
        self.records.set_shared(shared);
        self.bytes.set_shared(shared);
    }

    /// Whether what has its place reserved is taken.
    pub(crate) fn check(&self) -> Result<(), Unavailable> {
        match self.state.load(Ordering::Acquire) {
            OPEN => Ok(()),
            CLOSED => Err(Unavailable::Closed),
            LOST => Err(Unavailable::Lost),
            _ => Err(Unavailable::Failed),
        }
    }

    /// Whether new work is taken.
    pub(crate) fn check_new(&self) -> Result<(), Unavailable> {
        self.check()?;
        self.shortage().map_or(Ok(()), |shortage| Err(shortage.into()))
    }

    /// What there is too little of.
    pub(crate) fn shortage(&self) -> Option<Shortage> {
        match self.short_of.load(Ordering::Acquire) {
            ENOUGH => None,
            NO_ROOM => Some(Shortage::Room),
            _ => Some(Shortage::Descriptors),
        }
    }

    /// Tells whether that changed anything.
    pub(crate) fn set_shortage(&self, shortage: Option<Shortage>) -> bool {
        let short_of = match shortage {
            None => ENOUGH,
            Some(Shortage::Room) => NO_ROOM,
            Some(Shortage::Descriptors) => NO_DESCRIPTORS,
        };
        self.short_of.swap(short_of, Ordering::AcqRel) != short_of
    }

    pub(crate) fn spare_bytes(&self) -> u64 {
        self.spare_bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn set_spare_bytes(&self, bytes: u64) {
        self.spare_bytes.store(bytes, Ordering::Relaxed);
    }

    /// Whether an inference may begin.
    pub(crate) fn check_work(&self) -> Result<(), Unavailable> {
        self.check_new()?;
        match self.work.load(Ordering::Acquire) {
            ADMITTED => Ok(()),
            ANCHOR_LAGS => Err(Unavailable::AnchorLag),
            _ => Err(Unavailable::AnchorConflict),
        }
    }

    /// Holds new work back, or lets it in again unless it is held back for good.
    pub(crate) fn hold_back(&self, held: bool) {
        let (from, to) = if held { (ADMITTED, ANCHOR_LAGS) } else { (ANCHOR_LAGS, ADMITTED) };
        let _ = self.work.compare_exchange(from, to, Ordering::AcqRel, Ordering::Acquire);
    }

    pub(crate) fn hold_back_for_good(&self) {
        self.work.store(ANCHOR_CONFLICTS, Ordering::Release);
    }

    /// Takes a place in the queue and room for `bytes`, or nothing.
    pub(crate) fn enter(
        &self,
        tenant: Option<&TenantSeal>,
        bytes: usize,
    ) -> Result<Held, Unavailable> {
        let place = self.place(tenant)?;
        let bytes = self.bytes.take(tenant.map(|seal| &seal.queued().bytes), bytes as u64);
        Ok(Held { _place: place, bytes: bytes.map_err(blame)? })
    }

    /// Takes a place in the queue for an entry to come.
    pub(crate) fn place(&self, tenant: Option<&TenantSeal>) -> Result<Permit, Unavailable> {
        self.check_new()?;
        self.records.take(tenant.map(|seal| &seal.queued().records), 1).map_err(blame)
    }

    /// Holds the bytes of an entry whose place was reserved; those are never refused.
    pub(crate) fn enter_at(
        &self,
        place: Permit,
        tenant: Option<&TenantSeal>,
        bytes: usize,
    ) -> Held {
        let share = tenant.map(|seal| &seal.queued().bytes);
        Held { _place: place, bytes: self.bytes.take_anyway(share, bytes as u64) }
    }

    pub(crate) fn close(&self) {
        self.end(CLOSED);
    }

    pub(crate) fn fail(&self) {
        self.end(FAILED);
    }

    /// What was written is nowhere any more.
    pub(crate) fn lose(&self) {
        self.end(LOST);
    }

    /// The first end is the one that counts.
    fn end(&self, state: u8) {
        let _ = self.state.compare_exchange(OPEN, state, Ordering::AcqRel, Ordering::Acquire);
    }
}

impl Held {
    /// Bytes of the entry have left, the entry has not.
    pub(crate) fn shrink(&mut self, bytes: usize) {
        self.bytes.shrink(bytes as u64);
    }
}

fn blame(full: Full) -> Unavailable {
    match full {
        Full::Share => Unavailable::ShareFull,
        Full::Pool => Unavailable::QueueFull,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn gate(records: u64, bytes: u64) -> Gate {
        Gate::new(Pool::shared(records), Pool::shared(bytes))
    }

    fn why(refused: Result<Held, Unavailable>) -> Unavailable {
        refused.map(drop).unwrap_err()
    }

    #[test]
    fn a_refused_entry_leaves_no_trace() {
        let gate = gate(1, 10);
        assert_eq!(why(gate.enter(None, 11)), Unavailable::QueueFull);
        let held = gate.enter(None, 10).unwrap();
        assert_eq!(why(gate.enter(None, 0)), Unavailable::QueueFull);
        drop(held);
        assert!(gate.enter(None, 10).is_ok());
    }

    #[test]
    fn a_tenant_leaves_places_and_bytes_for_others() {
        let [greedy, other] = [1, 2].map(|byte| TenantSeal::new([byte; 32].into()));
        let gate = gate(8, 80);
        let places: Vec<_> = (0..4).map(|_| gate.place(Some(&greedy)).unwrap()).collect();
        assert_eq!(why(gate.enter(Some(&greedy), 0)), Unavailable::ShareFull);
        let mut held = gate.enter(Some(&other), 40).unwrap();
        assert_eq!(why(gate.enter(Some(&other), 1)), Unavailable::ShareFull);
        drop(places);
        assert!(gate.enter(Some(&greedy), 20).is_ok());
        held.shrink(20);
        assert!(gate.enter(Some(&other), 10).is_ok());
        // An outcome whose place was reserved is never refused.
        let place = gate.place(Some(&greedy)).unwrap();
        drop(gate.enter_at(place, Some(&greedy), 1000));
        assert!(gate.enter(Some(&greedy), 20).is_ok());
    }

    #[test]
    fn work_is_held_back_and_nothing_else_and_a_conflict_is_for_good() {
        let gate = gate(4, 10);
        gate.hold_back(true);
        assert_eq!(gate.check_work(), Err(Unavailable::AnchorLag));
        assert!(gate.enter(None, 1).is_ok());
        gate.hold_back(false);
        assert_eq!(gate.check_work(), Ok(()));
        gate.hold_back(true);
        gate.hold_back_for_good();
        gate.hold_back(false);
        assert_eq!(gate.check_work(), Err(Unavailable::AnchorConflict));
        gate.fail();
        assert_eq!(gate.check_work(), Err(Unavailable::Failed));
    }

    #[test]
    fn failed_outlives_closed() {
        let gate = gate(1, 1);
        gate.fail();
        gate.close();
        assert_eq!(why(gate.enter(None, 1)), Unavailable::Failed);
    }
}
