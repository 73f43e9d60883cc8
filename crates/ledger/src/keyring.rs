//! The data directory's keys: one that signs, and one for each tenant, apart from the ledger.
//!
//! They lie outside journal and view so that destroying a tenant's file erases its content in every
//! copy of the ledger.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::key_file::{load_or_create, private_folder};
use crate::note_key::SigningKey;
use crate::seal::TenantSeal;
use crate::tenant_keys::TenantKeys;

/// Keys of one ledger, as files under `<data>/keys`.
pub struct Keyring {
    tenants: TenantKeys,
    signing: SigningKey,
}

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

impl Keyring {
    /// Opens the folder of keys; makes it, and the signing key, when absent.
    pub fn open(directory: &Path) -> Result<Self, KeyError> {
        private_folder(directory)?;
        let tenants = TenantKeys::create(directory)?;
        let path = directory.join("signing.key");
        let seed = load_or_create(&path)?;
        let signing = SigningKey::from_seed(&seed).ok_or(KeyError::Malformed { path })?;
        Ok(Self { tenants, signing })
    }

    /// The key that signs checkpoints.
    pub fn signing(&self) -> SigningKey {
        self.signing.clone()
    }

    /// The key of the tenant `name`; made when absent.
    pub fn tenant(&self, name: &str) -> Result<TenantSeal, KeyError> {
        self.tenants.load_or_create(name)
    }

    /// The keys of all tenants.
    pub fn tenants(&self) -> &TenantKeys {
        &self.tenants
    }
}
