//! The one checker of stored bytes: start-up, `read` and `verify` all walk a journal with it.
//!
//! It goes commit by commit, and a record is shown only after the checkpoint that covers it held.
//! Where it stops it decides between an unfinished commit and corruption (`FORMAT.md` §7).

use std::io;
use std::sync::Arc;
use std::vec;

use crate::checkpoint::{Checkpoint, Head};
use crate::error::{Damage, Fault, ReadError};
use crate::frame::{Extent, Stop, frame, is_cut, whole_frame};
use crate::hash::Hash;
use crate::record::Record;
use crate::run::Runs;
use crate::storage::{Segment, Storage};
use crate::trust::{Log, Trust};
use crate::window::Window;

/// More records than any writer puts into one commit; bounds memory on hostile files.
const MAX_COMMIT_BYTES: usize = 256 << 20;

/// Walks the commits of a journal.
pub(crate) struct Walker {
    storage: Arc<dyn Storage>,
    upcoming: vec::IntoIter<Segment>,
    open: Option<(Segment, Window)>,
    trust: Trust,
    /// The log up to the last commit that held.
    log: Option<Log>,
    /// The same up to the last record that held, which is as far as a walk goes.
    runs: Runs,
    commit: Commit,
    tail: Option<Tail>,
}

/// The commit in the window; its bytes are given up when the walk goes on.
#[derive(Default)]
struct Commit {
    records: Vec<Placed>,
    bytes: usize,
    checkpoint: Option<Checkpoint>,
}

struct Placed {
    at: usize,
    length: usize,
    hash: Hash,
}

/// Where the log ends; what follows there may be cut (`FORMAT.md` §7).
#[derive(Clone, Debug)]
pub(crate) struct Tail {
    pub(crate) segment: Segment,
    /// End of the last checkpoint that held.
    pub(crate) committed_bytes: u64,
    /// Bytes after it, zeros included.
    pub(crate) unacknowledged_bytes: u64,
}

impl Walker {
    /// Stands before the first commit.
    pub(crate) fn new(storage: Arc<dyn Storage>, trust: Trust) -> io::Result<Self> {
        let upcoming = storage.list()?.into_iter();
        let commit = Commit::default();
        let runs = Runs::default();
        Ok(Self { storage, upcoming, open: None, trust, log: None, runs, commit, tail: None })
    }

    /// Goes to the next commit; `false` at the end of the log.
    pub(crate) fn advance(&mut self) -> Result<bool, ReadError> {
        self.give_up_commit();
        while self.tail.is_none() {
            if self.open.is_none() && !self.open_next_segment()? {
                return Ok(false);
            }
            match self.read_commit() {
                Ok(true) => return Ok(true),
                Ok(false) => self.end_segment(),
                Err(Stop::Io(error)) => return Err(error.into()),
                Err(Stop::Damage(damage)) => self.settle(damage)?,
            }
        }
        Ok(false)
    }

    /// Records of the commit, with segment and offset of each.
    pub(crate) fn records(&self) -> impl Iterator<Item = (Segment, u64, Record<'_>)> {
        (0..self.count()).filter_map(|index| self.record(index))
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

    /// The log so far; `None` before its first commit.
    pub(crate) fn log(&self) -> Option<&Log> {
        self.log.as_ref()
    }

    /// Known once [`Walker::advance`] has answered `false`; `None` for a journal without segments.
    pub(crate) fn tail(&self) -> Option<&Tail> {
        self.tail.as_ref()
    }

    fn give_up_commit(&mut self) {
        if let Some((_, window)) = &mut self.open {
            window.discard(self.commit.bytes);
        }
        self.commit.records.clear();
        self.commit.bytes = 0;
        self.commit.checkpoint = None;
    }

    fn open_next_segment(&mut self) -> Result<bool, ReadError> {
        let Some(segment) = self.upcoming.next() else {
            return Ok(false);
        };
        let sequence = self.next_sequence();
        if segment.0 != sequence {
            let what = Damage::SegmentGap { found: segment };
            return Err(Fault { segment, offset: 0, sequence, what }.into());
        }
        self.open = Some((segment, Window::new(self.storage.read(segment, 0)?, 0)));
        Ok(true)
    }

    /// Reads one commit into the window; `false` at the end of the segment.
    fn read_commit(&mut self) -> Result<bool, Stop> {
        let Some((_, window)) = &mut self.open else {
            return Ok(false);
        };
        let commit = &mut self.commit;
        let mut ahead = self.log.clone();
        loop {
            let at = commit.bytes;
            match whole_frame(window, at)? {
                None if at == 0 => return Ok(false),
                None => return Err(Damage::Unfinished.into()),
                Some(Extent::Record(length)) => {
                    if at + length > MAX_COMMIT_BYTES {
                        return Err(Damage::Length.into());
                    }
                    let record = Record::parse(frame(window, at, length))?;
                    let log = match &mut ahead {
                        Some(log) => log,
                        none => none.insert(self.trust.begin(&record)?),
                    };
                    log.chain.accept(&record)?;
                    self.runs.accept(&record, &log.key)?;
                    commit.records.push(Placed { at, length, hash: record.record_hash() });
                    commit.bytes += length;
                }
                Some(Extent::Checkpoint(length)) => {
                    let log = ahead.as_ref().ok_or(Damage::NoOpen)?;
                    let checkpoint = Checkpoint::decode(frame(window, at, length), &log.key)?;
                    check_head(checkpoint.head, log.chain.head(), commit.records.len())?;
                    commit.checkpoint = Some(checkpoint);
                    commit.bytes += length;
                    self.log = ahead;
                    return Ok(true);
                }
                Some(Extent::Needs(_)) => return Err(Damage::Unfinished.into()),
            }
        }
    }

    /// The end of a segment at a commit: the log's end when it is the last.
    fn end_segment(&mut self) {
        if let Some((segment, window)) = &self.open
            && self.upcoming.as_slice().is_empty()
        {
            self.tail = Some(Tail {
                segment: *segment,
                committed_bytes: window.offset(),
                unacknowledged_bytes: 0,
            });
        }
        self.open = None;
    }

    /// Decides what bytes that are no commit mean: a tail to be cut, or corruption. Zeros that
    /// reach to the end of the last segment stand for bytes that were never written.
    fn settle(&mut self, damage: Damage) -> Result<(), ReadError> {
        let size = self.next_sequence();
        let sequence = size + self.commit.records.len() as u64;
        let at = self.commit.bytes;
        let Some((segment, mut window)) = self.open.take() else {
            return Ok(());
        };
        let (committed_bytes, offset) = (window.offset(), window.offset() + at as u64);
        window.ensure_all()?;
        let unacknowledged_bytes = window.from(0).len() as u64;
        let last = self.upcoming.as_slice().is_empty();
        if last {
            window.drop_trailing_zeros();
        }
        let cut = is_cut(window.from(at));
        let key = self.log.as_ref().map(|log| &log.key).or(self.trust.key());
        let whole_once = key.is_some_and(|key| Checkpoint::any_later(window.from(0), key, size));
        if !last || !cut || whole_once {
            let what = if cut { Damage::Unfinished } else { damage };
            return Err(Fault { segment, offset, sequence, what }.into());
        }
        self.tail = Some(Tail { segment, committed_bytes, unacknowledged_bytes });
        Ok(())
    }

    fn next_sequence(&self) -> u64 {
        self.log.as_ref().map_or(0, |log| log.chain.next_sequence())
    }
}

fn check_head(stated: Head, computed: Head, records: usize) -> Result<(), Damage> {
    if stated.size != computed.size || records == 0 {
        return Err(Damage::Size { found: stated.size });
    }
    if stated.root != computed.root {
        return Err(Damage::Root);
    }
    Ok(())
}
