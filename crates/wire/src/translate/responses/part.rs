//! What both directions must agree on, or a round trip would lose it.

/// Between the parts of a thought: it is one text here and may be several in a reasoning item.
pub(super) const BETWEEN_THOUGHTS: &str = "\n\n";
