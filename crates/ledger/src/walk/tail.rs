//! What stands behind the last commit that held: a tail that a start may cut, or corruption
//! (`FORMAT.md` §7).

use super::Walker;
use super::blame::name_disorder;
use super::commit::MAX_COMMIT_BYTES;
use crate::format::checkpoint::Checkpoint;
use crate::format::damage::{Damage, Fault, ReadError};
use crate::format::frame::{MAX_FRAME_BYTES, is_cut};
use crate::format::segment::Segment;
use crate::format::window::Zeros;
use crate::log::Log;

/// What is looked at behind a commit. The frame that does not hold begins within a commit's bound,
/// so where more follows it is not cut.
const MAX_REST_BYTES: usize = MAX_COMMIT_BYTES + MAX_FRAME_BYTES;

/// Where the log ends; what follows there may be cut (`FORMAT.md` §7).
#[derive(Clone, Debug)]
pub(crate) struct Tail {
    pub(crate) segment: Segment,
    /// End of the last checkpoint that held.
    pub(crate) committed_bytes: u64,
    /// Bytes after it, zeros included.
    pub(crate) unacknowledged_bytes: u64,
    /// The segment before, and its length.
    pub(crate) previous: Option<(Segment, u64)>,
}

impl Walker {
    /// Decides what bytes that are no commit mean: a tail to be cut, or corruption. Zeros that
    /// reach to the end of the last segment stand for bytes that were never written.
    pub(super) fn settle(&mut self, damage: Damage) -> Result<(), ReadError> {
        let size = self.next_sequence();
        let sequence = size + self.commit.records.len() as u64;
        let at = self.commit.bytes;
        let Some((segment, mut window)) = self.open.take() else {
            return Ok(());
        };
        let (committed_bytes, offset) = (window.offset(), window.offset() + at as u64);
        let last = self.is_last_segment();
        let zeros = if last { Zeros::Unwritten } else { Zeros::Bytes };
        let unacknowledged_bytes = window.ensure_all(MAX_REST_BYTES, zeros)?;
        let damage = name_disorder(damage, window.from(at), sequence);
        let cut = is_cut(window.from(at));
        // Of two signatures a cut may leave the first.
        let key = self.commit.successor.as_ref().or(self.log.as_ref().map(Log::key));
        let key = key.or(self.trust.key());
        let whole_once = key.is_some_and(|key| Checkpoint::any_later(window.from(0), key, size));
        if !last || !cut || whole_once {
            let what = if cut { Damage::Unfinished } else { damage };
            return Err(Fault { segment, offset, sequence, what }.into());
        }
        self.tail =
            Some(Tail { segment, committed_bytes, unacknowledged_bytes, previous: self.previous });
        Ok(())
    }
}
