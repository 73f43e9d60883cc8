//! Which segments a walk covers, and how closely it looks: everything for a verifier, the end for a
//! start, one segment for whoever works on several at a time.

use std::io;

use crate::format::segment::Segment;
use crate::storage::Storage;

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
    pub(crate) depth: Depth,
}

/// How closely a walk looks at each record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Depth {
    /// Headers, their chain and tree, checkpoints, and what records of the ledger's own say. What
    /// other records say is not looked at.
    Chain,
    /// All that stands in segments. A start looks no further: files of content were synced before
    /// their records.
    Segments,
    /// Every byte.
    Files,
}

impl Scope {
    /// Everything, every byte.
    pub(crate) fn whole(storage: &dyn Storage) -> io::Result<Self> {
        let segments = storage.list()?;
        let first = segments.first().copied().unwrap_or(Segment(0));
        Ok(Self { segments, first, to_the_end: true, judged: true, depth: Depth::Files })
    }

    /// The last `count` segments, as far as a start has to look.
    pub(crate) fn last(storage: &dyn Storage, count: usize) -> io::Result<Self> {
        let mut scope = Self::whole(storage)?;
        scope.segments.drain(..scope.segments.len().saturating_sub(count));
        scope.depth = Depth::Segments;
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
        self.depth = Depth::Segments;
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
