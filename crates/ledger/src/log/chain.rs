//! The chain's state between records: what the next one has to be. Shared by writer and checker.

use crate::format::checkpoint::Head;
use crate::format::damage::Damage;
use crate::format::hash::{Hash, LogId};
use crate::format::record::Record;
use crate::format::tree::Frontier;

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

    /// A log whose records up to `tree` are known by their tree alone.
    pub(crate) fn resume(log_id: LogId, previous_hash: Hash, time_us: u64, tree: Frontier) -> Self {
        Self { log_id, previous_hash, time_us, tree }
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

    /// Roots of the full subtrees, largest first.
    pub(crate) fn peaks(&self) -> &[Hash] {
        self.tree.peaks()
    }

    /// The tree over all records so far.
    pub(crate) fn tree(&self) -> &Frontier {
        &self.tree
    }

    pub(crate) fn head(&self) -> Head {
        Head { size: self.tree.size(), root: self.tree.root() }
    }

    /// Takes a record that follows.
    pub(crate) fn extend(&mut self, record_hash: Hash, time_us: u64) {
        self.previous_hash = record_hash;
        self.time_us = time_us;
        self.tree.push(record_hash);
    }

    /// Whether this chain, as its next record claims it, is what `before` came to.
    pub(crate) fn follows(&self, before: &Self) -> Result<(), Damage> {
        if self.log_id != before.log_id {
            return Err(Damage::LogId);
        }
        if self.previous_hash != before.previous_hash {
            return Err(Damage::PreviousHash);
        }
        if self.time_us < before.time_us {
            return Err(Damage::Time);
        }
        Ok(())
    }

    /// Whether a stored record is the next one. Looks at its header alone.
    pub(crate) fn check(&self, record: &Record<'_>) -> Result<(), Damage> {
        if record.sequence() != self.next_sequence() {
            return Err(Damage::Sequence { found: record.sequence() });
        }
        // Behind it the log would have more records than a size can say.
        if record.sequence() == u64::MAX {
            return Err(Damage::Length);
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
        Ok(())
    }
}
