//! Every way the ledger says no, sorted by blame: the caller, the store, the stored bytes.

use std::io;

use thiserror::Error;

use crate::entry::Kind;
use crate::hash::RunId;
use crate::storage::Segment;

/// Why an entry was not recorded. No provider may be called after it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum Unavailable {
    /// The caller's mistake.
    #[error("the entry cannot be recorded: {0}")]
    Invalid(#[from] EntryError),
    /// More waits to be written than the configuration allows; try again later.
    #[error("the ledger's queue is full")]
    QueueFull,
    /// The disk has too little room; work is taken again once it has.
    #[error("the ledger's disk is full")]
    DiskFull,
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

/// Whether the store may take entries again once there is room on the disk.
pub(crate) fn is_full(error: &StoreError) -> bool {
    let full = |kind| matches!(kind, io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded);
    matches!(error, StoreError::Io { source, .. } if full(source.kind()))
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
    /// The journal holds, and something that was kept elsewhere contradicts it.
    #[error("{held_by}: {what}")]
    Evidence {
        /// Where it was kept.
        held_by: String,
        /// What it shows.
        what: Damage,
    },
}

/// What the function given to [`crate::Ledger::open`] answers to stop it.
#[derive(Debug, Error)]
#[error(transparent)]
pub struct FoldError(pub Box<dyn std::error::Error + Send + Sync>);

/// The first place where a journal does not hold.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("segment {segment}, offset {offset}, record {sequence}: {what}")]
pub struct Fault {
    /// The segment file.
    pub segment: Segment,
    /// Offset of the frame in the segment, in bytes.
    pub offset: u64,
    /// Sequence number that the record there has to have.
    pub sequence: u64,
    /// What does not hold.
    pub what: Damage,
}

/// What can be wrong with a frame; each names the tampering that causes it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Damage {
    /// Not the magic of a record or a checkpoint.
    #[error("no frame starts here (damaged magic)")]
    Magic,
    /// Written by a later version.
    #[error("version {0} is unknown")]
    Version(u16),
    /// Written by a later version, or damaged.
    #[error("kind {0} is unknown")]
    Kind(u16),
    /// Written by a later version, or damaged.
    #[error("flags {0:#x} are unknown, reserved or contradict the content")]
    Flags(u32),
    /// A length beyond the format's bounds.
    #[error("a length is out of bounds")]
    Length,
    /// The file ends inside a commit.
    #[error("the file ends inside a commit")]
    Unfinished,
    /// Records are missing, inserted or swapped.
    #[error("record {found} stands here: records were deleted, inserted or reordered")]
    Sequence {
        /// The number found in the header.
        found: u64,
    },
    /// The record that should stand here comes later.
    #[error("record {found} stands here and the one that should comes later: reordered")]
    Reordered {
        /// The number found in the header.
        found: u64,
    },
    /// The record that should stand here is gone.
    #[error("record {found} stands here: records before it were deleted")]
    Deleted {
        /// The number found in the header.
        found: u64,
    },
    /// A record that stood before stands here again.
    #[error("record {found} stands here for a second time: it was inserted")]
    Inserted {
        /// The number found in the header.
        found: u64,
    },
    /// Segments are missing or renamed.
    #[error("segment {found} follows: a segment is missing or was renamed")]
    SegmentGap {
        /// The segment found.
        found: Segment,
    },
    /// The journal holds nothing that was ever acknowledged.
    #[error("the journal has no acknowledged record")]
    Empty,
    /// The first record does not name log and key.
    #[error("the first record is not an open record that names origin and public key")]
    NoOpen,
    /// The log was begun with another key or origin than the one given.
    #[error("the log was written by {found}, not by the given key")]
    OtherKey {
        /// The verifier key that the log names.
        found: String,
    },
    /// An open record that does not name this log, its key and the run in its header.
    #[error("the open record names another origin, public key or run, or is no open record")]
    Open,
    /// A second open record with the same run id.
    #[error("the run was opened before")]
    RunAgain,
    /// The record is not of the run that is open; after a close record none is.
    #[error("the record stands outside of its run")]
    OtherRun,
    /// The rotation does not name a new key of this origin, or does not end its commit.
    #[error("the rotation of the signing key is not in order")]
    Rotation,
    /// Signed by a key that an earlier record had replaced.
    #[error("the checkpoint is signed by a key that was retired before")]
    RetiredKey,
    /// Old segments are gone, and no record tells of it.
    #[error("the log begins at {found} and no retention record says so: its head was cut off")]
    CutHead {
        /// The first segment found.
        found: Segment,
    },
    /// A segment that does not begin with a snapshot.
    #[error("the segment does not begin with a snapshot")]
    NoSnapshot,
    /// A snapshot elsewhere, in parts, or one that says something else than the records before it.
    #[error("the snapshot is misplaced, not whole or contradicts the records before it")]
    Snapshot,
    /// A retention record that does not move the log's beginning forward.
    #[error("the retention record names no later beginning")]
    Retention,
    /// A restore record without a gap.
    #[error("the restore record names no gap")]
    Restore,
    /// A receipt speaks of records that the log does not have.
    #[error("it is of {held} records, the log ends at {log}: its tail was cut off")]
    CutTail {
        /// Records that were acknowledged.
        held: u64,
        /// Records that are left.
        log: u64,
    },
    /// A checkpoint speaks of records that the log does not have.
    #[error("it is of {held} records, the log ends at {log}: it was rolled back")]
    RolledBack {
        /// Records that were acknowledged.
        held: u64,
        /// Records that are left.
        log: u64,
    },
    /// The log had another root at that size.
    #[error("the log's first {size} records are others than those it was made for: a fork")]
    Fork {
        /// Records under the checkpoint.
        size: u64,
    },
    /// Made for another log or another record, or by nobody who signs for this one.
    #[error("it is not a receipt of this log and record: replayed or forged")]
    ForeignReceipt,
    /// Content of a file of its own is not there.
    #[error("the file with the record's content is missing")]
    ContentMissing,
    /// The record was written for another log.
    #[error("the record belongs to another log")]
    LogId,
    /// The header of the record before was edited, or this record stood elsewhere.
    #[error("the previous hash does not match: a header was edited or a record replaced")]
    PreviousHash,
    /// Time went back.
    #[error("the time is earlier than that of the record before")]
    Time,
    /// The record is not the one that was asked for by its hash.
    #[error("the record's hash is not the one expected: a header was edited or a record replaced")]
    Replaced,
    /// Metadata were edited.
    #[error("the metadata were edited")]
    Metadata,
    /// Metadata are what they were, but no JSON.
    #[error("the metadata are not a JSON object")]
    NotJson,
    /// Content was edited.
    #[error("the content was edited")]
    Content,
    /// The note is not in the form of a checkpoint of this log.
    #[error("the checkpoint is malformed or of another origin")]
    Checkpoint,
    /// The checkpoint does not follow at least one record, or states another size.
    #[error("the checkpoint states size {found}, {counted} records stand before it")]
    Size {
        /// The size in the note.
        found: u64,
        /// Records up to the checkpoint.
        counted: u64,
    },
    /// The checkpoint's root is not that of the records.
    #[error("the checkpoint's root does not match: a header in this commit was edited")]
    Root,
    /// Not signed by the log's key.
    #[error("the checkpoint's signature does not verify")]
    Signature,
}
