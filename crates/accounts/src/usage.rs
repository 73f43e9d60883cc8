//! What a tenant uses of what all tenants share: requests at once, memory for bodies, room on the
//! disk. Each is bounded by what the tenant leaves to others ([`inferlayer_share`]) and by a number
//! of its own where the configuration has one.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{SystemTime, UNIX_EPOCH};

use inferlayer_ledger::{Record, TenantTag};
use inferlayer_share::{Full, Permit, Pool, Share};

use crate::settings::TenantLimits;
use crate::turn::{TurnQueue, Turns};

/// What there is for all tenants together.
#[derive(Clone, Copy, Debug)]
pub struct Totals {
    /// Requests at once.
    pub parallel_requests: u64,
    /// Bytes of request bodies that are read or held.
    pub bodies_bytes: u64,
    /// Threads that serve requests, about as many as processors.
    pub threads: usize,
}

/// More would be stored for a tenant today than it may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{stored} bytes of today are stored")]
pub struct OverStored {
    /// What is stored.
    pub stored: u64,
    /// Seconds until the day ends, by UTC.
    pub left_seconds: u64,
}

/// Bytes that the records of a day take, by tenant, folded while records are replayed.
pub struct StoredToday {
    day: u64,
    bytes: HashMap<TenantTag, u64>,
}

/// What there is, for those who take of it.
#[derive(Clone)]
pub(crate) struct Pools {
    requests: Arc<Pool>,
    bodies: Arc<Pool>,
    turns: Turns,
    /// Several tenants share the disk.
    shared: Arc<AtomicBool>,
}

/// What one tenant uses.
pub(crate) struct Usage {
    pools: Pools,
    pub(crate) requests: Arc<Share>,
    pub(crate) bodies: Arc<Share>,
    pub(crate) turns: TurnQueue,
    stored: Mutex<Stored>,
    stored_most: AtomicU64,
}

#[derive(Default)]
struct Stored {
    day: u64,
    bytes: u64,
}

const DAY_SECONDS: u64 = 86_400;

impl Default for Totals {
    fn default() -> Totals {
        Totals { parallel_requests: 16_384, bodies_bytes: 512 * 1024 * 1024, threads: 2 }
    }
}

impl Pools {
    /// For one tenant, until more are known.
    pub(crate) fn new(totals: Totals) -> Pools {
        Pools {
            requests: Pool::undivided(totals.parallel_requests),
            bodies: Pool::undivided(totals.bodies_bytes),
            turns: Turns::new(totals.threads),
            shared: Arc::default(),
        }
    }

    /// Another configuration has other totals, and so many tenants. The threads stay.
    pub(crate) fn adopt(&self, totals: Totals, tenants: usize) {
        let shared = tenants > 1;
        for (pool, most) in
            [(&self.requests, totals.parallel_requests), (&self.bodies, totals.bodies_bytes)]
        {
            pool.resize(most);
            pool.set_shared(shared);
        }
        self.shared.store(shared, Ordering::Relaxed);
    }
}

impl Usage {
    pub(crate) fn new(pools: &Pools, limits: &TenantLimits) -> Usage {
        let usage = Usage {
            pools: pools.clone(),
            requests: Arc::default(),
            bodies: Arc::default(),
            turns: pools.turns.queue(),
            stored: Mutex::default(),
            stored_most: AtomicU64::default(),
        };
        usage.adopt(limits);
        usage
    }

    /// Another configuration has other limits. What is held beyond them stays held.
    pub(crate) fn adopt(&self, limits: &TenantLimits) {
        let most = |limit: Option<u64>| limit.unwrap_or(u64::MAX);
        self.requests.limit(most(limits.parallel_requests));
        self.bodies.limit(most(limits.bodies_bytes));
        self.stored_most.store(most(limits.stored_bytes_per_day), Ordering::Relaxed);
    }

    pub(crate) fn admit(&self) -> Result<Permit, Full> {
        self.pools.requests.take(Some(&self.requests), 1)
    }

    pub(crate) fn room(&self, bytes: u64) -> Result<Permit, Full> {
        self.pools.bodies.take(Some(&self.bodies), bytes)
    }

    /// Counts bytes that are about to be stored, unless that is too much: more than the tenant may
    /// have in a day, or more than it would leave of `spare_bytes` on the disk.
    pub(crate) fn store(&self, bytes: u64, spare_bytes: u64, now: u64) -> Result<(), OverStored> {
        let mut stored = self.of_today(now);
        let sum = stored.bytes.saturating_add(bytes);
        let left = spare_bytes.saturating_sub(bytes);
        let is_shared = self.pools.shared.load(Ordering::Relaxed);
        if sum > self.stored_most.load(Ordering::Relaxed) || (is_shared && sum > left) {
            let left_seconds = DAY_SECONDS - now % DAY_SECONDS;
            return Err(OverStored { stored: stored.bytes, left_seconds });
        }
        stored.bytes = sum;
        Ok(())
    }

    /// Counts bytes that may not be refused any more.
    pub(crate) fn store_anyway(&self, bytes: u64, now: u64) {
        let mut stored = self.of_today(now);
        stored.bytes = stored.bytes.saturating_add(bytes);
    }

    /// Takes back what was counted and not stored.
    pub(crate) fn forget_stored(&self, bytes: u64, now: u64) {
        let mut stored = self.of_today(now);
        stored.bytes = stored.bytes.saturating_sub(bytes);
    }

    pub(crate) fn stored(&self, now: u64) -> u64 {
        self.of_today(now).bytes
    }

    /// Two numbers cannot be half changed in a way that matters, so a poisoned lock is still true.
    fn of_today(&self, now: u64) -> MutexGuard<'_, Stored> {
        let mut stored = self.stored.lock().unwrap_or_else(PoisonError::into_inner);
        let day = now / DAY_SECONDS;
        if stored.day != day {
            *stored = Stored { day, bytes: 0 };
        }
        stored
    }
}

impl StoredToday {
    /// Nothing of the day that it is at `now`, in Unix seconds.
    pub fn at(now: u64) -> StoredToday {
        StoredToday { day: now / DAY_SECONDS, bytes: HashMap::new() }
    }

    /// Takes the next record.
    pub fn record(&mut self, record: &Record<'_>) {
        let day = record.time_us() / (DAY_SECONDS * 1_000_000);
        let Some(tag) = record.tenant_tag().filter(|_| day == self.day) else { return };
        *self.bytes.entry(tag).or_default() += record.disk_bytes();
    }

    /// What was stored under this tag.
    pub(crate) fn of(&self, tag: TenantTag) -> u64 {
        self.bytes.get(&tag).copied().unwrap_or_default()
    }

    /// The first second of the day.
    pub(crate) fn begin(&self) -> u64 {
        self.day * DAY_SECONDS
    }
}

/// Seconds since 1970, by the system's clock.
pub fn unix_seconds() -> u64 {
    SystemTime::now().duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs())
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOON: u64 = 20_000 * DAY_SECONDS + DAY_SECONDS / 2;

    fn usage(tenants: usize, limits: TenantLimits) -> Usage {
        let pools = Pools::new(Totals::default());
        pools.adopt(Totals::default(), tenants);
        Usage::new(&pools, &limits)
    }

    #[test]
    fn a_day_s_bytes_are_bounded_and_the_next_day_begins_anew() {
        let most = TenantLimits { stored_bytes_per_day: Some(100), ..TenantLimits::default() };
        let usage = usage(1, most);
        assert_eq!(usage.store(60, u64::MAX, NOON), Ok(()));
        let refused = usage.store(41, u64::MAX, NOON).unwrap_err();
        assert_eq!(refused, OverStored { stored: 60, left_seconds: DAY_SECONDS / 2 });
        assert_eq!(usage.store(40, u64::MAX, NOON), Ok(()));
        usage.store_anyway(7, NOON);
        assert_eq!(usage.stored(NOON), 107);
        assert_eq!(usage.store(100, u64::MAX, NOON + DAY_SECONDS), Ok(()));
    }

    #[test]
    fn without_a_number_a_tenant_leaves_as_much_of_the_disk_as_it_took_today() {
        let several = usage(2, TenantLimits::default());
        assert_eq!(several.store(50, 100, NOON), Ok(()));
        assert!(several.store(1, 50, NOON).is_err());
        assert_eq!(several.store(1, 500, NOON), Ok(()));
        let alone = usage(1, TenantLimits::default());
        assert_eq!(alone.store(90, 100, NOON), Ok(()));
    }

    #[test]
    fn requests_at_once_are_bounded_by_a_number_and_by_what_is_left_to_others() {
        let limits = TenantLimits { parallel_requests: Some(1), ..TenantLimits::default() };
        let capped = usage(1, limits);
        let held = capped.admit().unwrap();
        assert_eq!(capped.admit().unwrap_err(), Full::Share);
        drop(held);
        assert!(capped.admit().is_ok());

        let totals = Totals { parallel_requests: 4, bodies_bytes: 10, threads: 2 };
        let pools = Pools::new(totals);
        pools.adopt(totals, 2);
        let [one, other] = [(); 2].map(|()| Usage::new(&pools, &TenantLimits::default()));
        let _held = [one.admit().unwrap(), one.admit().unwrap()];
        assert_eq!(one.admit().unwrap_err(), Full::Share);
        assert!(other.admit().is_ok());
        assert_eq!(one.room(11).unwrap_err(), Full::Pool);
        assert_eq!(one.room(6).unwrap_err(), Full::Share);
        assert!(one.room(5).is_ok());
    }
}
