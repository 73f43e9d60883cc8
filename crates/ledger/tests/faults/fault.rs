//! What can go wrong with the disk: which step, in which form, and what a power cut leaves.

/// A step of input or output.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    List,
    Evict,
    Read,
    /// One `read` of an open reader.
    ReadOn,
    Create,
    Open,
    Append,
    Sync,
    Truncate,
    SyncDirectory,
    Remove,
    WriteContent,
    ReadContent,
    RemoveContent,
}

/// How a step fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Form {
    /// Nothing of it happened.
    Lost,
    /// It happened, or part of it, and yet it is told to have failed.
    Stored,
    /// There was no room for all of it.
    Full,
    /// There was no descriptor to open a file with, so nothing of it happened.
    Short,
    /// The power is cut before it happens, and nothing happens any more.
    Cut(Fate),
}

/// What of the steps that were not synced survives a power cut.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fate {
    Nothing,
    Everything,
    /// The first of them, the last of those in part.
    Some,
    /// All but the cut of a file, and of the last write behind that cut a part: a new length is
    /// written apart from the bytes.
    Mixture,
}

impl Form {
    /// Whether it passes, so that the same process goes on.
    pub fn passes(self) -> bool {
        matches!(self, Self::Full | Self::Short)
    }
}

impl Step {
    /// In which forms it can fail in different ways.
    pub fn forms(self) -> &'static [Form] {
        use Step::{Append, Create, Sync, SyncDirectory, WriteContent};
        match self {
            Self::List
            | Self::Evict
            | Self::Read
            | Self::ReadOn
            | Self::Open
            | Self::ReadContent => &[Form::Lost],
            Append | Sync => &[Form::Lost, Form::Stored, Form::Full],
            Create | WriteContent | SyncDirectory => {
                &[Form::Lost, Form::Stored, Form::Full, Form::Short]
            }
            Self::Truncate | Self::Remove | Self::RemoveContent => &[Form::Lost, Form::Stored],
        }
    }
}
