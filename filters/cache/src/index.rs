//! Where one tenant's answers stand in the ledger. Nothing of an answer is here: an entry is a
//! pointer of fixed size, so a budget in bytes is a number of entries.
//!
//! `quick_cache` evicts, and remembers some keys it evicted, so that a scan of new questions does
//! not push out those asked again.

use std::sync::{Mutex, MutexGuard, PoisonError};

use quick_cache::UnitWeighter;
use quick_cache::unsync::Cache;

use inferlayer_filter::cached::CacheKey;
use inferlayer_ledger::{Hash, Place};

/// What an entry takes at most, with its place in the table, the keys remembered and the room that
/// both have to grow: measured in `tests/memory.rs`.
pub const ENTRY_BYTES: u64 = 288;

const MICROS: u64 = 1_000_000;

/// One tenant's answers. Locked for each look-up, which is too short to wait for.
pub struct Index(Mutex<Cache<CacheKey, Entry>>);

/// Where an answer stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The place of the outcome's record.
    pub place: Place,
    /// The hash of that record.
    pub record_hash: Hash,
    /// When it was recorded, in microseconds of a clock that no change of the wall clock moves.
    pub time_us: u64,
    /// How long it may be given from then on.
    pub ttl_seconds: u64,
}

impl Index {
    /// An index that takes at most `budget_bytes` of memory, and has room for one entry.
    pub fn new(budget_bytes: u64) -> Index {
        let entries = entries(budget_bytes);
        // It grows as it fills: most tenants have few entries.
        Index(Mutex::new(Cache::with_weighter(1, entries, UnitWeighter)))
    }

    /// Takes at most so much memory from now on.
    pub fn resize(&self, budget_bytes: u64) {
        self.entries().set_capacity(entries(budget_bytes));
    }

    /// The entry of `key`, if it is fresh and not older than `max_age_seconds`.
    pub fn find(&self, key: &CacheKey, now_us: u64, max_age_seconds: Option<u64>) -> Option<Entry> {
        let entry = *self.entries().get(key)?;
        if entry.age_us(now_us) >= entry.ttl_seconds.saturating_mul(MICROS) {
            self.forget(key, &entry);
            return None;
        }
        let limit_us = max_age_seconds.map_or(u64::MAX, |age| age.saturating_mul(MICROS));
        (entry.age_us(now_us) <= limit_us).then_some(entry)
    }

    /// Keeps an answer, in place of an older one to the same question.
    pub fn keep(&self, key: CacheKey, entry: Entry) {
        self.entries().insert(key, entry);
    }

    /// Drops `entry`, unless another has taken its place.
    pub fn forget(&self, key: &CacheKey, entry: &Entry) {
        self.entries().remove_if(key, |kept| kept == entry);
    }

    /// How many answers are kept.
    #[expect(clippy::len_without_is_empty, reason = "nobody asks")]
    pub fn len(&self) -> usize {
        self.entries().len()
    }

    fn entries(&self) -> MutexGuard<'_, Cache<CacheKey, Entry>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// How many entries such a budget has room for.
fn entries(budget_bytes: u64) -> u64 {
    (budget_bytes / ENTRY_BYTES).max(1)
}

impl Entry {
    /// Whole seconds since the answer was recorded.
    pub fn age_seconds(&self, now_us: u64) -> u64 {
        self.age_us(now_us) / MICROS
    }

    fn age_us(&self, now_us: u64) -> u64 {
        now_us.saturating_sub(self.time_us)
    }
}
