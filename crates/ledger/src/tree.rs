//! The Merkle tree of RFC 6962 §2.1 over record hashes, kept as its frontier.
//!
//! Only the roots of the full subtrees are held (at most 64 hashes), so that appending costs two
//! hashes on average and memory does not grow with the log.

use crate::hash::Hash;

/// Roots of the full subtrees, largest first: one for each set bit of `size`.
#[derive(Clone, Debug, Default)]
pub(crate) struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// Number of leaves.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// A tree of which only this is known; `None` when the number of roots is not that of `size`.
    pub(crate) fn from_parts(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        (peaks.len() == size.count_ones() as usize).then_some(Self { size, peaks })
    }

    pub(crate) fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    pub(crate) fn push(&mut self, record_hash: Hash) {
        let mut node = Hash::of(&[&[0x00], &record_hash.0]);
        // Each trailing one bit of the size is a full subtree that the new leaf completes.
        for _ in 0..self.size.trailing_ones() {
            if let Some(left) = self.peaks.pop() {
                node = join(left, node);
            }
        }
        self.peaks.push(node);
        self.size += 1;
    }

    pub(crate) fn root(&self) -> Hash {
        let from_the_right = self.peaks.iter().rev().copied();
        from_the_right.reduce(|right, left| join(left, right)).unwrap_or_else(|| Hash::of(&[]))
    }
}

fn join(left: Hash, right: Hash) -> Hash {
    Hash::of(&[&[0x01], &left.0, &right.0])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The recursive definition of RFC 6962 §2.1.
    fn defined(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Hash::of(&[]),
            [one] => Hash::of(&[&[0x00], &one.0]),
            many => {
                let split = (many.len().next_power_of_two()) / 2;
                join(defined(&many[..split]), defined(&many[split..]))
            }
        }
    }

    #[test]
    fn the_frontier_has_the_root_of_the_definition_at_every_size() {
        let leaves: Vec<Hash> = (0u8..70).map(|n| Hash::of(&[&[n]])).collect();
        let mut frontier = Frontier::default();
        assert_eq!(frontier.root(), defined(&[]));
        for (index, leaf) in leaves.iter().enumerate() {
            frontier.push(*leaf);
            assert_eq!(frontier.root(), defined(&leaves[..=index]), "size {}", index + 1);
        }
        assert_eq!(frontier.size(), 70);
    }

    #[test]
    fn the_empty_root_is_that_of_rfc_6962() {
        let known = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Frontier::default().root().to_string(), known);
    }
}
