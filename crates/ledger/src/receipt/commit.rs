//! One commit as its receipts share it: enough to prove each of its records without the log.

use std::sync::OnceLock;

use crate::format::checkpoint::Checkpoint;
use crate::format::hash::{Hash, LogId};
use crate::format::note_key::VerifyingKey;
use crate::format::tree::{Frontier, join, leaf};
use crate::proof::{InclusionProof, Nodes, ProofError, inclusion};

/// The tree before a commit, the records in it, and what was signed at its end.
#[derive(Debug)]
pub(crate) struct Commit {
    pub(crate) log_id: LogId,
    pub(crate) key: VerifyingKey,
    pub(crate) checkpoint: Checkpoint,
    pub(crate) before: Frontier,
    pub(crate) record_hashes: Vec<Hash>,
    /// Made when a proof is asked for first, and shared by all after it.
    pub(crate) levels: OnceLock<Vec<Level>>,
}

/// The complete subtrees of one size within the commit.
#[derive(Debug)]
pub(crate) struct Level {
    /// The number of the first among all of this size in the log.
    first: u64,
    nodes: Vec<Hash>,
}

impl Commit {
    /// That the record `sequence` of this commit is under its checkpoint.
    pub(crate) fn proof(
        &self,
        sequence: u64,
        record_hash: Hash,
    ) -> Result<InclusionProof, ProofError> {
        let size = self.checkpoint.head.size;
        let hashes = inclusion(self, sequence, size).ok_or(ProofError::Unknown { size })?;
        let (checkpoint, key) = (self.checkpoint.clone(), self.key.clone());
        InclusionProof::new(sequence, record_hash, hashes, checkpoint, key)
            .map_err(ProofError::View)
    }

    fn levels(&self) -> &[Level] {
        self.levels.get_or_init(|| {
            let nodes = self.record_hashes.iter().map(|hash| leaf(*hash)).collect();
            let leaves = Level { first: self.before.size(), nodes };
            std::iter::successors(Some(leaves), Level::above).collect()
        })
    }
}

impl Level {
    /// `None` when no two of the nodes belong together.
    fn above(&self) -> Option<Self> {
        // A node with an odd number has its left sibling before the commit.
        let own = self.nodes.get((self.first & 1) as usize..)?;
        let pairs = own.as_chunks::<2>().0.iter();
        let nodes: Vec<Hash> = pairs.map(|[left, right]| join(*left, *right)).collect();
        (!nodes.is_empty()).then_some(Self { first: self.first.div_ceil(2), nodes })
    }
}

impl Nodes for Commit {
    fn base(&self) -> &Frontier {
        &self.before
    }

    fn complete(&self, level: u32, index: u64) -> Option<Hash> {
        let level = self.levels().get(level as usize)?;
        let index = index.checked_sub(level.first)?;
        level.nodes.get(usize::try_from(index).ok()?).copied()
    }
}
