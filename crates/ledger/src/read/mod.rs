//! Reading a journal without its lock, beside a running gateway: for command-line tools.
//!
//! Every commit is checked before its records are shown. The end of the log is the last commit
//! that held; what a running writer is just appending is not seen.

pub(crate) mod place;
pub(crate) mod stored;

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use thiserror::Error;
use zeroize::Zeroizing;

use crate::format::checkpoint::Checkpoint;
use crate::format::damage::{Damage, ReadError};
use crate::format::frame::Stop;
use crate::format::note_key::VerifyingKey;
use crate::format::record::Record;
use crate::format::seal::{SealError, TenantSeal};
use crate::log::Log;
use crate::log::trust::Trust;
use crate::storage::{FileStorage, Storage};
use crate::walk::Walker;

/// Shows the records of a journal in order.
pub struct Reader {
    walker: Walker,
    next_index: usize,
    /// Of the commits that were left behind.
    newest: Option<Checkpoint>,
}

/// Opens the content of records that a reader shows, wherever it lies.
#[derive(Clone)]
pub struct Contents(Arc<dyn Storage>);

/// Why content is not to be had.
#[derive(Debug, Error)]
pub enum ContentError {
    /// It does not open under this key.
    #[error(transparent)]
    Seal(#[from] SealError),
    /// Its file is not there, or not what the record speaks of.
    #[error(transparent)]
    Damage(#[from] Damage),
    /// Its file cannot be read.
    #[error("cannot read the content: {0}")]
    Io(#[from] io::Error),
}

impl Contents {
    /// Of the journal in `directory`, which is its folder or the data folder around it.
    pub fn at(directory: &Path) -> Self {
        Self(Arc::new(FileStorage::new(&journal_in(directory))))
    }

    /// The plaintext of a record's content.
    pub fn open(
        &self,
        record: &Record<'_>,
        seal: &TenantSeal,
    ) -> Result<Zeroizing<Vec<u8>>, ContentError> {
        let Some(external) = record.external() else {
            return Ok(record.open(seal)?);
        };
        let stored = external.read(&*self.0)?;
        Ok(record.open_external(&stored, seal)?)
    }
}

impl From<Stop> for ContentError {
    fn from(stop: Stop) -> Self {
        match stop {
            Stop::Io(error) => error.into(),
            Stop::Damage(damage) => damage.into(),
        }
    }
}

impl Reader {
    /// `directory` is the journal's folder or the data folder around it.
    pub fn open(directory: &Path, trust: Trust) -> Result<Self, ReadError> {
        let storage = Arc::new(FileStorage::new(&journal_in(directory)));
        Ok(Self { walker: Walker::new(storage, trust)?, next_index: 0, newest: None })
    }

    /// The next record; `None` at the end of the log.
    #[expect(clippy::should_implement_trait, reason = "records borrow from the reader")]
    pub fn next(&mut self) -> Result<Option<Record<'_>>, ReadError> {
        while self.next_index >= self.walker.count() {
            self.newest = self.walker.checkpoint().cloned().or(self.newest.take());
            if !self.walker.advance()? {
                return Ok(None);
            }
            self.next_index = 0;
        }
        self.next_index += 1;
        Ok(self.walker.record(self.next_index - 1).map(|(_, _, record)| record))
    }

    /// The newest checkpoint so far: it covers the record shown last.
    pub fn checkpoint(&self) -> Option<&Checkpoint> {
        self.walker.checkpoint().or(self.newest.as_ref())
    }

    /// The key that the log is read with; `None` before the first record.
    pub fn key(&self) -> Option<&VerifyingKey> {
        self.walker.log().map(Log::key)
    }
}

/// The journal's folder, given that or the data folder around it.
pub fn journal_in(directory: &Path) -> PathBuf {
    let inner = directory.join("journal");
    if inner.is_dir() { inner } else { directory.to_path_buf() }
}
