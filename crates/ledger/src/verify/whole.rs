//! The parts joined in order: whether each follows the one before, and what they say together.

use std::collections::{BTreeMap, HashSet};
use std::sync::mpsc::Receiver;

use super::admission::Admission;
use super::evidence::Evidence;
use super::part::{Part, Reach};
use super::report::{Compared, Report};
use super::seen::Seen;
use super::standing::Judge;
use super::tally::Tally;
use crate::format::damage::{Damage, Fault, ReadError};
use crate::format::hash::RunId;
use crate::format::segment::Segment;
use crate::log::Log;
use crate::log::trust::Trust;
use crate::walk::beginnings::Beginnings;
use crate::walk::scope::{Depth, Scope};

/// A segment's place among all, and what was found of it by the verifier and its companion.
pub(super) type Numbered<P> = (usize, (Part, P));

/// What the parts so far say.
#[derive(Default)]
pub(super) struct Whole {
    /// As the log was before its first record.
    began: Option<Log>,
    reach: Option<Reach>,
    segments: u64,
    commits: u64,
    tally: Tally,
    runs: HashSet<RunId>,
    first_time_us: Option<u64>,
    unacknowledged_bytes: u64,
    seen: Seen,
    beginnings: Beginnings,
    admissions: Vec<Admission>,
    missing: Vec<Fault>,
}

impl Whole {
    /// Takes the parts as they come, each when all before it are there.
    pub(super) fn take_in_order<P>(
        &mut self,
        parts: Receiver<Numbered<P>>,
        join: &mut dyn FnMut(P),
    ) -> Result<(), ReadError> {
        let mut early = BTreeMap::new();
        let mut next = 0;
        for (index, part) in parts {
            early.insert(index, part);
            while let Some(part) = early.remove(&next) {
                let (part, read) = part;
                self.take(part)?;
                join(read);
                next += 1;
            }
        }
        Ok(())
    }

    fn take(&mut self, part: Part) -> Result<(), ReadError> {
        let Part { segment, events, opened, beginnings, .. } = &part;
        if let Some(before) = &self.reach {
            part.follows(before)?;
        }
        let again = opened.iter().find(|(run, _)| !self.runs.insert(*run));
        let other = events.iter().find(|event| self.tally.count(**event).is_err()).map(|event| {
            let (offset, sequence, what) = (event.offset, event.sequence, Damage::OtherTenant);
            Fault { segment: *segment, offset, sequence, what }
        });
        let misplaced = self.beginnings.join(beginnings.clone());
        let faults = [again.map(|(_, fault)| fault.clone()), other, misplaced];
        earliest(faults.into_iter().flatten(), part.stop)?;
        self.segments += 1;
        self.commits += part.commits;
        self.first_time_us = self.first_time_us.or(part.first_time_us);
        self.unacknowledged_bytes = part.tail.map_or(0, |tail| tail.unacknowledged_bytes);
        self.seen.join(part.seen);
        self.admissions.extend(part.admissions);
        self.missing.extend(part.missing);
        if let (None, Some(reach)) = (&self.began, &part.log) {
            self.began = Some(reach.began.clone());
        }
        self.reach = part.log.or(self.reach.take());
        Ok(())
    }

    /// What it all comes to.
    pub(super) fn judge(
        mut self,
        scope: &Scope,
        trust: &Trust,
        evidence: &[Evidence],
    ) -> Result<Report, ReadError> {
        let Some(Reach { ended: log, .. }) = &self.reach else {
            let segment = Segment(0);
            return Err(Fault { segment, offset: 0, sequence: 0, what: Damage::Empty }.into());
        };
        let began = self.began.as_ref().unwrap_or(log);
        log.judge(scope.first, trust, began)?;
        self.beginnings.judge(scope.first)?;
        log.judge_missing(&self.missing)?;
        self.admissions.splice(0..0, Admission::claimed(began));
        let judge = Judge { log, first: scope.first, seen: &self.seen };
        let compared = Compared::all(evidence, &judge, &mut self.admissions);
        let (complete_to, complete_time_us) = compared.furthest(&self.seen);
        let (head, key) = (log.chain.head(), trust.key().unwrap_or(log.key()));
        Ok(Report {
            key: key.to_string(),
            key_on_first_use: trust.key().is_none(),
            keys: log.story.keys().rev().map(|(key, _)| key.to_string()).collect(),
            log_id: log.chain.log_id().to_string(),
            first_sequence: scope.first.0,
            chain_only: scope.depth == Depth::Chain,
            records: head.size,
            root: head.root.to_string(),
            commits: self.commits,
            segments: self.segments,
            runs: self.tally.runs,
            intents_cut: self.tally.intents_cut(),
            intents_open: self.tally.intents_open(),
            outcomes_unannounced: self.tally.outcomes_unannounced,
            kinds: self.tally.kinds(),
            skipped: self.tally.skipped,
            unacknowledged_bytes: self.unacknowledged_bytes,
            first_time_us: self.first_time_us.unwrap_or(0),
            last_time_us: log.chain.time_us(),
            admissions: self.admissions,
            evidence: compared,
            complete_to,
            complete_time_us,
        })
    }
}

/// The first of the faults, unless reading stopped before.
fn earliest(faults: impl Iterator<Item = Fault>, stop: Option<ReadError>) -> Result<(), ReadError> {
    let first = faults.min_by_key(|fault| fault.offset);
    match (first, stop) {
        (Some(first), Some(ReadError::Fault(stop))) if stop.offset <= first.offset => {
            Err(stop.into())
        }
        (Some(first), _) => Err(first.into()),
        (None, stop) => stop.map_or(Ok(()), Err),
    }
}
