//! Inclusion proofs, RFC 6962 §2.1.1: the siblings from a leaf up to the root.

use super::descent::{Side, descend};
use super::error::ProofFault;
use super::nodes::Nodes;
use crate::format::checkpoint::Head;
use crate::format::hash::Hash;
use crate::format::tree::{join, leaf};

/// The proof that the record `sequence` is in the tree of `size` records; `None` when a node is
/// missing.
pub(crate) fn inclusion(nodes: &impl Nodes, sequence: u64, size: u64) -> Option<Vec<Hash>> {
    let (steps, _) = descend(sequence, size, |_| false);
    steps.iter().rev().map(|step| nodes.root(&step.sibling)).collect()
}

/// Checks that the record `sequence` with the hash `record_hash` is under `head`.
pub fn verify_inclusion(
    record_hash: Hash,
    sequence: u64,
    hashes: &[Hash],
    head: Head,
) -> Result<(), ProofFault> {
    if sequence >= head.size {
        return Err(ProofFault::Size);
    }
    let (steps, _) = descend(sequence, head.size, |_| false);
    if steps.len() != hashes.len() {
        return Err(ProofFault::Length);
    }
    let upwards = steps.iter().rev().zip(hashes);
    let root = upwards.fold(leaf(record_hash), |node, (step, sibling)| match step.side {
        Side::Left => join(node, *sibling),
        Side::Right => join(*sibling, node),
    });
    if root == head.root { Ok(()) } else { Err(ProofFault::Root) }
}
