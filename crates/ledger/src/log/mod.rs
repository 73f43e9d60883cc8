//! What a reader knows of a log after a record: chain, keys, where it begins, which gaps it admits.
//! Shared by the writer, which puts it into snapshots, and the checker, which compares.

pub(crate) mod chain;
pub(crate) mod run;
pub(crate) mod snapshot;
pub(crate) mod state;
pub(crate) mod stated;
pub(crate) mod trust;

use std::iter;
use std::ops::RangeInclusive;
use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::format::damage::{Damage, Fault};
use crate::format::hash::LogId;
use crate::format::kind::Kind;
use crate::format::note_key::VerifyingKey;
use crate::format::record::Record;
use crate::format::segment::Segment;
use crate::log::chain::Chain;
use crate::log::run::Stated;
use crate::log::state::part_of;
use crate::log::stated::{Beginning, StatedKey, StatedLog};
use crate::log::trust::Trust;

/// A log up to some record.
#[derive(Clone, Debug)]
pub(crate) struct Log {
    pub(crate) chain: Chain,
    /// What seldom changes; shared by the copies that a walk makes of a log.
    pub(crate) story: Arc<Story>,
    /// The last record of the ledger's own opened a run.
    behind_open: bool,
}

/// What the records of the ledger's own have said so far.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Story {
    first_key: VerifyingKey,
    /// Those that followed it; the last one signs.
    later_keys: Vec<KeyPeriod>,
    /// Where the log begins since its last retention.
    pub(crate) first_sequence: u64,
    /// Parts of an earlier history that a restore left behind.
    pub(crate) gaps: Vec<Gap>,
}

/// A key, and the record that brought it.
#[derive(Clone, Debug, PartialEq, Eq)]
struct KeyPeriod {
    key: VerifyingKey,
    first_sequence: u64,
}

/// Records that were acknowledged and that a restored backup did not have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Gap {
    /// Size of the log at the restore.
    pub(crate) lost_from: u64,
    /// The largest size that is known to have been acknowledged.
    pub(crate) lost_until: u64,
}

impl Log {
    /// A log without records, to be signed by `key`.
    pub(crate) fn new(key: VerifyingKey) -> Self {
        let chain = Chain::new(log_id(&key));
        let story =
            Story { first_key: key, later_keys: Vec::new(), first_sequence: 0, gaps: Vec::new() };
        Self { chain, story: Arc::new(story), behind_open: false }
    }

    /// The log that begins with this record: the open record of a whole one, or the snapshot at the
    /// head of a later segment. Takes nothing of the record itself.
    pub(crate) fn begin(first: &Record<'_>) -> Result<Self, Damage> {
        first.check_metadata()?;
        match first.kind() {
            Kind::Open => {
                let stated = Stated::read(first).ok_or(Damage::NoOpen)?;
                let key = stated.public_key.parse().map_err(|_| Damage::NoOpen)?;
                Ok(Self::new(key))
            }
            Kind::Snapshot => Self::from_snapshot(first).ok_or(Damage::Snapshot),
            _ => Err(Damage::NoOpen),
        }
    }

    fn from_snapshot(first: &Record<'_>) -> Option<Self> {
        let stated: StatedLog<'_> = stated::read(first)
            .filter(|_| part_of(first).is_some_and(|stated| stated.part == 0))?;
        let (tree, story) = stated.into_log(first.sequence())?;
        let log_id = log_id(&story.first_key);
        let chain = Chain::resume(log_id, first.previous_hash(), first.time_us(), tree);
        Some(Self { chain, story: Arc::new(story), behind_open: false })
    }

    /// The key that signs now.
    pub(crate) fn key(&self) -> &VerifyingKey {
        self.story.key()
    }

    /// What a snapshot of this log states.
    pub(crate) fn stated(&self) -> StatedLog<'_> {
        let keys = self
            .story
            .keys()
            .map(|(key, first_sequence)| StatedKey { public_key: key.to_string(), first_sequence });
        StatedLog {
            origin: self.key().origin().as_str().into(),
            keys: keys.collect(),
            first_sequence: self.story.first_sequence,
            gaps: self.story.gaps.clone(),
            peaks: self.chain.peaks().to_vec(),
        }
    }

    /// Takes a stored record, if it is the next one. Only of the ledger's own is it looked at what
    /// they say.
    pub(crate) fn accept(&mut self, record: &Record<'_>) -> Result<(), Damage> {
        self.chain.check(record)?;
        if record.kind().is_own() {
            record.check_metadata()?;
        }
        if record.kind() == Kind::Snapshot {
            self.compare(record)?;
        }
        self.learn(record)?;
        self.chain.extend(record.record_hash(), record.time_us());
        Ok(())
    }

    /// Takes what a record of the ledger's own says of the log.
    pub(crate) fn learn(&mut self, record: &Record<'_>) -> Result<(), Damage> {
        match record.kind() {
            Kind::SigningKeyRotation => self.rotate(record)?,
            Kind::Retention => self.retain(record)?,
            Kind::Restore => self.restore(record)?,
            _ => {}
        }
        self.behind_open = record.kind() == Kind::Open;
        Ok(())
    }

    /// Whether the log may begin with the segment `first`.
    pub(crate) fn judge_beginning(&self, first: Segment) -> Result<(), Fault> {
        let what = Damage::CutHead { found: first };
        match first.0 > self.story.first_sequence {
            true => Err(Fault { segment: first, offset: 0, sequence: first.0, what }),
            false => Ok(()),
        }
    }

    /// The same, and whether the log is signed by whom a reader believes. Before the first record
    /// it was as it `began`.
    pub(crate) fn judge(&self, first: Segment, trust: &Trust, began: &Self) -> Result<(), Fault> {
        self.judge_beginning(first)?;
        let fault = |what| Fault { segment: first, offset: 0, sequence: first.0, what };
        trust.accept(self, began).map_err(fault)
    }

    /// Whether missing content is only that of segments which a retention has dropped.
    pub(crate) fn judge_missing(&self, missing: &[Fault]) -> Result<(), Fault> {
        let kept = missing.iter().find(|fault| fault.sequence >= self.story.first_sequence);
        kept.map_or(Ok(()), |fault| Err(fault.clone()))
    }

    /// Whether this log, as a snapshot states it, is what `before` came to.
    pub(crate) fn follows(&self, before: &Self) -> Result<(), Damage> {
        self.chain.follows(&before.chain)?;
        if self.story != before.story || self.chain.peaks() != before.chain.peaks() {
            return Err(Damage::Snapshot);
        }
        Ok(())
    }

    fn rotate(&mut self, record: &Record<'_>) -> Result<(), Damage> {
        let key = stated::rotation(record).ok_or(Damage::Rotation)?;
        if self.story.keys().any(|(known, _)| *known == key) || key.origin() != self.key().origin()
        {
            return Err(Damage::Rotation);
        }
        let first_sequence = record.sequence();
        self.story_mut().later_keys.push(KeyPeriod { key, first_sequence });
        Ok(())
    }

    /// That it names a segment and the root before it is for who knows the segments.
    fn retain(&mut self, record: &Record<'_>) -> Result<(), Damage> {
        let Beginning { first_sequence: first, .. } =
            stated::retention(record).ok_or(Damage::Retention)?;
        if first <= self.story.first_sequence || first > record.sequence() {
            return Err(Damage::Retention);
        }
        self.story_mut().first_sequence = first;
        Ok(())
    }

    /// A log was restored when it had the records before the open record that stands in front.
    fn restore(&mut self, record: &Record<'_>) -> Result<(), Damage> {
        let gap = stated::restore(record).ok_or(Damage::Restore)?;
        if !self.behind_open || gap.lost_from.checked_add(1) != Some(record.sequence()) {
            return Err(Damage::Restore);
        }
        self.story_mut().gaps.push(gap);
        Ok(())
    }

    /// A snapshot behind other records says what they say. Only its first part speaks of the log.
    fn compare(&self, record: &Record<'_>) -> Result<(), Damage> {
        if part_of(record).ok_or(Damage::Snapshot)?.part > 0 {
            return Ok(());
        }
        let stated: StatedLog<'_> = stated::read(record).ok_or(Damage::Snapshot)?;
        let (tree, story) = stated.into_log(record.sequence()).ok_or(Damage::Snapshot)?;
        if tree.peaks() != self.chain.peaks() || story != *self.story {
            return Err(Damage::Snapshot);
        }
        Ok(())
    }

    fn story_mut(&mut self) -> &mut Story {
        Arc::make_mut(&mut self.story)
    }
}

impl Story {
    /// The key that signs now.
    pub(crate) fn key(&self) -> &VerifyingKey {
        self.later_keys.last().map_or(&self.first_key, |period| &period.key)
    }

    /// All keys in their order, each with the sequence of the record that brought it.
    pub(crate) fn keys(&self) -> impl DoubleEndedIterator<Item = (&VerifyingKey, u64)> {
        let later = self.later_keys.iter().map(|period| (&period.key, period.first_sequence));
        iter::once((&self.first_key, 0)).chain(later)
    }

    /// All keys, each with the sizes of the log that it may sign: of the commit that hands it on to
    /// another key, both.
    pub(crate) fn signers(&self) -> impl Iterator<Item = (&VerifyingKey, RangeInclusive<u64>)> {
        let ends = self.keys().skip(1).map(|(_, since)| since.saturating_add(1));
        let ends = ends.chain(iter::once(u64::MAX));
        let sizes = |((key, since), end): ((_, u64), _)| (key, since.saturating_add(1)..=end);
        self.keys().zip(ends).map(sizes)
    }

    /// The keys that sign no longer, the latest first.
    pub(crate) fn retired_keys(&self) -> impl Iterator<Item = &VerifyingKey> {
        self.keys().rev().skip(1).map(|(key, _)| key)
    }

    /// Whether the record before `sequence` brought the key that signs.
    pub(crate) fn is_rotating(&self, sequence: u64) -> bool {
        self.later_keys.last().is_some_and(|period| period.first_sequence + 1 == sequence)
    }

    /// Whether a checkpoint of `size` may be of the history that a restore left behind.
    pub(crate) fn admits_loss_of(&self, size: u64) -> bool {
        self.gaps.iter().any(|gap| gap.lost_from < size && size <= gap.lost_until)
    }
}

pub(crate) fn log_id(key: &VerifyingKey) -> LogId {
    LogId::new(key.public_key(), key.origin().as_str())
}
