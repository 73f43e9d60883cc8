//! One segment, verified on its own: its snapshot tells what stands before it, and whether that is
//! so is judged when the segment before is done.

use std::sync::Arc;

use super::admission::Admission;
use super::seen::{Seen, Wanted};
use super::tally::Event;
use crate::format::damage::{Damage, Fault, ReadError};
use crate::format::hash::RunId;
use crate::format::kind::Kind;
use crate::format::record::Record;
use crate::format::segment::Segment;
use crate::format::tree::Frontier;
use crate::log::Log;
use crate::log::trust::Trust;
use crate::storage::Storage;
use crate::walk::beginnings::Beginnings;
use crate::walk::scope::Scope;
use crate::walk::{Tail, Walker};

/// What a segment says, up to where it stops to hold.
pub(super) struct Part {
    pub(super) segment: Segment,
    /// `None` when no commit holds.
    pub(super) log: Option<Reach>,
    pub(super) commits: u64,
    pub(super) events: Vec<Event>,
    /// Runs that open here, with the place of their records.
    pub(super) opened: Vec<(RunId, Fault)>,
    pub(super) beginnings: Beginnings,
    pub(super) admissions: Vec<Admission>,
    pub(super) first_time_us: Option<u64>,
    pub(super) tail: Option<Tail>,
    pub(super) seen: Seen,
    /// The record whose content is missing.
    pub(super) missing: Vec<Fault>,
    /// Why it was not read to its end.
    pub(super) stop: Option<ReadError>,
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
        wanted: &Wanted,
        read: &(dyn Fn(u64) + Sync),
        see: &mut dyn FnMut(&Record<'_>),
    ) -> Self {
        let segment = scope.segments.first().copied().unwrap_or(Segment(0));
        // Trust and the log's beginning are questions to the whole log.
        let mut walker = Walker::over(Arc::clone(storage), Trust::FirstUse, scope.on_its_own());
        let mut part = Self::of(segment);
        let mut tree = None;
        let stop = loop {
            match walker.advance() {
                Ok(true) => {}
                Ok(false) => break None,
                Err(error) => break Some(error),
            }
            part.take_commit(&walker, wanted, &mut tree);
            walker.records().for_each(|(_, _, record)| see(&record));
            read(walker.commit_bytes());
        };
        part.end(&walker, stop);
        part
    }

    fn of(segment: Segment) -> Self {
        Self {
            segment,
            log: None,
            commits: 0,
            events: Vec::new(),
            opened: Vec::new(),
            beginnings: Beginnings::default(),
            admissions: Vec::new(),
            first_time_us: None,
            tail: None,
            seen: Seen::default(),
            missing: Vec::new(),
            stop: None,
        }
    }

    /// `tree` is that of the records before, and is moved behind the commit.
    fn take_commit(&mut self, walker: &Walker, wanted: &Wanted, tree: &mut Option<Frontier>) {
        let (Some(began), Some(log)) = (walker.began(), walker.log()) else {
            return;
        };
        self.commits += 1;
        for (_, offset, record) in walker.records() {
            self.first_time_us.get_or_insert(record.time_us());
            self.events.push(Event::of(&record, offset));
            self.note_open(&record, offset);
            self.admissions.extend(Admission::of(&record));
        }
        let before = tree.get_or_insert_with(|| began.chain.tree().clone());
        if self.commits == 1 {
            self.seen.head(wanted, before, began.chain.time_us());
        }
        self.seen.commit(wanted, walker, before);
        *tree = Some(log.chain.tree().clone());
    }

    fn end(&mut self, walker: &Walker, stop: Option<ReadError>) {
        self.tail = walker.tail().cloned();
        self.missing = walker.missing().to_vec();
        self.beginnings = walker.beginnings().clone();
        self.stop = stop;
        let reach = walker.began().zip(walker.log()).zip(self.events.first());
        self.log = reach.map(|((began, ended), first)| Reach {
            began: began.clone(),
            ended: ended.clone(),
            first_run: first.run(),
            last_run: walker.current_run(),
        });
    }

    fn note_open(&mut self, record: &Record<'_>, offset: u64) {
        if record.kind() == Kind::Open {
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
