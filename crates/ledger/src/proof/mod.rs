//! Proofs over the log's tree, checked without the log: that a record is in it (RFC 6962 §2.1.1),
//! and that one size of it is the beginning of another (§2.1.2).
//!
//! What is proven is a value: an [`InclusionProof`] is made by the ledger or read from a text whose
//! path and signature held, so whoever has one need not check it again.

mod consistency;
mod descent;
mod error;
mod inclusion;
mod leaves;
mod nodes;
#[cfg(test)]
mod tests;
mod text;
#[cfg(test)]
mod vectors;

use crate::format::checkpoint::Checkpoint;
use crate::format::hash::Hash;
use crate::format::note_key::VerifyingKey;

pub(crate) use self::consistency::consistency;
pub use self::consistency::verify_consistency;
pub use self::error::{ProofError, ProofFault};
pub(crate) use self::inclusion::inclusion;
pub use self::inclusion::verify_inclusion;
pub(crate) use self::leaves::Leaves;
pub(crate) use self::nodes::{Nodes, fold};
pub(crate) use self::text::ProofText;

/// That a record is in the log that a checkpoint speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InclusionProof {
    sequence: u64,
    record_hash: Hash,
    hashes: Vec<Hash>,
    checkpoint: Checkpoint,
    key: VerifyingKey,
}

impl InclusionProof {
    /// Checks that the path leads from the record to the root of the checkpoint, which `key` has
    /// signed: the caller signed it, or has verified it.
    pub(crate) fn new(
        sequence: u64,
        record_hash: Hash,
        hashes: Vec<Hash>,
        checkpoint: Checkpoint,
        key: VerifyingKey,
    ) -> Result<Self, ProofFault> {
        verify_inclusion(record_hash, sequence, &hashes, checkpoint.head)?;
        Ok(Self { sequence, record_hash, hashes, checkpoint, key })
    }

    /// Place of the record in the log, from 0.
    pub fn sequence(&self) -> u64 {
        self.sequence
    }

    /// The record's hash.
    pub fn record_hash(&self) -> Hash {
        self.record_hash
    }

    /// The siblings on the way from the leaf to the root.
    pub fn hashes(&self) -> &[Hash] {
        &self.hashes
    }

    /// Size and root that the record is under.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Who signed the checkpoint.
    pub fn key(&self) -> &VerifyingKey {
        &self.key
    }
}
