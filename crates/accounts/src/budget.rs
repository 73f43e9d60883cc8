//! Hold before spend. A [`Hold`] is a promise that an inference's worst case still fits its budget;
//! it exists only while its request does. The invariant, for any number of callers at once:
//!
//! ```text
//! spent + Σ holds ≤ limit    at every admission
//! ```
//!
//! A hold ends in exactly one way: settled at what the call cost, or dropped. Dropped before any
//! provider was told of the request it costs nothing; dropped after, it costs all that was held,
//! because nobody knows what the provider will bill.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use inferlayer_records::NanoUsd;

/// A limit and what stands against it. Decided in memory; folded from records at start. It lives as
/// long as the process: another configuration gives it another limit, and what is held stays held.
pub struct Budget(Mutex<Limited>);

struct Limited {
    limit: NanoUsd,
    account: Account,
}

/// What stands against a budget.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Account {
    /// Settled, for good.
    pub spent: NanoUsd,
    /// Promised to calls that are under way.
    pub held: NanoUsd,
}

/// The worst case does not fit what is left.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the call could cost {asked} USD and {left} USD of the budget is free")]
pub struct OverBudget {
    /// The worst case of the call.
    pub asked: NanoUsd,
    /// Neither spent nor held.
    pub left: NanoUsd,
}

/// Proof that a call's worst case fits its budget. Only [`Budget::hold`] makes one.
#[must_use = "a dropped hold releases the money it promised"]
pub struct Hold {
    budget: Arc<Budget>,
    amount: NanoUsd,
    exposed: bool,
}

impl Budget {
    pub(crate) fn new(limit: NanoUsd, spent: NanoUsd) -> Arc<Budget> {
        let account = Account { spent, held: NanoUsd::ZERO };
        Arc::new(Budget(Mutex::new(Limited { limit, account })))
    }

    /// Another limit from now on. It may be below what is spent: then nothing is admitted.
    pub(crate) fn set_limit(&self, limit: NanoUsd) {
        self.lock().limit = limit;
    }

    /// Holds `worst_case`, or says that it does not fit.
    pub(crate) fn hold(self: &Arc<Budget>, worst_case: NanoUsd) -> Result<Hold, OverBudget> {
        self.take(worst_case)?;
        Ok(Hold { budget: Arc::clone(self), amount: worst_case, exposed: false })
    }

    /// The limit, in nano-dollars.
    pub fn limit(&self) -> NanoUsd {
        self.lock().limit
    }

    /// What stands against the limit now.
    pub fn account(&self) -> Account {
        self.lock().account
    }

    fn take(&self, asked: NanoUsd) -> Result<(), OverBudget> {
        let mut limited = self.lock();
        let Limited { limit, account } = &mut *limited;
        let left = limit.saturating_sub(account.spent).saturating_sub(account.held);
        if asked > left {
            return Err(OverBudget { asked, left });
        }
        account.held = account.held.saturating_add(asked);
        Ok(())
    }

    fn give_back(&self, held: NanoUsd, cost: NanoUsd) {
        let account = &mut self.lock().account;
        account.held = account.held.saturating_sub(held);
        account.spent = account.spent.saturating_add(cost);
    }

    // Two additions cannot leave the account half changed, so a poisoned lock is still true.
    fn lock(&self) -> MutexGuard<'_, Limited> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Hold {
    /// All that is held, in nano-dollars.
    pub fn amount(&self) -> NanoUsd {
        self.amount
    }

    /// From here on a provider may bill for this call: said before the first request byte leaves.
    pub fn expose(&mut self) {
        self.exposed = true;
    }

    /// Whether a provider may bill for this call.
    pub fn is_exposed(&self) -> bool {
        self.exposed
    }

    /// Holds more, for an attempt after one that may be billed.
    pub fn extend(&mut self, more: NanoUsd) -> Result<(), OverBudget> {
        self.budget.take(more)?;
        self.amount = self.amount.saturating_add(more);
        Ok(())
    }

    /// Ends the hold at what the call cost.
    pub fn settle(mut self, cost: NanoUsd) {
        self.budget.give_back(std::mem::take(&mut self.amount), cost);
        self.exposed = false;
    }
}

impl Drop for Hold {
    fn drop(&mut self) {
        let cost = if self.exposed { self.amount } else { NanoUsd::ZERO };
        self.budget.give_back(self.amount, cost);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const USD: fn(u64) -> NanoUsd = NanoUsd::from_nano;

    #[test]
    fn settles_at_the_cost_and_frees_the_rest() {
        let budget = Budget::new(USD(100), USD(10));
        budget.hold(USD(90)).unwrap().settle(USD(7));
        assert_eq!(budget.account(), Account { spent: USD(17), held: USD(0) });
    }

    #[test]
    fn refuses_what_does_not_fit_and_says_what_is_left() {
        let budget = Budget::new(USD(100), USD(0));
        let _held = budget.hold(USD(60)).unwrap();
        let refused = budget.hold(USD(41)).map(drop).unwrap_err();
        assert_eq!(refused, OverBudget { asked: USD(41), left: USD(40) });
        let _fits = budget.hold(USD(40)).unwrap();
    }

    #[test]
    fn a_dropped_hold_costs_nothing_until_a_provider_may_bill() {
        let budget = Budget::new(USD(100), USD(0));
        drop(budget.hold(USD(60)).unwrap());
        assert_eq!(budget.account(), Account::default());

        let mut hold = budget.hold(USD(60)).unwrap();
        hold.expose();
        drop(hold);
        assert_eq!(budget.account(), Account { spent: USD(60), held: USD(0) });
    }

    #[test]
    fn another_limit_counts_at_once_and_what_is_held_stays_held() {
        let budget = Budget::new(USD(100), USD(0));
        let hold = budget.hold(USD(60)).unwrap();
        budget.set_limit(USD(50));
        assert_eq!(budget.hold(USD(1)).map(drop).unwrap_err().left, USD(0));
        hold.settle(USD(20));
        budget.hold(USD(30)).unwrap().settle(USD(30));
        budget.set_limit(USD(200));
        assert!(budget.hold(USD(150)).is_ok());
    }

    #[test]
    fn an_extension_is_refused_whole_or_held_whole() {
        let budget = Budget::new(USD(100), USD(0));
        let mut hold = budget.hold(USD(60)).unwrap();
        assert!(hold.extend(USD(41)).is_err());
        assert_eq!(hold.amount(), USD(60));
        hold.extend(USD(40)).unwrap();
        hold.settle(USD(100));
        assert_eq!(budget.account(), Account { spent: USD(100), held: USD(0) });
    }

    #[test]
    fn admits_at_most_the_limit_whatever_the_interleaving() {
        let budget = Budget::new(USD(20), USD(0));
        let admitted: usize = std::thread::scope(|scope| {
            let caller = || {
                let holds: Vec<_> = (0..50).filter_map(|_| budget.hold(USD(1)).ok()).collect();
                let count = holds.len();
                holds.into_iter().for_each(|hold| hold.settle(USD(1)));
                count
            };
            let threads: Vec<_> = (0..4).map(|_| scope.spawn(caller)).collect();
            threads.into_iter().map(|thread| thread.join().unwrap()).sum()
        });
        assert_eq!(admitted, 20);
        assert_eq!(budget.account(), Account { spent: USD(20), held: USD(0) });
    }
}
