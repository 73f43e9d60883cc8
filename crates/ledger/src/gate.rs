//! Admission to the appender's queue: how much may wait, and whether the store still takes entries.
//!
//! Counting stands apart from the channel so that an intent can reserve its outcome's place, and an
//! append can fail at once without taking a lock.

use std::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize, Ordering};

use crate::error::Unavailable;

const OPEN: u8 = 0;
const CLOSED: u8 = 1;
const FAILED: u8 = 2;

/// Shared by the callers and the appender.
pub(crate) struct Gate {
    state: AtomicU8,
    /// The disk has too little room for new work; what was begun may still end.
    full: AtomicBool,
    records: AtomicUsize,
    bytes: AtomicUsize,
    max_records: usize,
    max_bytes: usize,
}

impl Gate {
    pub(crate) fn new(max_records: usize, max_bytes: usize) -> Self {
        Self {
            state: AtomicU8::new(OPEN),
            full: AtomicBool::new(false),
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
            _ => Err(Unavailable::Failed),
        }
    }

    /// Whether new work is taken.
    pub(crate) fn check_new(&self) -> Result<(), Unavailable> {
        self.check()?;
        if self.is_full() { Err(Unavailable::DiskFull) } else { Ok(()) }
    }

    pub(crate) fn is_full(&self) -> bool {
        self.full.load(Ordering::Acquire)
    }

    /// Tells whether that changed anything.
    pub(crate) fn set_full(&self, full: bool) -> bool {
        self.full.swap(full, Ordering::AcqRel) != full
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
    fn failed_outlives_closed() {
        let gate = Gate::new(1, 1);
        gate.fail();
        gate.close();
        assert_eq!(gate.enter(1, 1), Err(Unavailable::Failed));
    }
}
