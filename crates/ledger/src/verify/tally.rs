//! Counts over a whole log, in the order of its records; the rules of pairing are those of
//! `FORMAT.md` §8.

use std::collections::{BTreeMap, HashMap};

use crate::format::entry::RequestId;
use crate::format::hash::{RunId, TenantTag};
use crate::format::kind::Kind;
use crate::format::record::Record;

/// What is counted of one record.
#[derive(Clone, Copy)]
pub(super) struct Event {
    kind: Kind,
    request: Option<RequestId>,
    run: RunId,
    tenant: Option<TenantTag>,
    pub(super) sequence: u64,
    /// In its segment.
    pub(super) offset: u64,
}

impl Event {
    pub(super) fn of(record: &Record<'_>, offset: u64) -> Self {
        Self {
            kind: record.kind(),
            request: record.request_id(),
            run: record.run_id(),
            tenant: record.tenant_tag(),
            sequence: record.sequence(),
            offset,
        }
    }

    pub(super) fn run(&self) -> RunId {
        self.run
    }
}

/// An intent whose outcome has not come yet.
struct Waiting {
    run: RunId,
    tenant: Option<TenantTag>,
    sequence: u64,
}

/// An outcome whose tenant is not that of its intent.
pub(super) struct OtherTenant;

/// The counts so far.
#[derive(Default)]
pub(super) struct Tally {
    pub(super) runs: u64,
    /// The run that is not over: no close record ends it.
    live_run: Option<RunId>,
    /// By the number of the kind.
    kinds: [u64; Kind::ALL.len()],
    /// Of kinds that are not known, by their number.
    pub(super) skipped: BTreeMap<u16, u64>,
    waiting: HashMap<Option<RequestId>, Waiting>,
    /// Where each tenant's key was destroyed.
    shredded: HashMap<TenantTag, u64>,
    /// Runs of intents whose request's id was taken by a later intent before an outcome came.
    superseded: Vec<RunId>,
    pub(super) outcomes_unannounced: u64,
}

impl Tally {
    pub(super) fn count(&mut self, event: Event) -> Result<(), OtherTenant> {
        let Event { kind, run, .. } = event;
        match self.kinds.get_mut(usize::from(kind.number())) {
            Some(count) => *count += 1,
            None => *self.skipped.entry(kind.number()).or_default() += 1,
        }
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
            Kind::Intent => self.wait(event),
            Kind::Outcome => return self.answer(event),
            Kind::Shred => {
                self.shredded.extend(event.tenant.map(|tenant| (tenant, event.sequence)));
            }
            _ => {}
        }
        Ok(())
    }

    fn wait(&mut self, Event { request, run, tenant, sequence, .. }: Event) {
        let before = self.waiting.insert(request, Waiting { run, tenant, sequence });
        self.superseded.extend(before.map(|before| before.run));
    }

    fn answer(&mut self, event: Event) -> Result<(), OtherTenant> {
        let Some(intent) = self.waiting.remove(&event.request) else {
            self.outcomes_unannounced += 1;
            return Ok(());
        };
        // A tenant whose key was destroyed in between goes by another tag.
        let shredded = intent.tenant.and_then(|tenant| self.shredded.get(&tenant));
        let renamed = shredded.is_some_and(|at| *at > intent.sequence);
        let same = event.tenant == intent.tenant || event.request.is_none();
        if same || renamed { Ok(()) } else { Err(OtherTenant) }
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
        let runs = self.waiting.values().map(|intent| &intent.run).chain(&self.superseded);
        runs.filter(|run| of(**run)).count() as u64
    }
}
