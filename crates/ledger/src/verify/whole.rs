//! The parts joined in order: whether each follows the one before, and what they say together.

use std::collections::{BTreeMap, HashSet};
use std::sync::mpsc::Receiver;

use super::Report;
use super::evidence::{Evidence, Found};
use super::part::{Part, Reach};
use super::tally::Tally;
use crate::error::ReadError;
use crate::format::hash::RunId;
use crate::log::Log;
use crate::log::trust::Trust;
use crate::storage::Segment;
use crate::walk::damage::{Damage, Fault};
use crate::walk::scope::{Depth, Scope};

/// A segment's place among all, and what was found of it by the verifier and its companion.
pub(super) type Numbered<P> = (usize, Result<(Part, P), ReadError>);

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
    found: Vec<Found>,
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
                let (part, read) = part?;
                self.take(part)?;
                join(read);
                next += 1;
            }
        }
        Ok(())
    }

    fn take(&mut self, part: Part) -> Result<(), Fault> {
        if let Some(before) = &self.reach {
            part.follows(before)?;
        }
        for (run, fault) in part.opened {
            if !self.runs.insert(run) {
                return Err(fault);
            }
        }
        part.events.into_iter().for_each(|event| self.tally.count(event));
        self.segments += 1;
        self.commits += part.commits;
        self.first_time_us = self.first_time_us.or(part.first_time_us);
        self.unacknowledged_bytes = part.tail.map_or(0, |tail| tail.unacknowledged_bytes);
        self.found.extend(part.found);
        self.missing.extend(part.missing);
        if let (None, Some(reach)) = (&self.began, &part.log) {
            self.began = Some(reach.began.clone());
        }
        self.reach = part.log.or(self.reach.take());
        Ok(())
    }

    /// What it all comes to.
    pub(super) fn judge(
        self,
        scope: &Scope,
        trust: &Trust,
        evidence: &[Evidence],
    ) -> Result<Report, ReadError> {
        let Some(Reach { ended: log, .. }) = &self.reach else {
            let segment = Segment(0);
            return Err(Fault { segment, offset: 0, sequence: 0, what: Damage::Empty }.into());
        };
        log.judge(scope.first, trust, self.began.as_ref().unwrap_or(log))?;
        log.judge_missing(&self.missing)?;
        for one in evidence {
            one.judge(log, &self.found)
                .map_err(|what| ReadError::Evidence { held_by: one.source.clone(), what })?;
        }
        let (complete_to, complete_time_us) = Found::furthest(&self.found).unwrap_or_default();
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
            unacknowledged_bytes: self.unacknowledged_bytes,
            first_time_us: self.first_time_us.unwrap_or(0),
            last_time_us: log.chain.time_us(),
            evidence: evidence.len(),
            complete_to,
            complete_time_us,
        })
    }
}
