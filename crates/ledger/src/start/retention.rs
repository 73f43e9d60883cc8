//! Dropping the past: whole segments, and the files of content that only they name. The record that
//! says so comes first, so that a crash leaves too much, never a silence; the next start goes on.

use std::io::Read;
use std::sync::Arc;

use tracing::{info, warn};

use crate::format::damage::ReadError;
use crate::format::header::{HEADER_BYTES, Header};
use crate::format::segment::Segment;
use crate::format::tree::Frontier;
use crate::log::trust::Trust;
use crate::start::error::RetainError;
use crate::storage::Storage;
use crate::walk::Walker;
use crate::walk::scope::Scope;
use crate::write::own::Retention;

/// Segments that always stay: a start reads so many.
const KEPT_SEGMENTS: usize = 2;

/// What may be dropped of everything before `before`: whole segments only. `None` when no segment
/// ends there or earlier.
pub(crate) fn plan(
    storage: &Arc<dyn Storage>,
    before: u64,
    reason: String,
) -> Result<Option<Retention>, RetainError> {
    let segments = storage.list().map_err(ReadError::from)?;
    let droppable = segments.len().saturating_sub(KEPT_SEGMENTS);
    let begins = segments.iter().skip(1).take(droppable);
    let Some(first) = begins.rev().copied().find(|segment| segment.0 <= before) else {
        return Ok(None);
    };
    let dropped = segments.iter().filter(|segment| **segment < first).count();
    Ok(Some(Retention {
        event: "retention",
        first_sequence: first.0,
        root: tree_before(storage, first)?.root(),
        segments: dropped,
        reason,
    }))
}

/// The first record of the last segment that began before `time_us`: all records before it are
/// older. `None` when no segment began before. Looks at one header a segment.
pub(crate) fn first_of_segment_before(
    storage: &dyn Storage,
    time_us: u64,
) -> Result<Option<u64>, ReadError> {
    for segment in storage.list()?.into_iter().rev() {
        let mut bytes = Vec::with_capacity(HEADER_BYTES);
        storage.read(segment, 0)?.take(HEADER_BYTES as u64).read_to_end(&mut bytes)?;
        // A segment that was only begun has no header yet, and is none to end at.
        if Header::decode(&bytes).is_ok_and(|first| first.time_us < time_us) {
            return Ok(Some(segment.0));
        }
    }
    Ok(None)
}

/// The tree before the first segment that there is.
pub(crate) fn base_of(storage: &Arc<dyn Storage>) -> Result<Frontier, ReadError> {
    match storage.list()?.first() {
        Some(first) if first.0 > 0 => tree_before(storage, *first),
        _ => Ok(Frontier::default()),
    }
}

/// The tree that the snapshot at the head of `segment` gives everything before it.
fn tree_before(storage: &Arc<dyn Storage>, segment: Segment) -> Result<Frontier, ReadError> {
    let scope = Scope::whole(&**storage)?.only(segment);
    let mut walker = Walker::over(Arc::clone(storage), Trust::FirstUse, scope);
    walker.advance()?;
    Ok(walker.began().map(|log| log.chain.tree().clone()).unwrap_or_default())
}

/// Drops every segment before `first_sequence`, oldest first, with the content it names. Tells how
/// many.
pub(crate) fn drop_before(
    storage: &Arc<dyn Storage>,
    first_sequence: u64,
) -> Result<usize, ReadError> {
    let scope = Scope::whole(&**storage)?;
    let mut dropped = 0;
    for segment in scope.segments.iter().copied().filter(|segment| segment.0 < first_sequence) {
        drop_content(storage, scope.clone().only(segment))?;
        storage.remove(segment)?;
        storage.sync_directory()?;
        dropped += 1;
    }
    if dropped > 0 {
        info!(segments = dropped, first_sequence, "old segments were dropped");
    }
    Ok(dropped)
}

/// A segment that cannot be read any more keeps its content files, and goes all the same.
fn drop_content(storage: &Arc<dyn Storage>, scope: Scope) -> Result<(), ReadError> {
    let mut walker = Walker::over(Arc::clone(storage), Trust::FirstUse, scope);
    loop {
        match walker.advance() {
            Ok(true) => {}
            Ok(false) => return Ok(()),
            Err(ReadError::Io(error)) => return Err(error.into()),
            Err(fault) => {
                warn!(%fault, "content files of a dropped segment are left behind");
                return Ok(());
            }
        }
        let external = walker.records().filter_map(|(_, _, record)| record.external());
        for content in external {
            storage.remove_content(content.hash)?;
        }
    }
}
