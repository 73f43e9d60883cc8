//! Admission to the appender's queue: how much may wait, whether the store still takes entries, and
//! whether new work is held back while the rest goes on.
//!
//! Counting stands apart from the channel so that an intent can reserve its outcome's place, and an
//! append can fail at once without taking a lock.

use std::sync::atomic::{AtomicU8, AtomicUsize, Ordering};

use crate::error::{Shortage, Unavailable};

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
    /// Whether new work is held back; outcomes, refusals and key events are not.
    work: AtomicU8,
    records: AtomicUsize,
    bytes: AtomicUsize,
    max_records: usize,
    max_bytes: usize,
}

impl Gate {
    pub(crate) fn new(max_records: usize, max_bytes: usize) -> Self {
        Self {
            state: AtomicU8::new(OPEN),
            short_of: AtomicU8::new(ENOUGH),
            work: AtomicU8::new(ADMITTED),
            records: AtomicUsize::new(0),
            bytes: AtomicUsize::new(0),
            max_records,
            max_bytes,
        }
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

    /// Takes `places` in the queue and room for `bytes`, or nothing.
    pub(crate) fn enter(&self, places: usize, bytes: usize) -> Result<(), Unavailable> {
        self.check_new()?;
        take(&self.records, places, self.max_records)?;
        take(&self.bytes, bytes, self.max_bytes).inspect_err(|_| self.free_places(places))
    }

    /// Counts bytes of an entry whose place was reserved; those are never refused.
    pub(crate) fn add_bytes(&self, bytes: usize) {
        self.bytes.fetch_add(bytes, Ordering::Relaxed);
    }

    /// An entry has left the queue.
    pub(crate) fn leave(&self, bytes: usize) {
        self.leave_bytes(bytes);
        self.free_places(1);
    }

    /// Bytes of an entry have left, the entry has not.
    pub(crate) fn leave_bytes(&self, bytes: usize) {
        self.bytes.fetch_sub(bytes, Ordering::Relaxed);
    }

    pub(crate) fn free_places(&self, places: usize) {
        self.records.fetch_sub(places, Ordering::Relaxed);
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

fn take(counter: &AtomicUsize, amount: usize, limit: usize) -> Result<(), Unavailable> {
    counter
        .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |taken| {
            taken.checked_add(amount).filter(|sum| *sum <= limit)
        })
        .map(drop)
        .map_err(|_| Unavailable::QueueFull)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_entry_leaves_no_trace() {
        let gate = Gate::new(2, 10);
        assert_eq!(gate.enter(1, 11), Err(Unavailable::QueueFull));
        assert_eq!(gate.enter(3, 0), Err(Unavailable::QueueFull));
        assert_eq!(gate.enter(2, 10), Ok(()));
        assert_eq!(gate.enter(1, 0), Err(Unavailable::QueueFull));
        gate.leave(10);
        assert_eq!(gate.enter(1, 10), Ok(()));
    }

    #[test]
    fn work_is_held_back_and_nothing_else_and_a_conflict_is_for_good() {
        let gate = Gate::new(4, 10);
        gate.hold_back(true);
        assert_eq!(gate.check_work(), Err(Unavailable::AnchorLag));
        assert_eq!(gate.enter(1, 1), Ok(()));
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
        let gate = Gate::new(1, 1);
        gate.fail();
        gate.close();
        assert_eq!(gate.enter(1, 1), Err(Unavailable::Failed));
    }
}
