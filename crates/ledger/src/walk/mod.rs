//! The one checker of stored bytes: start-up, `read` and `verify` all walk a journal with it.
//!
//! It goes commit by commit, and a record is shown only after the checkpoint that covers it held.
//! Where it stops it decides between an unfinished commit and corruption (`FORMAT.md` §7).

pub(crate) mod beginnings;
pub(crate) mod blame;
pub(crate) mod scope;
mod tail;
pub(crate) mod verdict;

use std::io;
use std::sync::Arc;
use std::vec;

use crate::format::checkpoint::{Checkpoint, Head};
use crate::format::damage::{Damage, Fault, ReadError};
use crate::format::frame::{Extent, Stop, frame, whole_frame};
use crate::format::hash::{Hash, RunId};
use crate::format::kind::Kind;
use crate::format::note_key::VerifyingKey;
use crate::format::record::Record;
use crate::format::segment::Segment;
use crate::format::window::Window;
use crate::log::Log;
use crate::log::run::Runs;
use crate::log::snapshot::Snapshots;
use crate::log::trust::Trust;
use crate::storage::Storage;
use crate::walk::beginnings::Beginnings;
use crate::walk::blame::blame_retired_key;
use crate::walk::scope::{Depth, Scope};

pub(crate) use crate::walk::tail::Tail;

/// More records than any writer puts into one commit; bounds memory on hostile files.
const MAX_COMMIT_BYTES: usize = 256 << 20;

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

/// The commit in the window; its bytes are given up when the walk goes on.
#[derive(Default)]
struct Commit {
    records: Vec<Placed>,
    bytes: usize,
    checkpoint: Option<Checkpoint>,
    /// Who signs it too, when it hands the log on.
    successor: Option<VerifyingKey>,
}

struct Placed {
    at: usize,
    length: usize,
    hash: Hash,
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
        self.commit.records.clear();
        self.commit.bytes = 0;
        self.commit.checkpoint = None;
        self.commit.successor = None;
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

    /// Reads one commit into the window; `false` at the end of the segment.
    fn read_commit(&mut self) -> Result<bool, Stop> {
        let mut ahead = self.log.clone();
        loop {
            let Some((_, window)) = &mut self.open else {
                return Ok(false);
            };
            let at = self.commit.bytes;
            match whole_frame(window, at)? {
                None if at == 0 => return Ok(false),
                None | Some(Extent::Needs(_)) => return Err(Damage::Unfinished.into()),
                Some(Extent::Record(length)) => self.take_record(&mut ahead, length)?,
                Some(Extent::Checkpoint(length)) => {
                    let log = ahead.ok_or(Damage::Size { found: 0, counted: 0 })?;
                    self.take_checkpoint(&log, length)?;
                    self.log = Some(log);
                    return Ok(true);
                }
            }
        }
    }

    fn take_record(&mut self, ahead: &mut Option<Log>, length: usize) -> Result<(), Stop> {
        let (Some((segment, window)), at) = (&self.open, self.commit.bytes) else {
            return Ok(());
        };
        if at + length > MAX_COMMIT_BYTES {
            return Err(Damage::Length.into());
        }
        let record = Record::parse(frame(window, at, length))?;
        let log = match ahead {
            Some(log) => log,
            none => none.insert(self.began.insert(begin(&record, *segment)?).clone()),
        };
        if log.story.is_rotating(log.chain.next_sequence()) && !self.commit.records.is_empty() {
            // A rotation ends its commit, which both keys sign. A record of another place is that.
            log.chain.check(&record)?;
            return Err(Damage::Rotation.into());
        }
        let offset = window.offset() + at as u64;
        if offset == 0 {
            self.beginnings.enter(*segment, log.chain.head().root);
        }
        log.accept(&record)?;
        match record.kind() {
            Kind::SigningKeyRotation => self.commit.successor = Some(log.key().clone()),
            Kind::Retention => self.beginnings.accept(&record, offset)?,
            _ => {}
        }
        self.snapshots.accept(&record)?;
        self.runs.accept(&record, log.key())?;
        match self.check_body(&record) {
            Err(Stop::Damage(what @ Damage::ContentMissing)) => {
                let sequence = record.sequence();
                self.missing.push(Fault { segment: *segment, offset, sequence, what });
                self.missing.dedup_by_key(|fault| fault.segment);
            }
            checked => checked?,
        }
        self.commit.records.push(Placed { at, length, hash: record.record_hash() });
        self.commit.bytes += length;
        Ok(())
    }

    /// What the header speaks for, as closely as the scope wants it.
    fn check_body(&self, record: &Record<'_>) -> Result<(), Stop> {
        let depth = self.scope.depth;
        if depth < Depth::Segments {
            return Ok(());
        }
        if !record.kind().is_own() {
            // Those of the ledger's own were looked at already.
            record.check_metadata()?;
        }
        match record.external() {
            None => Ok(record.check_inline()?),
            Some(external) if depth == Depth::Files => external.check(&*self.storage),
            Some(_) => Ok(()),
        }
    }

    fn take_checkpoint(&mut self, log: &Log, length: usize) -> Result<(), Stop> {
        let (Some((_, window)), commit) = (&self.open, &mut self.commit) else {
            return Ok(());
        };
        let bytes = frame(window, commit.bytes, length);
        let checkpoint = Checkpoint::decode(bytes, log.key())
            .map_err(|damage| blame_retired_key(damage, bytes, log))?;
        self.snapshots.end_commit()?;
        check_head(checkpoint.head, log.chain.head(), commit.records.len())?;
        if log.story.is_rotating(log.chain.next_sequence()) {
            log.story
                .retired_keys()
                .next()
                .map(|old| Checkpoint::decode(bytes, old))
                .transpose()?;
        }
        commit.checkpoint = Some(checkpoint);
        commit.bytes += length;
        Ok(())
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

/// The log that begins with the first record of `segment`.
fn begin(first: &Record<'_>, segment: Segment) -> Result<Log, Damage> {
    if first.sequence() != segment.0 {
        return Err(Damage::Sequence { found: first.sequence() });
    }
    let log = Log::begin(first)?;
    if (first.kind() == Kind::Open) != (segment.0 == 0) {
        return Err(Damage::NoOpen);
    }
    Ok(log)
}

fn check_head(stated: Head, computed: Head, records: usize) -> Result<(), Damage> {
    if stated.size != computed.size || records == 0 {
        return Err(Damage::Size { found: stated.size, counted: computed.size });
    }
    if stated.root != computed.root {
        return Err(Damage::Root);
    }
    Ok(())
}
