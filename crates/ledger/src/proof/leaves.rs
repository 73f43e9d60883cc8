//! The nodes of a tree whose leaves pass by once, in order: for proofs from journal files alone.
//!
//! Kept are the leaves of those tiles that somebody wants to prove something about, and of every
//! tile its root: 32 bytes for 256 records.

use std::collections::BTreeMap;

use super::nodes::{Nodes, fold};
use crate::format::hash::Hash;
use crate::format::tree::{Frontier, leaf};

/// A tile has 2^`TILE_LEVELS` leaves.
const TILE_LEVELS: u32 = 8;
const TILE_LEAVES: u64 = 1 << TILE_LEVELS;

/// What is kept of the leaves that have passed.
pub(crate) struct Leaves {
    base: Frontier,
    next: u64,
    /// Of the tile that is not full yet.
    open: Vec<Hash>,
    wanted: bool,
    /// Leaves by the sequence of their first.
    kept: BTreeMap<u64, Vec<Hash>>,
    /// Roots of whole tiles, by their number.
    roots: BTreeMap<u64, Hash>,
}

impl Leaves {
    /// Behind `base`.
    pub(crate) fn new(base: Frontier) -> Self {
        let next = base.size();
        // Of a tile that begins before the base there is no root.
        let wanted = !next.is_multiple_of(TILE_LEAVES);
        let (kept, roots) = (BTreeMap::new(), BTreeMap::new());
        Self { base, next, open: Vec::new(), wanted, kept, roots }
    }

    /// Takes the next record; one that is `wanted` can be proven later.
    pub(crate) fn push(&mut self, record_hash: Hash, wanted: bool) {
        self.open.push(leaf(record_hash));
        self.wanted |= wanted;
        self.next += 1;
        if self.next.is_multiple_of(TILE_LEAVES) {
            self.end_tile();
        }
    }

    fn end_tile(&mut self) {
        let leaves = std::mem::take(&mut self.open);
        let first = self.next - leaves.len() as u64;
        if leaves.len() as u64 == TILE_LEAVES
            && let Some(root) = fold(leaves.clone())
        {
            self.roots.insert(first >> TILE_LEVELS, root);
        }
        if std::mem::take(&mut self.wanted) {
            self.kept.insert(first, leaves);
        }
    }

    /// The first record that has passed, or would.
    pub(crate) fn first(&self) -> u64 {
        self.base.size()
    }

    /// Leaves of one tile.
    fn leaves(&self, first: u64, count: u64) -> Option<&[Hash]> {
        let opened_at = self.next - self.open.len() as u64;
        let (start, leaves) = match first >= opened_at {
            true => (opened_at, &self.open),
            false => self.kept.range(..=first).next_back().map(|(start, kept)| (*start, kept))?,
        };
        let from = usize::try_from(first - start).ok()?;
        leaves.get(from..from.checked_add(usize::try_from(count).ok()?)?)
    }
}

impl Nodes for Leaves {
    fn base(&self) -> &Frontier {
        &self.base
    }

    fn complete(&self, level: u32, index: u64) -> Option<Hash> {
        let Some(above) = level.checked_sub(TILE_LEVELS) else {
            return fold(self.leaves(index << level, 1 << level)?.to_vec());
        };
        let tiles = index << above..(index + 1) << above;
        let roots: Vec<Hash> = self.roots.range(tiles.clone()).map(|(_, root)| *root).collect();
        fold(roots).filter(|_| self.roots.range(tiles).count() == 1 << above)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::checkpoint::Head;
    use crate::proof::{inclusion, verify_inclusion};

    fn record(sequence: u64) -> Hash {
        Hash::of(&[&sequence.to_be_bytes()])
    }

    fn tree(size: u64) -> Frontier {
        let mut tree = Frontier::default();
        (0..size).for_each(|sequence| tree.push(record(sequence)));
        tree
    }

    #[test]
    fn what_was_wanted_is_proven_and_the_rest_is_not_kept() {
        for (base, size) in [(0, 1), (0, 256), (0, 1300), (5, 700), (255, 600), (512, 2000)] {
            let wanted = [base, base + 1, (base + size) / 2, size - 1];
            let mut leaves = Leaves::new(tree(base));
            (base..size).for_each(|at| leaves.push(record(at), wanted.contains(&at)));
            assert!(leaves.kept.len() <= wanted.len() + 1);
            let head = Head { size, root: tree(size).root() };
            for sequence in wanted.into_iter().filter(|sequence| *sequence < size) {
                let hashes = inclusion(&leaves, sequence, size).unwrap();
                let proven = verify_inclusion(record(sequence), sequence, &hashes, head);
                assert_eq!(proven, Ok(()), "{sequence} of {base} to {size}");
            }
        }
        let mut leaves = Leaves::new(tree(0));
        (0..1000).for_each(|at| leaves.push(record(at), at == 700));
        assert_eq!(inclusion(&leaves, 3, 1000), None, "not asked for");
    }
}
