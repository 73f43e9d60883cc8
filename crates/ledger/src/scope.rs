//! Which segments a walk covers, and how closely it looks: everything for a verifier, the end for a
//! start, one segment for whoever works on several at a time.

use std::io;

use crate::storage::{Segment, Storage};

/// What a walk is to cover, and how closely it looks.
#[derive(Clone)]
pub(crate) struct Scope {
    /// In order, one behind the other.
    pub(crate) segments: Vec<Segment>,
    /// The first segment that there is, whether covered or not.
    pub(crate) first: Segment,
    /// Whether the last of the segments is the log's last.
    pub(crate) to_the_end: bool,
    /// Whether the log's beginning and keys are judged at the end.
    pub(crate) judged: bool,
    /// Whether content in files of its own is read and hashed. A start does without: those files
    /// were synced before their records.
    pub(crate) external_content: bool,
}

impl Scope {
    /// Everything, every byte.
    pub(crate) fn whole(storage: &dyn Storage) -> io::Result<Self> {
        let segments = storage.list()?;
        let first = segments.first().copied().unwrap_or(Segment(0));
        Ok(Self { segments, first, to_the_end: true, judged: true, external_content: true })
    }

    /// The last `count` segments, as far as a start has to look.
    pub(crate) fn last(storage: &dyn Storage, count: usize) -> io::Result<Self> {
        let mut scope = Self::whole(storage)?;
        scope.segments.drain(..scope.segments.len().saturating_sub(count));
        scope.external_content = false;
        Ok(scope)
    }

    /// The same for a walk whose beginning somebody else judges.
    pub(crate) fn on_its_own(self) -> Self {
        Self { judged: false, ..self }
    }

    /// One segment, seen from inside.
    pub(crate) fn only(mut self, segment: Segment) -> Self {
        self.to_the_end = false;
        self.segments = vec![segment];
        self.external_content = false;
        self.on_its_own()
    }

    /// One walk for each segment, which may go side by side.
    pub(crate) fn singly(&self) -> impl Iterator<Item = Self> {
        let last = self.segments.last().copied();
        self.segments.iter().map(move |segment| Self {
            segments: vec![*segment],
            to_the_end: self.to_the_end && Some(*segment) == last,
            ..self.clone()
        })
    }
}
