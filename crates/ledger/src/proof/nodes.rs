//! Where the nodes of the tree come from, for whoever makes a proof.

use std::ops::Range;

use super::descent::split;
use crate::format::hash::Hash;
use crate::format::tree::{Frontier, join};

/// A source of nodes. It may begin late in the log: what lies before is known by its peaks only.
pub(crate) trait Nodes {
    /// The tree before the first leaf that the source has.
    fn base(&self) -> &Frontier;

    /// Root of the complete subtree with the number `index` among those of 2^`level` leaves, which
    /// lies wholly behind the base. `None` when the source has not come that far.
    fn complete(&self, level: u32, index: u64) -> Option<Hash>;

    /// Root of the tree over the leaves `span`, a span that [`split`] arrives at.
    fn root(&self, span: &Range<u64>) -> Option<Hash> {
        if span.start >= self.base().size() && is_complete(span) {
            let level = (span.end - span.start).ilog2();
            return self.complete(level, span.start >> level);
        }
        if let Some(peak) = self.base().peak(span) {
            return Some(peak);
        }
        // Of what was dropped before the base only the peaks are left.
        let middle = split(span).filter(|_| span.end > self.base().size())?;
        Some(join(self.root(&(span.start..middle))?, self.root(&(middle..span.end))?))
    }
}

/// Root of the complete subtree over `hashes`, the roots of its parts; a power of two of them.
pub(crate) fn fold(mut hashes: Vec<Hash>) -> Option<Hash> {
    while hashes.len() > 1 {
        let pairs = hashes.as_chunks::<2>().0.iter();
        hashes = pairs.map(|[left, right]| join(*left, *right)).collect();
    }
    hashes.pop()
}

fn is_complete(span: &Range<u64>) -> bool {
    (span.end - span.start).is_power_of_two()
}
