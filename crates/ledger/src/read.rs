//! Reading a journal without its lock, beside a running gateway: for command-line tools.
//!
//! Every commit is checked before its records are shown. The end of the log is the last commit
//! that held; what a running writer is just appending is not seen.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::checkpoint::Checkpoint;
use crate::error::ReadError;
use crate::log::Log;
use crate::note_key::VerifyingKey;
use crate::record::Record;
use crate::storage::FileStorage;
use crate::trust::Trust;
use crate::walk::Walker;

/// Shows the records of a journal in order.
pub struct Reader {
    walker: Walker,
    next_index: usize,
}

impl Reader {
    /// `directory` is the journal's folder or the data folder around it.
    pub fn open(directory: &Path, trust: Trust) -> Result<Self, ReadError> {
        let storage = Arc::new(FileStorage::new(&journal_in(directory)));
        Ok(Self { walker: Walker::new(storage, trust)?, next_index: 0 })
    }

    /// The next record; `None` at the end of the log.
    #[expect(clippy::should_implement_trait, reason = "records borrow from the reader")]
    pub fn next(&mut self) -> Result<Option<Record<'_>>, ReadError> {
        while self.next_index >= self.walker.count() {
            if !self.walker.advance()? {
                return Ok(None);
            }
            self.next_index = 0;
        }
        self.next_index += 1;
        Ok(self.walker.record(self.next_index - 1).map(|(_, _, record)| record))
    }

    /// The checkpoint that covers the record shown last.
    pub fn checkpoint(&self) -> Option<&Checkpoint> {
        self.walker.checkpoint()
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
