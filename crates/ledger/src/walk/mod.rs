//! The one checker of stored bytes: start-up, `read` and `verify` all walk a journal with it.
//!
//! It goes commit by commit, and a record is shown only after the checkpoint that covers it held.
//! Where it stops it decides between an unfinished commit and corruption (`FORMAT.md` §7).

pub(crate) mod beginnings;
pub(crate) mod blame;
mod commit;
pub(crate) mod scope;
mod tail;
pub(crate) mod verdict;

use std::io;
use std::sync::Arc;
use std::vec;

use crate::format::checkpoint::Checkpoint;
use crate::format::damage::{Damage, Fault, ReadError};
use crate::format::frame::Stop;
use crate::format::hash::RunId;
use crate::format::record::Record;
use crate::format::segment::Segment;
use crate::format::window::Window;
use crate::log::Log;
use crate::log::run::Runs;
use crate::log::snapshot::Snapshots;
use crate::log::trust::Trust;
use crate::storage::Storage;
use crate::walk::beginnings::Beginnings;
use crate::walk::commit::Commit;
use crate::walk::scope::Scope;

pub(crate) use crate::walk::tail::Tail;

/// Walks the commits of a journal, or of some segments that follow each other in it.
pub(crate) struct Walker {
    storage: Arc<dyn Storage>,
    scope: Scope,
    upcoming: vec::IntoIter<Segment>,
    open: Option<(Segment, Window)>,
    trust: Trust,
    began: Option<Log>,
    /// The log up to the last commit that held.
    log: Option<Log>,
    /// The same up to the last record that held, which is as far as a walk goes.
    runs: Runs,
    snapshots: Snapshots,
    beginnings: Beginnings,
    commit: Commit,
    /// The first record of each segment whose content is missing. A retention removes content
    /// before its segment, so the end of the log tells whether it has to be there.
    missing: Vec<Fault>,
    /// The last segment that was left, and its length.
    previous: Option<(Segment, u64)>,
    tail: Option<Tail>,
}

impl Walker {
    /// Stands before the first commit of a whole journal.
    pub(crate) fn new(storage: Arc<dyn Storage>, trust: Trust) -> io::Result<Self> {
        let scope = Scope::whole(&*storage)?;
        Ok(Self::over(storage, trust, scope))
    }

    /// Stands before the first commit of `scope`.
    pub(crate) fn over(storage: Arc<dyn Storage>, trust: Trust, scope: Scope) -> Self {
        Self {
            storage,
            upcoming: scope.segments.clone().into_iter(),
            scope,
            open: None,
            trust,
            began: None,
            log: None,
            runs: Runs::default(),
            snapshots: Snapshots::default(),
            beginnings: Beginnings::default(),
            commit: Commit::default(),
            missing: Vec::new(),
            previous: None,
            tail: None,
        }
    }

    /// Goes to the next commit; `false` at the end of the scope.
    pub(crate) fn advance(&mut self) -> Result<bool, ReadError> {
        self.give_up_commit();
        while self.tail.is_none() {
            if self.open.is_none() && !self.open_next_segment()? {
                break;
            }
            match self.read_commit() {
                Ok(true) => return Ok(true),
                Ok(false) => self.end_segment(),
                Err(Stop::Io(error)) => return Err(error.into()),
                Err(Stop::Damage(damage)) => self.settle(damage)?,
            }
        }
        self.judge_whole().map(|()| false)
    }

    /// Records of the commit, with segment and offset of each.
    pub(crate) fn records(&self) -> impl Iterator<Item = (Segment, u64, Record<'_>)> {
        (0..self.count()).filter_map(|index| self.record(index))
    }

    /// Bytes of the commit, its checkpoint included.
    pub(crate) fn commit_bytes(&self) -> u64 {
        self.commit.bytes as u64
    }

    /// The run that is open behind the commit.
    pub(crate) fn current_run(&self) -> Option<RunId> {
        self.runs.current()
    }

    /// Number of records in the commit.
    pub(crate) fn count(&self) -> usize {
        self.commit.records.len()
    }

    /// The record at `index` of the commit.
    pub(crate) fn record(&self, index: usize) -> Option<(Segment, u64, Record<'_>)> {
        let placed = self.commit.records.get(index)?;
        let (segment, window) = self.open.as_ref()?;
        let bytes = window.from(placed.at).get(..placed.length)?;
        let record = Record::with_hash(bytes, placed.hash).ok()?;
        Some((*segment, window.offset() + placed.at as u64, record))
    }

    /// The checkpoint that ends the commit.
    pub(crate) fn checkpoint(&self) -> Option<&Checkpoint> {
        self.commit.checkpoint.as_ref()
    }

    /// The log as it was before the first record of the walk.
    pub(crate) fn began(&self) -> Option<&Log> {
        self.began.as_ref()
    }

    /// The log so far; `None` before its first commit.
    pub(crate) fn log(&self) -> Option<&Log> {
        self.log.as_ref()
    }

    /// Known once [`Walker::advance`] has answered `false`; `None` for a journal without segments.
    pub(crate) fn tail(&self) -> Option<&Tail> {
        self.tail.as_ref()
    }

    /// The segments that were walked, and what retentions say of others.
    pub(crate) fn beginnings(&self) -> &Beginnings {
        &self.beginnings
    }

    /// Records whose content is missing, the first of each segment.
    pub(crate) fn missing(&self) -> &[Fault] {
        &self.missing
    }

    fn give_up_commit(&mut self) {
        if let Some((_, window)) = &mut self.open {
            window.discard(self.commit.bytes);
        }
        self.commit.clear();
    }

    fn open_next_segment(&mut self) -> Result<bool, ReadError> {
        let Some(segment) = self.upcoming.next() else {
            return Ok(false);
        };
        let sequence = self.next_sequence();
        // Where a walk may begin is judged at its end, when the records have told.
        if self.log.is_some() && segment.0 != sequence {
            let what = Damage::SegmentGap { found: segment };
            return Err(Fault { segment, offset: 0, sequence, what }.into());
        }
        self.open = Some((segment, Window::new(self.storage.read(segment, 0)?, 0)));
        self.snapshots.enter(segment);
        Ok(true)
    }

    /// The end of a segment at a commit: the log's end when it is the last.
    fn end_segment(&mut self) {
        if let Some((segment, window)) = &self.open
            && self.is_last_segment()
        {
            self.tail = Some(Tail {
                segment: *segment,
                committed_bytes: window.offset(),
                unacknowledged_bytes: 0,
                previous: self.previous,
            });
        }
        if let Some((segment, window)) = self.open.take() {
            self.previous = Some((segment, window.offset()));
        }
    }

    /// At the end of the scope: whether the log may begin where it does, and is signed by whom the
    /// reader believes.
    fn judge_whole(&self) -> Result<(), ReadError> {
        let (Some(log), Some(began), true) = (&self.log, &self.began, self.scope.judged) else {
            return Ok(());
        };
        log.judge(self.scope.first, &self.trust, began)?;
        if self.scope.segments.first() == Some(&self.scope.first) {
            self.beginnings.judge(self.scope.first)?;
        }
        Ok(log.judge_missing(&self.missing)?)
    }

    fn is_last_segment(&self) -> bool {
        self.scope.to_the_end && self.upcoming.as_slice().is_empty()
    }

    fn next_sequence(&self) -> u64 {
        let first = || self.scope.segments.first().map_or(0, |segment| segment.0);
        self.log.as_ref().map_or_else(first, |log| log.chain.next_sequence())
    }
}
