//! What can be wrong with a journal: where it stops to hold, and which tampering that looks like.

use std::io;

use thiserror::Error;

use crate::format::segment::Segment;

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

/// What can be wrong with a frame; each names the tampering that causes it.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
pub enum Damage {
    /// Not the magic of a record or a checkpoint.
    #[error("no frame starts here (damaged magic)")]
    Magic,
    /// Written by a later version.
    #[error("version {0} is unknown")]
    Version(u16),
    /// Written by a later version, or damaged; and not said to change nothing for who knows less.
    #[error("kind {0} is unknown here, and the record does not let a reader pass over it")]
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
    /// A retention record that does not move the log's beginning forward, to the head of a segment.
    #[error("the retention record names no later segment of the log, or another root before it")]
    Retention,
    /// A restore record that is not of the place where it stands.
    #[error("the restore record names no gap that begins at the open record before it")]
    Restore,
    /// An outcome by the tag of another tenant than its intent.
    #[error("the outcome is of another tenant than its intent")]
    OtherTenant,
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
