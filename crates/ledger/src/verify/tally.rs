//! Counts over a whole log, in the order of its records; the rules of pairing are those of
//! `FORMAT.md` §8.

use std::collections::{BTreeMap, HashMap};

use crate::format::entry::{Kind, RequestId};
use crate::format::hash::RunId;
use crate::format::record::Record;

/// What is counted of one record.
#[derive(Clone, Copy)]
pub(super) struct Event {
    kind: Kind,
    request: Option<RequestId>,
    run: RunId,
}

impl Event {
    pub(super) fn of(record: &Record<'_>) -> Self {
        Self { kind: record.kind(), request: record.request_id(), run: record.run_id() }
    }
}

/// The counts so far.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) runs: u64,
    /// The run that is not over: no close record ends it.
    live_run: Option<RunId>,
    /// By the number of the kind.
    kinds: [u64; Kind::ALL.len()],
    /// Intents whose outcome has not come yet, with their run.
    waiting: HashMap<Option<RequestId>, RunId>,
    /// Runs of intents whose request's id was taken by a later intent before an outcome came.
    superseded: Vec<RunId>,
    pub(super) outcomes_unannounced: u64,
}

impl Tally {
    pub(super) fn count(&mut self, event: Event) {
        let Event { kind, request, run } = event;
        self.kinds.get_mut(kind as usize).into_iter().for_each(|count| *count += 1);
        match kind {
            Kind::Open => {
                self.runs += 1;
                self.live_run = Some(run);
            }
            // A log that was cut by retention begins inside of a run.
            Kind::Snapshot if self.live_run.is_none() => {
                self.runs += 1;
                self.live_run = Some(run);
            }
            Kind::Close => self.live_run = None,
            Kind::Intent => self.superseded.extend(self.waiting.insert(request, run)),
            Kind::Outcome => {
                let announced = self.waiting.remove(&request).is_some();
                self.outcomes_unannounced += u64::from(!announced);
            }
            _ => {}
        }
    }

    /// Records by kind, of the kinds that there are.
    pub(super) fn kinds(&self) -> BTreeMap<&'static str, u64> {
        let counted = Kind::ALL.iter().zip(self.kinds).filter(|(_, count)| *count > 0);
        counted.map(|((_, name), count)| (*name, count)).collect()
    }

    /// Intents without outcome in runs that are over.
    pub(super) fn intents_cut(&self) -> u64 {
        self.unanswered(|run| Some(run) != self.live_run)
    }

    /// Intents without outcome in the run that is not over.
    pub(super) fn intents_open(&self) -> u64 {
        self.unanswered(|run| Some(run) == self.live_run)
    }

    fn unanswered(&self, of: impl Fn(RunId) -> bool) -> u64 {
        let runs = self.waiting.values().chain(&self.superseded);
        runs.filter(|run| of(**run)).count() as u64
    }
}
