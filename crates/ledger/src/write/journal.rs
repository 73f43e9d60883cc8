//! The journal's writing end: one open segment, appended and synced, rotated between commits.

use std::io;
use std::sync::Arc;

use crate::format::segment::Segment;
use crate::storage::{SegmentFile, Storage};
use crate::walk::Tail;
use crate::write::error::StoreError;

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
        let (segment, length) = match tail.previous {
            // A segment begins with a snapshot, a run with its open record: one that holds nothing
            // yet makes way for the run that is about to open.
            Some(previous) if tail.committed_bytes == 0 => {
                storage.remove(tail.segment).map_err(StoreError::at("remove empty segment"))?;
                previous
            }
            _ => (tail.segment, tail.committed_bytes),
        };
        // The process that made the segment may have ended before its name was durable.
        storage.sync_directory().map_err(StoreError::at("sync journal directory"))?;
        let mut file = storage.open(segment).map_err(StoreError::at("open segment"))?;
        if tail.unacknowledged_bytes > 0 && segment == tail.segment {
            file.truncate(length).map_err(StoreError::at("truncate segment"))?;
            file.sync().map_err(StoreError::at("sync segment"))?;
        }
        Ok(Self { storage, segment, file, length, segment_bytes })
    }

    /// Leaves a full segment for a new one, named by `sequence`.
    pub(crate) fn rotate_if_full(&mut self, sequence: u64) -> Result<(), StoreError> {
        if self.length >= self.segment_bytes {
            self.look()?;
            self.file = create(&*self.storage, Segment(sequence))?;
            self.segment = Segment(sequence);
            self.length = 0;
        }
        Ok(())
    }

    /// Where the next commit will stand.
    pub(crate) fn place(&self) -> (Segment, u64) {
        (self.segment, self.length)
    }

    /// Takes back what a failed write left, so that the journal ends at its last commit. Synced,
    /// or a power cut could leave the next commit's first bytes in front of what was taken back.
    pub(crate) fn undo(&mut self) -> Result<(), StoreError> {
        self.file.truncate(self.length).map_err(StoreError::at("truncate segment"))?;
        self.file.sync().map_err(StoreError::at("sync segment"))
    }

    /// One write, one sync. After an error nothing may be written any more: what the kernel
    /// dropped cannot be synced by trying again.
    pub(crate) fn commit(&mut self, frames: &[u8]) -> Result<(), StoreError> {
        self.file.append(frames).map_err(StoreError::at("append to segment"))?;
        self.file.sync().map_err(StoreError::at("sync segment"))?;
        self.length += frames.len() as u64;
        // Synced into a file without a name, it is lost all the same.
        self.file.displaced(self.length).map_or(Ok(()), |path| Err(StoreError::Lost(path)))
    }

    /// Whether folders and segment are still those that were opened.
    pub(crate) fn look(&self) -> Result<(), StoreError> {
        let displaced = self.storage.displaced().or_else(|| self.file.displaced(self.length));
        displaced.map_or(Ok(()), |path| Err(StoreError::Lost(path)))
    }
}

/// A new segment is durable with its name before anything stands in it.
fn create(storage: &dyn Storage, segment: Segment) -> Result<Box<dyn SegmentFile>, StoreError> {
    let created = storage.create(segment).or_else(|error| match error.kind() {
        // Left by a try that found the disk full; nothing was ever acknowledged in it.
        io::ErrorKind::AlreadyExists => {
            let mut file = storage.open(segment)?;
            file.truncate(0).map(|()| file)
        }
        _ => Err(error),
    });
    let mut file = created.map_err(StoreError::at("create segment"))?;
    file.sync().map_err(StoreError::at("sync segment"))?;
    storage.sync_directory().map_err(StoreError::at("sync journal directory"))?;
    Ok(file)
}
