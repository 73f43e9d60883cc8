//! An outcome held against its intent: whose it is, and whether its cost is what its records come
//! to.

use std::collections::{BTreeMap, HashMap};

use inferlayer_ledger::{RunId, Segment};
use inferlayer_records::{Charged, NanoUsd, Quote, TenantName, Total};
use serde::Serialize;

use crate::books::Books;
use crate::contradiction::{Contradictions, Verdict};
use crate::costs;
use crate::reading;

/// What an intent says that its outcome must agree with.
pub(crate) struct Intent {
    pub(crate) tenant: TenantName,
    /// The budgets it counts against; none in records of older writers.
    pub(crate) charged: Vec<Charged<'static>>,
    /// `None` when only a snapshot tells of it.
    pub(crate) asked: Option<Asked>,
}

pub(crate) struct Asked {
    pub(crate) key: Option<Box<str>>,
    pub(crate) candidates: Vec<Box<str>>,
    /// Of each candidate; none in records of older writers.
    pub(crate) quotes: Vec<Quote>,
}

/// Amounts by what could be done with them.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Intents whose hold was computed again.
    pub holds: u64,
    /// Outcomes whose cost was computed again.
    pub costs: u64,
    /// Their charges by basis.
    pub charges: BTreeMap<&'static str, u64>,
    /// Outcomes of older writers, which do not say how their cost came about.
    pub costs_unexplained: u64,
    /// What these cost.
    #[serde(rename = "unexplained_nano_usd")]
    pub unexplained: Total,
    /// Prices of a price book that the log does not have, as it began before what is there.
    pub prices_not_shown: u64,
}

/// Whether a run's intents have quotes: the first record of either kind.
#[derive(Default)]
pub(crate) struct Quoting(HashMap<RunId, [Option<u64>; 2]>);

/// Where amounts are judged.
pub(crate) struct Judge<'a> {
    pub(crate) segment: Segment,
    pub(crate) books: &'a mut Books,
    pub(crate) tally: &'a mut Tally,
    pub(crate) found: &'a mut Contradictions,
}

impl Judge<'_> {
    /// An intent on its own.
    pub(crate) fn intent(&mut self, intent: &reading::Intent, sequence: u64) {
        if intent.quotes.is_empty() {
            return;
        }
        self.tally.holds += 1;
        let wrongs = costs::of_intent(intent, sequence, self.books);
        self.add(Verdict::Cost, sequence, wrongs);
    }

    /// An outcome, and the intent that it answers, if there is one.
    pub(crate) fn outcome(
        &mut self,
        outcome: &reading::Outcome,
        sequence: u64,
        intent: Option<&Intent>,
    ) {
        if let Some(intent) = intent {
            self.add(Verdict::Owner, sequence, disagreements(outcome, intent));
        }
        let asked = intent.and_then(|intent| intent.asked.as_ref());
        let quoted = asked.filter(|asked| !asked.quotes.is_empty());
        if quoted.is_none() && outcome.charges.is_empty() {
            return self.unexplained(outcome.cost_nano_usd);
        }
        if asked.is_some() && quoted.is_none() {
            let what = "it has charges, and its intent has no quotes".to_owned();
            return self.add(Verdict::Cost, sequence, vec![what]);
        }
        self.tally.costs += 1;
        for charge in &outcome.charges {
            *self.tally.charges.entry(charge.basis.name()).or_default() += 1;
        }
        let quoted = quoted.map(|asked| (&*asked.candidates, &*asked.quotes));
        let wrongs = costs::of_outcome(outcome, sequence, quoted, self.books);
        self.add(Verdict::Cost, sequence, wrongs);
    }

    fn unexplained(&mut self, cost: NanoUsd) {
        if cost > NanoUsd::ZERO {
            self.tally.costs_unexplained += 1;
            let sum = self.tally.unexplained.plus(cost.into());
            self.tally.unexplained = sum.unwrap_or(self.tally.unexplained);
        }
    }

    fn add(&mut self, verdict: Verdict, sequence: u64, wrongs: Vec<String>) {
        for what in wrongs {
            self.found.add(verdict, (self.segment, sequence), what);
        }
    }
}

fn disagreements(outcome: &reading::Outcome, intent: &Intent) -> Vec<String> {
    let mut wrongs = Vec::new();
    if outcome.tenant != intent.tenant {
        wrongs
            .push(format!("the outcome is of {}, its intent of {}", outcome.tenant, intent.tenant));
    }
    if !intent.charged.is_empty() && outcome.charged != intent.charged {
        wrongs.push("the outcome is charged to other budgets than its intent".to_owned());
    }
    if intent.asked.as_ref().is_some_and(|asked| outcome.key != asked.key) {
        wrongs.push("the outcome names another key than its intent".to_owned());
    }
    wrongs
}

impl Quoting {
    pub(crate) fn intent(&mut self, run: RunId, sequence: u64, has_quotes: bool) {
        let [without, with] = self.0.entry(run).or_default();
        let first = if has_quotes { with } else { without };
        first.get_or_insert(sequence);
    }

    /// Takes a later segment's; answers a run's first intent that is unlike those before it.
    pub(crate) fn join(&mut self, later: Quoting) -> Vec<u64> {
        let mut unlike = Vec::new();
        for (run, [without, with]) in later.0 {
            let ours = self.0.entry(run).or_default();
            let was_mixed = ours.iter().all(Option::is_some);
            let [a, b] = *ours;
            *ours = [a.or(without), b.or(with)];
            if let ([Some(a), Some(b)], false) = (*ours, was_mixed) {
                unlike.push(a.max(b));
            }
        }
        unlike
    }
}

impl Tally {
    pub(crate) fn add(&mut self, other: Tally) {
        self.holds += other.holds;
        self.costs += other.costs;
        for (basis, count) in other.charges {
            *self.charges.entry(basis).or_default() += count;
        }
        self.costs_unexplained += other.costs_unexplained;
        self.unexplained = self.unexplained.plus(other.unexplained).unwrap_or(self.unexplained);
        self.prices_not_shown += other.prices_not_shown;
    }
}
