//! What a caller gets when its record is durable, and what can be checked of it later.

mod check;
pub(crate) mod commit;
mod extract;
mod file;
mod journal;
mod reference;
#[cfg(test)]
mod vector;

use std::sync::Arc;

use crate::format::checkpoint::Checkpoint;
use crate::format::hash::Hash;
use crate::index::row::Row;
use crate::proof::{InclusionProof, ProofError};
use crate::read::place::Place;
use crate::receipt::commit::Commit;

pub use self::check::{ReceiptFault, RecordFault, Shown, ShownRecord};
pub(crate) use self::extract::Extract;
pub use self::file::{ReceiptError, ReceiptFile, ReceiptRecord};
pub use self::reference::Reference;

/// Proof that a record is durable: its place, its hash and the checkpoint that covers it.
///
/// Only the ledger makes one.
#[derive(Clone, Debug)]
pub struct Receipt {
    pub(crate) record_hash: Hash,
    pub(crate) time_us: u64,
    pub(crate) place: Place,
    pub(crate) commit: Arc<Commit>,
}

impl Receipt {
    /// The receipt of the record that `row` speaks of.
    pub(crate) fn new(row: &Row, commit: Arc<Commit>) -> Self {
        let Row { record_hash, time_us, .. } = *row;
        Self { record_hash, time_us, place: row.place(), commit }
    }

    /// The record's place in the log, from 0.
    pub fn sequence(&self) -> u64 {
        self.place.sequence
    }

    /// Where it stands, for [`Ledger::read`](crate::Ledger::read).
    pub fn place(&self) -> Place {
        self.place
    }

    /// When it was recorded: microseconds since 1970-01-01 UTC.
    pub fn time_us(&self) -> u64 {
        self.time_us
    }

    /// The record's hash.
    pub fn record_hash(&self) -> Hash {
        self.record_hash
    }

    /// The checkpoint that covers the record.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.commit.checkpoint
    }

    /// Number of records under the checkpoint.
    pub fn tree_size(&self) -> u64 {
        self.commit.checkpoint.head.size
    }

    /// Root of the tree of that size.
    pub fn root(&self) -> Hash {
        self.commit.checkpoint.head.root
    }

    /// The receipt as one header-safe word: a [`Reference`].
    pub fn reference(&self) -> String {
        let Commit { log_id, checkpoint, .. } = &*self.commit;
        let named = Reference::new(*log_id, self.sequence(), self.record_hash, checkpoint.clone());
        named.to_string()
    }

    /// That the record is under the checkpoint of its commit. The first receipt of a commit that is
    /// asked hashes all of it, a later one a few dozen nodes.
    pub fn inclusion_proof(&self) -> Result<InclusionProof, ProofError> {
        self.commit.proof(self.sequence(), self.record_hash)
    }
}
