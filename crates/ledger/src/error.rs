//! Every way the ledger says no, sorted by blame: the caller, the store, the stored bytes.

use std::io;
use std::path::PathBuf;

use thiserror::Error;

use crate::format::entry::Kind;
use crate::format::hash::{LogId, RunId};
use crate::storage::no_descriptors;
use crate::walk::damage::{Damage, Fault};

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

/// An entry that the format cannot hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum EntryError {
    /// See [`Kind::is_own`].
    #[error("the kind {} is the ledger's own", .0.name())]
    ReservedKind(Kind),
    /// Metadata are a JSON object, written without leading space.
    #[error("metadata do not begin with a brace")]
    MetadataNotObject,
    /// More than 1 MiB.
    #[error("metadata of {0} bytes is too long")]
    MetadataTooLong(usize),
    /// More than 64 MiB.
    #[error("content of {0} bytes is too long")]
    ContentTooLong(usize),
    /// Content is sealed under a tenant's key, so there must be one.
    #[error("content without a tenant cannot be sealed")]
    SealedWithoutTenant,
    /// A log is handed on to a key that never signed it, as a key that comes back says nothing.
    #[error("the key signs the log already, or did")]
    KnownKey,
    /// What a retention is to drop was dropped by an earlier one.
    #[error("the log begins there or later already")]
    AlreadyDropped,
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

/// Why a ledger could not be opened.
#[derive(Debug, Error)]
pub enum OpenError {
    /// `open_metadata` is not JSON.
    #[error("open_metadata is not JSON: {0}")]
    OpenMetadata(serde_json::Error),
    /// Another process writes this ledger.
    #[error("another process holds the ledger's lock")]
    Locked,
    /// The signing key has no public half under this origin.
    #[error("the signing key cannot be used")]
    SigningKey,
    /// The journal was begun with another key or origin.
    #[error("the journal was written by {found}: give that origin and its signing key")]
    OtherKey {
        /// The verifier key that the journal names.
        found: String,
    },
    /// There was a log, and its journal is not here.
    #[error("{} holds no journal, and there was one: {sign}", .journal.display())]
    NoJournal {
        /// Where it was looked for.
        journal: PathBuf,
        /// What shows that there was one.
        sign: String,
    },
    /// Another log is here than the one that has to be.
    #[error("the journal is that of the log {found}, and the log {expected} is expected")]
    OtherLog {
        /// The log found.
        found: LogId,
        /// The log that has to be here.
        expected: LogId,
    },
    /// The data folder's view or public key is not of this journal.
    #[error("{} is not of this journal: {what}", .file.display())]
    OtherHistory {
        /// The view, or the file of the public key.
        file: PathBuf,
        /// What shows it.
        what: String,
    },
    /// A new log was asked for where there is one.
    #[error("{} holds a journal: a new log is only begun where there is none", .0.display())]
    LogThere(PathBuf),
    /// A new log was asked for under the name and key of the one that was here.
    #[error(
        "a new log needs another signing key or origin: its records could not be told from those \
         of the log that was here"
    )]
    SameIdentity,
    /// A checkpoint that left this machine speaks of records that the journal does not have.
    #[error(
        "{anchor} holds a checkpoint of {anchored} records, the journal has {records}: \
         it was rolled back or cut"
    )]
    RolledBack {
        /// Where the checkpoint was found.
        anchor: String,
        /// Records under it.
        anchored: u64,
        /// Records in the journal.
        records: u64,
    },
    /// A checkpoint that left this machine is of another history.
    #[error("{anchor} holds a checkpoint of {anchored} records with another root: a fork")]
    Forked {
        /// Where the checkpoint was found.
        anchor: String,
        /// Records under it.
        anchored: u64,
    },
    /// What an anchor holds is no checkpoint of this log.
    #[error("{anchor} holds no checkpoint of this log: {what}")]
    Anchor {
        /// Where it was found.
        anchor: String,
        /// What is wrong with it.
        what: Damage,
    },
    /// What the ledger's state is folded into refused a record.
    #[error("record {sequence} of run {run_id} was not accepted: {source}")]
    Fold {
        /// The record's sequence number.
        sequence: u64,
        /// The run that wrote it.
        run_id: RunId,
        /// Why.
        source: FoldError,
    },
    /// Reading or writing failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The stored bytes do not hold and are not an unfinished commit either.
    #[error("the journal is corrupt: {0}")]
    Corrupt(#[from] Fault),
}

/// Why old segments were not dropped.
#[derive(Debug, Error)]
pub enum RetainError {
    /// The record that says so was not written.
    #[error(transparent)]
    Unavailable(#[from] Unavailable),
    /// The journal could not be read, or its files not removed. What is left goes at the next
    /// start.
    #[error(transparent)]
    Read(#[from] ReadError),
}

/// Why reading a journal stopped before its end.
#[derive(Debug, Error)]
pub enum ReadError {
    /// A file could not be read.
    #[error("cannot read the journal: {0}")]
    Io(#[from] io::Error),
    /// The journal does not hold.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// What the function given to [`crate::Ledger::open`] answers to stop it.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct FoldError(pub Box<dyn std::error::Error + Send + Sync>);
