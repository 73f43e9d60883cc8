//! One commit as the walk reads it: its records, then the checkpoint that covers them.

use crate::format::checkpoint::{Checkpoint, Head};
use crate::format::damage::{Damage, Fault};
use crate::format::frame::{Extent, Stop, frame, whole_frame};
use crate::format::hash::Hash;
use crate::format::kind::Kind;
use crate::format::note_key::VerifyingKey;
use crate::format::record::Record;
use crate::format::segment::Segment;
use crate::log::Log;
use crate::walk::Walker;
use crate::walk::blame::blame_retired_key;
use crate::walk::scope::Depth;

/// More records than any writer puts into one commit; bounds memory on hostile files.
pub(super) const MAX_COMMIT_BYTES: usize = 256 << 20;

/// The commit in the window; its bytes are given up when the walk goes on.
#[derive(Default)]
pub(super) struct Commit {
    pub(super) records: Vec<Placed>,
    pub(super) bytes: usize,
    pub(super) checkpoint: Option<Checkpoint>,
    /// Who signs it too, when it hands the log on.
    pub(super) successor: Option<VerifyingKey>,
}

pub(super) struct Placed {
    pub(super) at: usize,
    pub(super) length: usize,
    pub(super) hash: Hash,
}

impl Commit {
    /// For the next one.
    pub(super) fn clear(&mut self) {
        self.records.clear();
        self.bytes = 0;
        self.checkpoint = None;
        self.successor = None;
    }
}

impl Walker {
    /// Reads one commit into the window; `false` at the end of the segment.
    pub(super) fn read_commit(&mut self) -> Result<bool, Stop> {
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
