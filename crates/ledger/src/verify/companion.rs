//! What reads records while they are verified, such as an auditor's sums: the ledger knows what
//! records look like and leaves to others what they say.

use crate::format::record::Record;
use crate::format::segment::Segment;

/// Reads the records of a log beside the verifier, each segment on its own and several at a time.
pub trait Companion: Sync {
    /// What one segment says.
    type Part: Send;

    /// Before the first record of a segment.
    fn begin(&self, segment: Segment) -> Self::Part;

    /// The next record of the segment. Its commit holds.
    fn record(&self, part: &mut Self::Part, record: &Record<'_>);
}

/// Nothing is read.
impl Companion for () {
    type Part = ();

    fn begin(&self, _: Segment) {}

    fn record(&self, (): &mut (), _: &Record<'_>) {}
}
