//! Why a ledger was not opened, or its old segments were not dropped.

use std::path::PathBuf;

use thiserror::Error;

use crate::format::damage::{Damage, Fault, ReadError};
use crate::format::hash::{LogId, RunId};
use crate::log::state::FoldError;
use crate::write::error::{StoreError, Unavailable};

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
