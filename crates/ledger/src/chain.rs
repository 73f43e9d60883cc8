//! The chain's state between records: what the next one has to be. Shared by writer and checker.

use crate::checkpoint::Head;
use crate::entry::Kind;
use crate::error::Damage;
use crate::hash::{Hash, LogId};
use crate::record::Record;
use crate::tree::Frontier;

/// Everything the next record depends on.
#[derive(Clone, Debug)]
pub(crate) struct Chain {
    log_id: LogId,
    previous_hash: Hash,
    time_us: u64,
    tree: Frontier,
}

impl Chain {
    /// A log without records.
    pub(crate) fn new(log_id: LogId) -> Self {
        let tree = Frontier::default();
        Self { log_id, previous_hash: Hash::genesis(log_id), time_us: 0, tree }
    }

    pub(crate) fn log_id(&self) -> LogId {
        self.log_id
    }

    /// Sequence number of the next record.
    pub(crate) fn next_sequence(&self) -> u64 {
        self.tree.size()
    }

    pub(crate) fn previous_hash(&self) -> Hash {
        self.previous_hash
    }

    /// Time of the last record, in microseconds.
    pub(crate) fn time_us(&self) -> u64 {
        self.time_us
    }

    /// The tree over all records so far.
    pub(crate) fn tree(&self) -> &Frontier {
        &self.tree
    }

    pub(crate) fn head(&self) -> Head {
        Head { size: self.tree.size(), root: self.tree.root() }
    }

    /// Takes a record that the writer made from this very state.
    pub(crate) fn extend(&mut self, record_hash: Hash, time_us: u64) {
        self.previous_hash = record_hash;
        self.time_us = time_us;
        self.tree.push(record_hash);
    }

    /// Takes a stored record, if it is the next one and unharmed.
    pub(crate) fn accept(&mut self, record: &Record<'_>) -> Result<(), Damage> {
        if record.kind() == Kind::SigningKeyRotation {
            return Err(Damage::Rotation);
        }
        if record.sequence() != self.next_sequence() {
            return Err(Damage::Sequence { found: record.sequence() });
        }
        if record.log_id() != self.log_id {
            return Err(Damage::LogId);
        }
        if record.previous_hash() != self.previous_hash {
            return Err(Damage::PreviousHash);
        }
        if record.time_us() < self.time_us {
            return Err(Damage::Time);
        }
        record.check_body()?;
        self.extend(record.record_hash(), record.time_us());
        Ok(())
    }
}
