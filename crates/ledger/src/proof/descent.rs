//! The way down the tree of RFC 6962 §2.1 to one leaf: what makers and checkers of proofs share.
//!
//! Both kinds of proof are the siblings along such a way, so a checker needs no arithmetic of its
//! own: it goes down the same steps and folds the hashes back up.

use std::ops::Range;

/// Which half of a subtree the way takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Left,
    Right,
}

/// One step down.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Step {
    pub(crate) side: Side,
    /// The leaves of the half that is not taken.
    pub(crate) sibling: Range<u64>,
}

/// The steps from the root of `size` leaves towards `leaf`, down to the first subtree that ends
/// where `stop` says or is a leaf, and the leaves of that subtree.
pub(crate) fn descend(
    leaf: u64,
    size: u64,
    stop: impl Fn(&Range<u64>) -> bool,
) -> (Vec<Step>, Range<u64>) {
    let (mut steps, mut span) = (Vec::new(), 0..size);
    while let Some(middle) = split(&span).filter(|_| !stop(&span)) {
        let (left, right) = (span.start..middle, middle..span.end);
        let (side, taken, sibling) = match leaf < middle {
            true => (Side::Left, left, right),
            false => (Side::Right, right, left),
        };
        steps.push(Step { side, sibling });
        span = taken;
    }
    (steps, span)
}

/// Where the leaves of a subtree are split: after the largest power of two that is smaller than
/// their number. `None` for a leaf.
pub(crate) fn split(span: &Range<u64>) -> Option<u64> {
    let last = (span.end - span.start).checked_sub(1)?;
    Some(span.start + (1 << last.checked_ilog2()?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spans_split_after_the_largest_smaller_power_of_two() {
        assert_eq!(split(&(0..1)), None);
        assert_eq!(split(&(0..2)), Some(1));
        assert_eq!(split(&(8..15)), Some(12));
        assert_eq!(split(&(8..16)), Some(12));
        assert_eq!(split(&(0..u64::MAX)), Some(1 << 63));
    }
}
