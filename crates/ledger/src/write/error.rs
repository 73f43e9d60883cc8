//! Why something was not recorded: for the caller whose entry it was, and for the writer itself.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::format::damage::Damage;
use crate::format::entry::EntryError;
use crate::log::state::FoldError;
use crate::storage::no_descriptors;

/// Why an entry was not recorded. No provider may be called after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Unavailable {
    /// The caller's mistake.
    #[error("the entry cannot be recorded: {0}")]
    Invalid(#[from] EntryError),
    /// More waits to be written than the configuration allows; try again later.
    #[error("the ledger's queue is full")]
    QueueFull,
    /// The tenant's entries fill its share of the queue; others go on.
    #[error("the tenant's share of the ledger's queue is full")]
    ShareFull,
    /// The disk has too little room; work is taken again once it has.
    #[error("the ledger's disk is full")]
    DiskFull,
    /// No file can be opened for want of descriptors; work is taken again once one can.
    #[error("the ledger has no file descriptors left")]
    NoDescriptors,
    /// The journal is not where it was; nothing is recorded until the gateway restarts.
    #[error("the ledger's journal was removed, replaced or unmounted")]
    Lost,
    /// The store failed; nothing is recorded until the gateway restarts.
    #[error("the ledger's store has failed")]
    Failed,
    /// Those who keep its checkpoints are too far behind; new work waits until they have caught up.
    #[error("the ledger's anchors lag")]
    AnchorLag,
    /// One who keeps its checkpoints knows another history; no new work until a restart.
    #[error("the ledger's history is not the one that was anchored")]
    AnchorConflict,
    /// The ledger was closed.
    #[error("the ledger is closed")]
    Closed,
}

impl Unavailable {
    /// One word for metrics and logs.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Invalid(_) => "invalid",
            Self::QueueFull => "queue_full",
            Self::ShareFull => "share_full",
            Self::DiskFull => "disk_full",
            Self::NoDescriptors => "no_descriptors",
            Self::Lost => "journal_lost",
            Self::Failed => "store_failed",
            Self::AnchorLag => "anchor_lag",
            Self::AnchorConflict => "anchor_conflict",
            Self::Closed => "closed",
        }
    }

    /// The names of all that may keep new work out for longer than a moment.
    pub const LASTING: [Self; 6] = [
        Self::DiskFull,
        Self::NoDescriptors,
        Self::Lost,
        Self::Failed,
        Self::AnchorLag,
        Self::AnchorConflict,
    ];
}

/// The store did not take what it had to.
#[derive(Debug, Error)]
pub enum StoreError {
    /// A step of the journal's input or output failed.
    #[error("{step}: {source}")]
    Io {
        /// What was being done, for example "sync segment".
        step: &'static str,
        /// What the system said.
        source: io::Error,
    },
    /// What is written goes to files that nobody finds any more.
    #[error(
        "{} is not what the ledger writes to any more: it was removed, replaced, cut or unmounted",
        .0.display()
    )]
    Lost(PathBuf),
    /// The system gave no randomness for a record's keys.
    #[error("no randomness for sealing")]
    Randomness,
    /// A record's content could not be encrypted.
    #[error("sealing failed")]
    Sealing,
    /// A checkpoint could not be signed.
    #[error("signing failed")]
    Signing,
    /// A record of the ledger's own could not be written as JSON.
    #[error("metadata of the ledger's own: {0}")]
    Metadata(#[from] serde_json::Error),
    /// A record of the ledger's own says what it must not.
    #[error("a record of the ledger's own: {0}")]
    Own(Damage),
    /// The state that snapshots hold did not take a record.
    #[error("record {sequence} cannot be folded: {source}")]
    State {
        /// The record's sequence number.
        sequence: u64,
        /// Why.
        source: FoldError,
    },
    /// An earlier error closed the store.
    #[error("the store had failed before")]
    Failed,
}

impl StoreError {
    /// For `map_err`: names the step that failed.
    pub(crate) fn at(step: &'static str) -> impl FnOnce(io::Error) -> Self {
        move |source| Self::Io { step, source }
    }
}

/// What the store is short of: nothing was written, and it may take entries again later.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Shortage {
    /// Room on the disk.
    Room,
    /// File descriptors.
    Descriptors,
}

impl StoreError {
    /// What it comes of, when that passes.
    pub(crate) fn shortage(&self) -> Option<Shortage> {
        match self {
            Self::Io { source, .. } if no_descriptors(source) => Some(Shortage::Descriptors),
            Self::Io { source, .. } => match source.kind() {
                io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => Some(Shortage::Room),
                _ => None,
            },
            _ => None,
        }
    }
}

impl From<Shortage> for Unavailable {
    fn from(shortage: Shortage) -> Self {
        match shortage {
            Shortage::Room => Self::DiskFull,
            Shortage::Descriptors => Self::NoDescriptors,
        }
    }
}
