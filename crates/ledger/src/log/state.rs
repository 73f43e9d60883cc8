//! What the gateway knows from the records alone (keys, balances, open holds), as the ledger sees
//! it: something that takes each record in order and can be written into a snapshot.
//!
//! A snapshot stands at the head of each segment. It says nothing that the records before it do not
//! say; it only spares a start from reading them, and survives them when old segments are dropped.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;
use thiserror::Error;

use crate::format::record::Record;

/// The most that one item of a snapshot may take, in bytes.
pub const MAX_ITEM_BYTES: usize = 64 << 10;
/// Items of one snapshot record; further ones go into further parts.
const PART_BYTES: usize = 512 << 10;

/// A state that follows the records.
pub trait State: Send {
    /// Takes the next record. A snapshot is the first thing that a state takes where the records
    /// before it are not there, or not read; behind others it must say what they say.
    fn record(&mut self, record: &Record<'_>) -> Result<(), FoldError>;

    /// The state as JSON values of at most [`MAX_ITEM_BYTES`] each, in any number.
    fn items(&self) -> Vec<Box<RawValue>>;
}

/// What the function given to [`crate::Ledger::open`] answers to stop it.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct FoldError(pub Box<dyn std::error::Error + Send + Sync>);

/// A ledger that nothing is folded from.
impl State for () {
    fn record(&mut self, _: &Record<'_>) -> Result<(), FoldError> {
        Ok(())
    }

    fn items(&self) -> Vec<Box<RawValue>> {
        Vec::new()
    }
}

/// The items of a snapshot record, for whoever restores a state from it.
#[derive(Deserialize)]
pub struct SnapshotItems<'a> {
    /// Which part this is, from 0.
    pub part: u32,
    /// How many parts the snapshot has.
    pub parts: u32,
    /// The items as they were given.
    #[serde(borrow)]
    pub state: Vec<&'a RawValue>,
}

/// One part of a snapshot, as written (`FORMAT.md` §10).
#[derive(Serialize)]
pub(crate) struct SnapshotPart<'a, L> {
    event: &'static str,
    part: usize,
    parts: usize,
    #[serde(flatten)]
    log: Option<&'a L>,
    state: Vec<&'a RawValue>,
}

/// The `event` of a snapshot.
pub(crate) const SNAPSHOT: &str = "snapshot";

/// Which of how many parts of a snapshot a record is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) part: u32,
    pub(crate) parts: u32,
}

/// Reads that; `None` when the record is no snapshot.
pub(crate) fn part_of(record: &Record<'_>) -> Option<Part> {
    #[derive(Deserialize)]
    struct Stated<'a> {
        #[serde(borrow)]
        event: Cow<'a, str>,
        part: u32,
        parts: u32,
    }
    let Stated { event, part, parts } = serde_json::from_slice(record.metadata()).ok()?;
    (event == SNAPSHOT && part < parts).then_some(Part { part, parts })
}

/// The metadata of the records of one snapshot; what is known of the log goes into the first.
pub(crate) fn parts<L: Serialize>(
    log: &L,
    items: &[Box<RawValue>],
) -> serde_json::Result<Vec<Vec<u8>>> {
    let mut groups: Vec<Vec<&RawValue>> = vec![Vec::new()];
    let mut bytes = 0;
    for item in items {
        bytes += item.get().len();
        if bytes > PART_BYTES {
            bytes = item.get().len();
            groups.push(Vec::new());
        }
        groups.last_mut().into_iter().for_each(|group| group.push(item));
    }
    let parts = groups.len();
    let part = |(part, state)| {
        let log = (part == 0).then_some(log);
        serde_json::to_vec(&SnapshotPart { event: SNAPSHOT, part, parts, log, state })
    };
    groups.into_iter().enumerate().map(part).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Serialize)]
    struct Known {
        size: u64,
    }

    fn item(bytes: usize) -> Box<RawValue> {
        RawValue::from_string(format!("\"{}\"", "x".repeat(bytes))).unwrap()
    }

    #[test]
    fn a_large_state_is_parted_and_nothing_of_it_lost() {
        let items: Vec<_> = (0..100).map(|_| item(MAX_ITEM_BYTES - 2)).collect();
        let parts = parts(&Known { size: 3 }, &items).unwrap();
        assert!(parts.len() > 10);
        let mut found = 0;
        for (index, part) in parts.iter().enumerate() {
            assert!(part.len() < crate::format::header::MAX_METADATA_BYTES);
            let read: SnapshotItems<'_> = serde_json::from_slice(part).unwrap();
            assert_eq!(read.part as usize, index);
            assert_eq!(String::from_utf8_lossy(part).contains("\"size\":3"), index == 0);
            found += read.state.len();
        }
        assert_eq!(found, 100);
        assert_eq!(super::parts(&Known { size: 0 }, &[]).unwrap().len(), 1, "no state, one part");
    }
}
