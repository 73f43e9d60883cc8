//! One segment, verified on its own: its snapshot tells what stands before it, and whether that is
//! so is judged when the segment before is done.

use std::sync::Arc;

use super::evidence::{Evidence, Found};
use super::tally::Event;
use crate::error::ReadError;
use crate::format::hash::RunId;
use crate::format::record::Record;
use crate::log::Log;
use crate::log::trust::Trust;
use crate::storage::{Segment, Storage};
use crate::walk::damage::{Damage, Fault};
use crate::walk::scope::Scope;
use crate::walk::{Tail, Walker};

/// What a segment that holds says.
pub(super) struct Part {
    pub(super) segment: Segment,
    /// `None` in an empty last segment.
    pub(super) log: Option<Reach>,
    pub(super) commits: u64,
    pub(super) events: Vec<Event>,
    /// Runs that open here, with the place of their records.
    pub(super) opened: Vec<(RunId, Fault)>,
    pub(super) first_time_us: Option<u64>,
    pub(super) tail: Option<Tail>,
    pub(super) found: Vec<Found>,
    /// The record whose content is missing.
    pub(super) missing: Vec<Fault>,
}

/// The log before a segment, as its snapshot states it, and behind it.
pub(super) struct Reach {
    pub(super) began: Log,
    pub(super) ended: Log,
    first_run: RunId,
    pub(super) last_run: Option<RunId>,
}

impl Part {
    /// Verifies the one segment of `scope`, and shows its records to `see`.
    pub(super) fn verify(
        storage: &Arc<dyn Storage>,
        scope: Scope,
        evidence: &[Evidence],
        read: &(dyn Fn(u64) + Sync),
        see: &mut dyn FnMut(&Record<'_>),
    ) -> Result<Self, ReadError> {
        let segment = scope.segments.first().copied().unwrap_or(Segment(0));
        // Trust and the log's beginning are questions to the whole log.
        let mut walker = Walker::over(Arc::clone(storage), Trust::FirstUse, scope.on_its_own());
        let mut part = Self::of(segment);
        let mut first_run = None;
        while walker.advance()? {
            part.commits += 1;
            for (_, offset, record) in walker.records() {
                first_run.get_or_insert(record.run_id());
                part.first_time_us.get_or_insert(record.time_us());
                part.events.push(Event::of(&record));
                part.note_open(&record, offset);
                part.found.extend(Found::record(evidence, &record));
                see(&record);
            }
            if let Some(log) = walker.log() {
                part.found.extend(Found::head(evidence, log));
            }
            read(walker.commit_bytes());
        }
        part.tail = walker.tail().cloned();
        part.missing = walker.missing().to_vec();
        let reach = walker.began().zip(walker.log()).zip(first_run);
        part.log = reach.map(|((began, ended), first_run)| Reach {
            began: began.clone(),
            ended: ended.clone(),
            first_run,
            last_run: walker.current_run(),
        });
        Ok(part)
    }

    fn of(segment: Segment) -> Self {
        Self {
            segment,
            log: None,
            commits: 0,
            events: Vec::new(),
            opened: Vec::new(),
            first_time_us: None,
            tail: None,
            found: Vec::new(),
            missing: Vec::new(),
        }
    }

    fn note_open(&mut self, record: &Record<'_>, offset: u64) {
        if record.kind() == crate::format::entry::Kind::Open {
            let (segment, sequence) = (self.segment, record.sequence());
            let fault = Fault { segment, offset, sequence, what: Damage::RunAgain };
            self.opened.push((record.run_id(), fault));
        }
    }

    /// Whether this segment follows the one that ended with `before`.
    pub(super) fn follows(&self, before: &Reach) -> Result<(), Fault> {
        let sequence = before.ended.chain.next_sequence();
        let segment = self.segment;
        let fault = |what| Fault { segment, offset: 0, sequence, what };
        if segment.0 != sequence {
            return Err(fault(Damage::SegmentGap { found: segment }));
        }
        self.log.as_ref().map_or(Ok(()), |reach| reach.continues(before)).map_err(fault)
    }
}

impl Reach {
    fn continues(&self, before: &Reach) -> Result<(), Damage> {
        self.began.follows(&before.ended)?;
        if Some(self.first_run) != before.last_run {
            return Err(Damage::OtherRun);
        }
        Ok(())
    }
}
