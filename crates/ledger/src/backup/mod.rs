//! Copies of a log that verify: whole segments, the last one up to its last commit, and the files
//! of content that their records name. Beside a running gateway, as segments only ever grow.
//!
//! Never keys: a tenant's key in a backup would undo its destruction, and with the signing key
//! anyone could write on. A copy holds what the log has dropped since; nothing is taken out of it.

mod folder;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;

use self::folder::Folder;
use crate::format::damage::ReadError;
use crate::format::note_key::VerifyingKey;
use crate::log::trust::Trust;
use crate::read::journal_in;
use crate::storage::{FileStorage, Storage};
use crate::walk::Walker;
use crate::walk::scope::Scope;

/// A copy that is complete and durable.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Records of the log up to the copy's last commit.
    pub records: u64,
    /// Bytes of segments that were new.
    pub bytes: u64,
    /// Files of content that were new.
    pub contents: u64,
    /// Who signs the log there.
    pub key: VerifyingKey,
}

/// Why there is no copy, or no newer one.
#[derive(Debug, Error)]
pub enum BackupError {
    /// The folder is somebody else's: nothing was written.
    #[error("{folder}: neither empty nor a backup: it has `{found}`")]
    Foreign {
        /// Where the copy was to be.
        folder: PathBuf,
        /// What is there.
        found: String,
    },
    /// The folder holds the backup of another log, or of a history that this log does not have.
    #[error("{0}: what is there is no earlier part of this log")]
    OtherLog(PathBuf),
    /// The log has dropped records that the copy there has not.
    #[error("{0}: the log has dropped records since; begin a new backup in an empty folder")]
    TooOld(PathBuf),
    /// There is no record to copy.
    #[error("there is no log to copy")]
    NoLog,
    /// The log cannot be read or does not hold.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The copy cannot be written.
    #[error("{folder}: {source}")]
    Io {
        /// Where the copy was to be.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

/// Copies the log in `directory` (the journal's folder or the data folder around it) to the folder
/// `to`, which is empty, absent or holds an earlier copy; then only what is new. What is copied is
/// checked on the way.
pub fn back_up(directory: &Path, to: &Path) -> Result<Copied, BackupError> {
    let source: Arc<dyn Storage> = Arc::new(FileStorage::new(&journal_in(directory)));
    let mut folder = Folder::open(to)?;
    let scope = new_part(Scope::whole(&*source).map_err(ReadError::from)?, &folder)?;
    let segments = scope.segments.clone();
    let mut walker = Walker::over(Arc::clone(&source), Trust::FirstUse, scope);
    let mut contents = 0;
    while walker.advance()? {
        let external = walker.records().filter_map(|(_, _, record)| record.external());
        for content in external {
            contents += u64::from(folder.take_content(&*source, content)?);
        }
    }
    let (Some(log), Some(tail)) = (walker.log(), walker.tail()) else {
        return Err(BackupError::NoLog);
    };
    let mut bytes = 0;
    for segment in segments {
        let end = (segment == tail.segment).then_some(tail.committed_bytes);
        bytes += folder.take_segment(&*source, segment, end)?;
    }
    folder.finish(log.key())?;
    Ok(Copied { records: log.chain.next_sequence(), bytes, contents, key: log.key().clone() })
}

/// The segments to read: all, or from the last but one that was copied on, as the last may only
/// have been begun.
fn new_part(mut scope: Scope, folder: &Folder) -> Result<Scope, BackupError> {
    let copied = folder.segments();
    let Some(from) = copied.iter().rev().nth(1).or(copied.last()).copied() else {
        return Ok(scope);
    };
    scope.segments.retain(|segment| *segment >= from);
    match scope.segments.first() {
        Some(first) if copied.contains(first) => Ok(scope),
        first => Err(folder.does_not_reach(first.copied())),
    }
}
