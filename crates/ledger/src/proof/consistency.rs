//! Consistency proofs, RFC 6962 §2.1.2: that an older log is the beginning of a newer one.

use super::descent::{Side, descend};
use super::error::ProofFault;
use super::nodes::Nodes;
use crate::format::checkpoint::Head;
use crate::format::hash::Hash;
use crate::format::tree::{Frontier, join};

/// The proof that the tree of `from` records is the beginning of that of `to`; `None` when a node
/// is missing. Empty when `from` is 0 or `to`.
pub(crate) fn consistency(nodes: &impl Nodes, from: u64, to: u64) -> Option<Vec<Hash>> {
    let Some(last) = from.checked_sub(1) else {
        return Some(Vec::new());
    };
    let (steps, span) = descend(last, to, |span| span.end == from);
    // The verifier has the root of the older tree, so it need not be said when it is a node.
    let own = (span.start > 0).then_some(&span);
    let siblings = steps.iter().rev().map(|step| &step.sibling);
    own.into_iter().chain(siblings).map(|span| nodes.root(span)).collect()
}

/// Checks that the log with the head `from` is the beginning of the one with the head `to`.
pub fn verify_consistency(from: Head, to: Head, hashes: &[Hash]) -> Result<(), ProofFault> {
    if from.size > to.size {
        return Err(ProofFault::Size);
    }
    let Some(last) = from.size.checked_sub(1) else {
        let empty = from.root == Frontier::default().root();
        return check(hashes.is_empty(), empty && (to.size > 0 || to.root == from.root));
    };
    let (steps, span) = descend(last, to.size, |span| span.end == from.size);
    let (node, siblings) = match span.start {
        0 => (from.root, hashes),
        _ => hashes.split_first().map(|(own, rest)| (*own, rest)).ok_or(ProofFault::Length)?,
    };
    let upwards = steps.iter().rev().zip(siblings);
    let (old, new) = upwards.fold((node, node), |(old, new), (step, sibling)| match step.side {
        Side::Left => (old, join(new, *sibling)),
        Side::Right => (join(*sibling, old), join(*sibling, new)),
    });
    check(steps.len() == siblings.len(), old == from.root && new == to.root)
}

fn check(length: bool, root: bool) -> Result<(), ProofFault> {
    match (length, root) {
        (false, _) => Err(ProofFault::Length),
        (true, false) => Err(ProofFault::Root),
        (true, true) => Ok(()),
    }
}
