//! What records of the ledger's own say of the log, read as strictly as `FORMAT.md` §10 asks, and
//! what a snapshot states. Fields that a later writer adds are passed over.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use super::{Gap, KeyPeriod, Story};
use crate::format::hash::Hash;
use crate::format::json::Object;
use crate::format::note_key::VerifyingKey;
use crate::format::record::Record;
use crate::format::tree::Frontier;

/// More records than any log has lost, so that no restore can claim all sizes there are.
const MAX_LOST: u64 = 1 << 40;

/// A log as a snapshot states it.
#[derive(Serialize, Deserialize)]
pub(crate) struct StatedLog<'a> {
    #[serde(borrow)]
    pub(super) origin: Cow<'a, str>,
    #[serde(deserialize_with = "objects")]
    pub(super) keys: Vec<StatedKey>,
    pub(super) first_sequence: u64,
    #[serde(deserialize_with = "objects")]
    pub(super) gaps: Vec<Gap>,
    pub(super) peaks: Vec<Hash>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct StatedKey {
    pub(super) public_key: String,
    pub(super) first_sequence: u64,
}

/// The metadata of a rotation.
#[derive(Deserialize)]
struct Rotation<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(borrow)]
    public_key: Cow<'a, str>,
}

/// Where a retention lets the log begin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Beginning {
    /// The name of a segment.
    pub(crate) first_sequence: u64,
    /// Of the tree before it.
    pub(crate) root: Hash,
}

/// The key that a rotation hands the log on to.
pub(super) fn rotation(record: &Record<'_>) -> Option<VerifyingKey> {
    let stated: Rotation<'_> = read(record)?;
    (stated.event == "signing_key_rotation").then(|| stated.public_key.parse().ok())?
}

/// What a retention says.
pub(crate) fn retention(record: &Record<'_>) -> Option<Beginning> {
    #[derive(Deserialize)]
    struct Retention<'a> {
        #[serde(borrow)]
        event: Cow<'a, str>,
        first_sequence: u64,
        root: Hash,
    }
    let Retention { event, first_sequence, root } = read(record)?;
    (event == "retention").then_some(Beginning { first_sequence, root })
}

/// What a restore says.
pub(crate) fn restore(record: &Record<'_>) -> Option<Gap> {
    #[derive(Deserialize)]
    struct Restore<'a> {
        #[serde(borrow)]
        event: Cow<'a, str>,
        lost_from: u64,
        lost_until: u64,
    }
    let Restore { event, lost_from, lost_until } = read(record)?;
    let gap = Gap { lost_from, lost_until };
    (event == "restore" && gap.is_bounded()).then_some(gap)
}

/// Why, in the words of whoever had it recorded.
pub(crate) fn reason(record: &Record<'_>) -> Option<String> {
    #[derive(Deserialize)]
    struct Reason {
        reason: String,
    }
    read(record).map(|Reason { reason }| reason)
}

pub(super) fn read<'a, T: Deserialize<'a>>(record: &Record<'a>) -> Option<T> {
    serde_json::from_slice(record.metadata()).ok()
}

impl Gap {
    fn is_bounded(self) -> bool {
        let Self { lost_from, lost_until } = self;
        lost_until.checked_sub(lost_from).is_some_and(|lost| lost <= MAX_LOST)
    }
}

impl StatedLog<'_> {
    /// The tree of `size` records and what was said in them, if that is what a log of this size can
    /// have come to.
    pub(super) fn into_log(self, size: u64) -> Option<(Frontier, Story)> {
        let keys = self.periods()?;
        let in_order = keys.is_sorted_by(|one, next| one.first_sequence < next.first_sequence);
        let known = |(index, period): (usize, &KeyPeriod)| {
            keys.iter().take(index).any(|earlier| earlier.key == period.key)
        };
        let distinct = !keys.iter().enumerate().any(known);
        let first = keys.first().is_some_and(|period| period.first_sequence == 0);
        let last = keys.last().is_some_and(|period| period.first_sequence < size);
        let gaps = &self.gaps;
        let gaps_hold = gaps.is_sorted_by(|one, next| one.lost_from < next.lost_from)
            && gaps.iter().all(|gap| gap.is_bounded() && gap.lost_from < size);
        if !(in_order && distinct && first && last && gaps_hold && self.first_sequence < size) {
            return None;
        }
        let mut keys = keys.into_iter();
        let story = Story {
            first_key: keys.next()?.key,
            later_keys: keys.collect(),
            first_sequence: self.first_sequence,
            gaps: self.gaps,
        };
        Some((Frontier::from_parts(size, self.peaks)?, story))
    }

    fn periods(&self) -> Option<Vec<KeyPeriod>> {
        let period = |stated: &StatedKey| {
            let key: VerifyingKey = stated.public_key.parse().ok()?;
            let ours = key.origin().as_str() == self.origin;
            ours.then_some(KeyPeriod { key, first_sequence: stated.first_sequence })
        };
        self.keys.iter().map(period).collect()
    }
}

/// A list of objects, none of them written as an array.
fn objects<'de, T, D>(json: D) -> Result<Vec<T>, D::Error>
where
    T: Deserialize<'de>,
    D: serde::Deserializer<'de>,
{
    let list: Vec<Object<T>> = Vec::deserialize(json)?;
    Ok(list.into_iter().map(|Object(item)| item).collect())
}
