//! Where a record stands in the journal, and reading exactly that one: what an index built outside
//! of the ledger points to, such as the cache of answers.
//!
//! A place is only a hint. Whoever reads by it says which record must stand there by its hash, and
//! through the hash everything in the record is checked; no chain is walked for it.

use std::io::Read;

use crate::format::damage::{Fault, ReadError};
use crate::format::frame::Stop;
use crate::format::hash::Hash;
use crate::format::record::Record;
use crate::format::segment::Segment;
use crate::read::stored::StoredRecord;
use crate::storage::Storage;

/// Where a record stands in the journal. Only the ledger makes one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    pub(crate) segment: Segment,
    /// Of its first byte in the segment.
    pub(crate) offset: u64,
    /// Of the whole record.
    pub(crate) bytes: u32,
    pub(crate) sequence: u64,
}

impl Place {
    /// The record's position in the log, from 0.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    pub(crate) fn of(record: &Record<'_>, segment: Segment, offset: u64) -> Self {
        Self { segment, offset, bytes: record.stored_bytes(), sequence: record.sequence() }
    }

    /// Reads the record whose hash is `expected`. Blocks.
    pub(crate) fn read(
        self,
        storage: &dyn Storage,
        expected: Hash,
    ) -> Result<StoredRecord, ReadError> {
        let length = u64::from(self.bytes);
        let mut bytes = Vec::with_capacity(self.bytes as usize);
        storage.read(self.segment, self.offset)?.take(length).read_to_end(&mut bytes)?;
        StoredRecord::parse(bytes, expected, storage).map_err(|stop| match stop {
            Stop::Io(error) => error.into(),
            Stop::Damage(what) => {
                let Self { segment, offset, sequence, .. } = self;
                Fault { segment, offset, sequence, what }.into()
            }
        })
    }
}
