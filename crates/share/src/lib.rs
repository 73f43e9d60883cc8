//! Fair shares of something bounded, such as memory or places in a queue. A [`Pool`] is all there
//! is; a [`Share`] counts what one party holds of it; a [`Permit`] is an amount that is held, and
//! given back when it is dropped.
//!
//! A party may hold as much as it leaves free. Alone it gets half of the pool, beside another that
//! takes what it can a third, and whoever comes next always finds some: no number has to be chosen
//! for each party, and none has to be changed when one is added. (Choudhury and Hahne, "Dynamic
//! queue length thresholds for shared-memory packet switches", 1998.)
//!
//! Nothing waits here: what is not free is refused at once, so no two parties wait for each other.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

/// All there is of something.
#[derive(Debug)]
pub struct Pool {
    most: AtomicU64,
    /// Whether several parties share it.
    shared: AtomicBool,
    taken: AtomicU64,
}

/// What one party holds of a pool.
#[derive(Debug)]
pub struct Share {
    most: AtomicU64,
    taken: AtomicU64,
}

/// An amount that is held. Dropping it gives it back.
#[derive(Debug)]
#[must_use = "a dropped permit gives back what it held"]
pub struct Permit {
    pool: Arc<Pool>,
    share: Option<Arc<Share>>,
    amount: u64,
}

/// Why an amount is not given.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Full {
    /// The party holds its share.
    #[error("the share is used up")]
    Share,
    /// All parties together hold all there is.
    #[error("nothing is left")]
    Pool,
}

impl Pool {
    /// A pool of `most`, of which each party may hold as much as it leaves free.
    pub fn shared(most: u64) -> Arc<Pool> {
        Pool::new(most, true)
    }

    /// A pool of which one party may hold all.
    pub fn undivided(most: u64) -> Arc<Pool> {
        Pool::new(most, false)
    }

    fn new(most: u64, shared: bool) -> Arc<Pool> {
        let (most, shared) = (AtomicU64::new(most), AtomicBool::new(shared));
        Arc::new(Pool { most, shared, taken: AtomicU64::new(0) })
    }

    /// There is another amount from now on. What is held beyond it stays held.
    pub fn resize(&self, most: u64) {
        self.most.store(most, Ordering::Relaxed);
    }

    /// Several parties share it from now on, or one has it alone.
    pub fn set_shared(&self, shared: bool) {
        self.shared.store(shared, Ordering::Relaxed);
    }

    /// Takes an amount for a party; for nobody in particular without a share.
    pub fn take(self: &Arc<Pool>, share: Option<&Arc<Share>>, amount: u64) -> Result<Permit, Full> {
        self.add(share.map(Arc::as_ref), amount)?;
        Ok(Permit { pool: Arc::clone(self), share: share.cloned(), amount })
    }

    /// Takes an amount whether it is free or not, for what may not be refused.
    pub fn take_anyway(self: &Arc<Pool>, share: Option<&Arc<Share>>, amount: u64) -> Permit {
        self.taken.fetch_add(amount, Ordering::Relaxed);
        if let Some(share) = share {
            share.taken.fetch_add(amount, Ordering::Relaxed);
        }
        Permit { pool: Arc::clone(self), share: share.cloned(), amount }
    }

    /// How much is held.
    pub fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    fn add(&self, share: Option<&Share>, amount: u64) -> Result<(), Full> {
        let own = share.map_or(Ok(0), |share| share.add(amount))?;
        let most = self.most.load(Ordering::Relaxed);
        let shared = self.shared.load(Ordering::Relaxed);
        let fits = |taken: u64| {
            let sum = taken.checked_add(amount)?;
            let left = most.checked_sub(sum)?;
            (!shared || own <= left).then_some(sum)
        };
        let added = self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits);
        added.map(drop).map_err(|taken| {
            share.inspect(|share| share.remove(amount));
            let left = most.saturating_sub(taken);
            if amount > left || share.is_none() { Full::Pool } else { Full::Share }
        })
    }

    fn remove(&self, amount: u64) {
        self.taken.fetch_sub(amount, Ordering::Relaxed);
    }
}

impl Share {
    /// A party that may hold `most` at any time, of whatever pool.
    pub fn up_to(most: u64) -> Arc<Share> {
        Arc::new(Share { most: AtomicU64::new(most), taken: AtomicU64::new(0) })
    }

    /// It may hold `most` from now on. What it holds beyond that stays held.
    pub fn limit(&self, most: u64) {
        self.most.store(most, Ordering::Relaxed);
    }

    /// How much it holds.
    pub fn taken(&self) -> u64 {
        self.taken.load(Ordering::Relaxed)
    }

    /// What it holds with `amount`, unless that is too much.
    fn add(&self, amount: u64) -> Result<u64, Full> {
        let most = self.most.load(Ordering::Relaxed);
        let fits = |taken: u64| taken.checked_add(amount).filter(|sum| *sum <= most);
        let before = self.taken.fetch_update(Ordering::Relaxed, Ordering::Relaxed, fits);
        before.map(|taken| taken + amount).map_err(|_| Full::Share)
    }

    fn remove(&self, amount: u64) {
        self.taken.fetch_sub(amount, Ordering::Relaxed);
    }
}

impl Default for Share {
    /// A party that may hold whatever its pool gives.
    fn default() -> Share {
        Share { most: AtomicU64::new(u64::MAX), taken: AtomicU64::new(0) }
    }
}

impl Permit {
    /// Holds `more`, or what it held before.
    pub fn grow(&mut self, more: u64) -> Result<(), Full> {
        self.pool.add(self.share.as_deref(), more)?;
        self.amount += more;
        Ok(())
    }

    /// Gives back `less` of it, or all of it.
    pub fn shrink(&mut self, less: u64) {
        let less = less.min(self.amount);
        self.amount -= less;
        self.pool.remove(less);
        if let Some(share) = &self.share {
            share.remove(less);
        }
    }

    /// How much it holds.
    pub fn amount(&self) -> u64 {
        self.amount
    }
}

impl Drop for Permit {
    fn drop(&mut self) {
        self.shrink(self.amount);
    }
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
mod tests {
    use super::*;

    /// How much a party gets in steps of one.
    fn greedy(pool: &Arc<Pool>, share: &Arc<Share>) -> Vec<Permit> {
        std::iter::from_fn(|| pool.take(Some(share), 1).ok()).collect()
    }

    #[test]
    fn a_party_leaves_as_much_as_it_holds_and_the_next_one_finds_some() {
        let pool = Pool::shared(120);
        let shares: Vec<_> = (0..4).map(|_| Arc::new(Share::default())).collect();
        let first = greedy(&pool, &shares[0]);
        assert_eq!(first.len(), 60);
        assert_eq!(pool.take(Some(&shares[0]), 1).unwrap_err(), Full::Share);
        let others: Vec<_> = shares.iter().skip(1).map(|share| greedy(&pool, share)).collect();
        assert_eq!(others.iter().map(Vec::len).collect::<Vec<_>>(), [30, 15, 7]);
        drop(first);
        assert_eq!((shares[0].taken(), pool.taken()), (0, 52));
        assert_eq!(greedy(&pool, &shares[0]).len(), 34);
    }

    #[test]
    fn a_party_alone_may_have_all() {
        let pool = Pool::undivided(10);
        let share = Arc::new(Share::default());
        let all = greedy(&pool, &share);
        assert_eq!(all.len(), 10);
        assert_eq!(pool.take(Some(&share), 1).unwrap_err(), Full::Pool);
    }

    #[test]
    fn a_cap_of_its_own_holds_whatever_is_free() {
        let (pool, share) = (Pool::undivided(10), Share::up_to(3));
        let _held = greedy(&pool, &share);
        assert_eq!((share.taken(), pool.taken()), (3, 3));
        assert_eq!(pool.take(Some(&share), 1).unwrap_err(), Full::Share);
    }

    #[test]
    fn what_is_refused_leaves_no_trace() {
        let (pool, share) = (Pool::shared(10), Arc::new(Share::default()));
        assert_eq!(pool.take(Some(&share), 11).unwrap_err(), Full::Pool);
        assert_eq!(pool.take(Some(&share), u64::MAX).unwrap_err(), Full::Pool);
        assert_eq!(pool.take(Some(&share), 6).unwrap_err(), Full::Share);
        let mut permit = pool.take(Some(&share), 5).unwrap();
        assert_eq!(permit.grow(1).unwrap_err(), Full::Share);
        assert_eq!((share.taken(), pool.taken(), permit.amount()), (5, 5, 5));
        permit.shrink(2);
        assert_eq!((share.taken(), pool.taken()), (3, 3));
        drop(permit);
        assert_eq!((share.taken(), pool.taken()), (0, 0));
    }

    #[test]
    fn what_may_not_be_refused_is_counted_beyond_the_bound() {
        let (pool, share) = (Pool::shared(4), Arc::new(Share::default()));
        let forced = pool.take_anyway(Some(&share), 9);
        assert_eq!(pool.take(None, 1).unwrap_err(), Full::Pool);
        drop(forced);
        assert!(pool.take(None, 4).is_ok());
    }

    #[test]
    fn the_bound_holds_whatever_the_interleaving() {
        let pool = Pool::shared(90);
        let held: usize = std::thread::scope(|scope| {
            let party = || greedy(&pool, &Arc::new(Share::default()));
            let parties: Vec<_> = (0..4).map(|_| scope.spawn(party)).collect();
            let held: Vec<_> = parties.into_iter().map(|party| party.join().unwrap()).collect();
            held.iter().map(Vec::len).sum()
        });
        assert!(held <= 90, "{held}");
        assert_eq!(pool.taken(), 0);
    }
}
