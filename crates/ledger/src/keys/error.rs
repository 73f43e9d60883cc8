//! Why a key is not to be had.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

/// Why a key is not to be had.
#[derive(Debug, Error)]
pub enum KeyError {
    /// Others may read the key, or replace it.
    #[error("{path}: mode {mode:o} is open to others; allow the owner only (0600, folders 0700)")]
    Permissions {
        /// The file or folder.
        path: PathBuf,
        /// Its permission bits.
        mode: u32,
    },
    /// Not one line of base64 for 32 bytes.
    #[error("{path}: not a key file (one line, base64 of 32 bytes)")]
    Malformed {
        /// The file.
        path: PathBuf,
    },
    /// The system gave no randomness for a new key.
    #[error("no randomness for a new key")]
    Randomness,
    /// The system refused.
    #[error("{path}: {source}")]
    Io {
        /// The file or folder.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
}

impl KeyError {
    pub(crate) fn io(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_path_buf();
        move |source| Self::Io { path, source }
    }
}
