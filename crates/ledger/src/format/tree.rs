//! The Merkle tree of RFC 6962 §2.1 over record hashes, kept as its frontier.
//!
//! Only the roots of the full subtrees are held (at most 64 hashes), so that appending costs two
//! hashes on average and memory does not grow with the log.

use std::ops::Range;

use crate::format::hash::Hash;

/// Roots of the full subtrees, largest first: one for each set bit of `size`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Frontier {
    size: u64,
    peaks: Vec<Hash>,
}

impl Frontier {
    /// The tree of `size` leaves with these peaks; `None` when the size asks for another number.
    pub(crate) fn from_parts(size: u64, peaks: Vec<Hash>) -> Option<Self> {
        (peaks.len() == size.count_ones() as usize).then_some(Self { size, peaks })
    }

    /// Number of leaves.
    pub(crate) fn size(&self) -> u64 {
        self.size
    }

    /// One for each set bit of the size, largest first.
    pub(crate) fn peaks(&self) -> &[Hash] {
        &self.peaks
    }

    /// The peak over exactly the leaves `span`.
    pub(crate) fn peak(&self, span: &Range<u64>) -> Option<Hash> {
        let bit = span.end.checked_sub(span.start).filter(|leaves| leaves.is_power_of_two())?;
        let before = self.size & !(bit | (bit - 1));
        let is_peak = self.size & bit != 0 && span.start == before;
        self.peaks.get(before.count_ones() as usize).copied().filter(|_| is_peak)
    }

    pub(crate) fn push(&mut self, record_hash: Hash) {
        let mut node = leaf(record_hash);
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

/// The leaf of a record.
pub(crate) fn leaf(record_hash: Hash) -> Hash {
    Hash::of(&[&[0x00], &record_hash.0])
}

/// The node over two subtrees.
pub(crate) fn join(left: Hash, right: Hash) -> Hash {
    Hash::of(&[&[0x01], &left.0, &right.0])
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The recursive definition of RFC 6962 §2.1.
    fn defined(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Hash::of(&[]),
            [one] => leaf(*one),
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
    fn peaks_are_found_by_their_leaves_and_by_no_others() {
        let leaves: Vec<Hash> = (0u8..13).map(|n| Hash::of(&[&[n]])).collect();
        let mut frontier = Frontier::default();
        leaves.iter().for_each(|leaf| frontier.push(*leaf));
        let spans = (0..14).flat_map(|start| (start..14).map(move |end| start..end));
        let peaks: Vec<_> = spans.filter_map(|span| Some((frontier.peak(&span)?, span))).collect();
        let expected = [0..8, 8..12, 12..13].map(|span: Range<u64>| {
            (defined(&leaves[span.start as usize..span.end as usize]), span)
        });
        assert_eq!(peaks, expected);
        let again = Frontier::from_parts(13, frontier.peaks().to_vec());
        assert_eq!(again, Some(frontier));
        assert_eq!(Frontier::from_parts(4, Vec::new()), None);
    }

    #[test]
    fn the_empty_root_is_that_of_rfc_6962() {
        let known = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
        assert_eq!(Frontier::default().root().to_string(), known);
    }
}
