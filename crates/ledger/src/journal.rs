//! The journal's writing end: one open segment, appended and synced, rotated between commits.

use std::sync::Arc;

use crate::error::StoreError;
use crate::storage::{Segment, SegmentFile, Storage};
use crate::walk::Tail;

/// Owned by the one appender.
pub(crate) struct Journal {
    storage: Arc<dyn Storage>,
    segment: Segment,
    file: Box<dyn SegmentFile>,
    length: u64,
    segment_bytes: u64,
}

impl Journal {
    /// Goes on where `tail` ends, after cutting what was not acknowledged; begins a journal
    /// without one.
    pub(crate) fn resume(
        storage: Arc<dyn Storage>,
        tail: Option<&Tail>,
        segment_bytes: u64,
    ) -> Result<Self, StoreError> {
        let Some(tail) = tail else {
            let segment = Segment(0);
            let file = create(&*storage, segment)?;
            return Ok(Self { storage, segment, file, length: 0, segment_bytes });
        };
        let mut file = storage.open(tail.segment).map_err(StoreError::at("open segment"))?;
        if tail.unacknowledged_bytes > 0 {
            file.truncate(tail.committed_bytes).map_err(StoreError::at("truncate segment"))?;
            file.sync().map_err(StoreError::at("sync segment"))?;
        }
        let (segment, length) = (tail.segment, tail.committed_bytes);
        Ok(Self { storage, segment, file, length, segment_bytes })
    }

    /// Where the next commit will stand. A full segment is left for a new one, named by `sequence`.
    pub(crate) fn place(&mut self, sequence: u64) -> Result<(Segment, u64), StoreError> {
        if self.length >= self.segment_bytes {
            self.segment = Segment(sequence);
            self.file = create(&*self.storage, self.segment)?;
            self.length = 0;
        }
        Ok((self.segment, self.length))
    }

    /// One write, one sync. After an error nothing may be written any more: what the kernel
    /// dropped cannot be synced by trying again.
    pub(crate) fn commit(&mut self, frames: &[u8]) -> Result<(), StoreError> {
        self.file.append(frames).map_err(StoreError::at("append to segment"))?;
        self.file.sync().map_err(StoreError::at("sync segment"))?;
        self.length += frames.len() as u64;
        Ok(())
    }
}

/// A new segment is durable with its name before anything stands in it.
fn create(storage: &dyn Storage, segment: Segment) -> Result<Box<dyn SegmentFile>, StoreError> {
    let mut file = storage.create(segment).map_err(StoreError::at("create segment"))?;
    file.sync().map_err(StoreError::at("sync segment"))?;
    storage.sync_directory().map_err(StoreError::at("sync journal directory"))?;
    Ok(file)
}
