//! What a start looks at of the segments that it does not read: whether each is there and ends
//! where the next begins. A segment that is missing, cut, grown or of another history shows at its
//! edges; what was changed in the middle only a verification of the whole log finds.

use std::io::Read;
use std::sync::Arc;

use crate::format::checkpoint::{Checkpoint, Head};
use crate::format::damage::{Damage, Fault, ReadError};
use crate::format::frame::{CHECKPOINT_HEADER_BYTES, CHECKPOINT_MAGIC, MAX_NOTE_BYTES};
use crate::format::segment::Segment;
use crate::log::Log;
use crate::log::trust::Trust;
use crate::storage::Storage;
use crate::walk::Walker;
use crate::walk::scope::Scope;

/// Checks the segments of `log` up to `replayed`, from which on a start has read everything.
pub(crate) fn check(
    storage: &Arc<dyn Storage>,
    log: &Log,
    replayed: Segment,
) -> Result<(), ReadError> {
    let mut segments = storage.list()?;
    segments.retain(|segment| segment.0 >= log.story.first_sequence && *segment <= replayed);
    for pair in segments.windows(2) {
        let [older, next] = pair else { continue };
        let began = beginning(storage, *next)?;
        let fault = |segment: Segment, what| Fault { segment, offset: 0, sequence: next.0, what };
        if began.as_ref().is_none_or(|began| began.chain.log_id() != log.chain.log_id()) {
            return Err(fault(*next, Damage::LogId).into());
        }
        let end = end_of(&**storage, *older, log)?;
        let end = end.ok_or_else(|| fault(*older, Damage::Unfinished))?;
        if end.size != next.0 {
            return Err(fault(*older, Damage::SegmentGap { found: *next }).into());
        }
        if began.is_none_or(|began| began.chain.head() != end) {
            return Err(fault(*next, Damage::Snapshot).into());
        }
    }
    // The one before which nothing is compared.
    segments.first().map_or(Ok(()), |first| beginning(storage, *first).map(drop))
}

/// The log as the first commit of `segment` takes it up; the commit itself holds.
fn beginning(storage: &Arc<dyn Storage>, segment: Segment) -> Result<Option<Log>, ReadError> {
    let scope = Scope::whole(&**storage)?.only(segment);
    let mut walker = Walker::over(Arc::clone(storage), Trust::FirstUse, scope);
    walker.advance()?;
    Ok(walker.began().cloned())
}

/// What the checkpoint at the very end of `segment` says, if it is signed by a key of `log`.
fn end_of(storage: &dyn Storage, segment: Segment, log: &Log) -> Result<Option<Head>, ReadError> {
    let longest = CHECKPOINT_HEADER_BYTES as u64 + u64::from(MAX_NOTE_BYTES);
    let from = storage.length(segment)?.saturating_sub(longest);
    let mut bytes = Vec::new();
    storage.read(segment, from)?.take(longest).read_to_end(&mut bytes)?;
    let frames = (0..bytes.len()).filter_map(|at| bytes.get(at..)).filter(|rest| is_frame(rest));
    let signed = |frame: &[u8]| {
        let read = |(key, _)| Checkpoint::decode(frame, key).ok();
        log.story.keys().rev().find_map(read)
    };
    Ok(frames.filter_map(signed).map(|checkpoint| checkpoint.head).next())
}

/// Whether these bytes are a checkpoint's frame, neither more nor less.
fn is_frame(bytes: &[u8]) -> bool {
    let note = bytes.strip_prefix(CHECKPOINT_MAGIC.as_slice()).and_then(<[u8]>::split_first_chunk);
    note.is_some_and(|(length, note)| u32::from_be_bytes(*length) as usize == note.len())
}
