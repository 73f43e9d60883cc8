//! The data directory's keys: one that signs, and one for each tenant, apart from the ledger.
//!
//! They lie outside journal and view so that destroying a tenant's file erases its content in every
//! copy of the ledger.

use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::hash::Hash;
use crate::key_file::{load_or_create, private_folder};
use crate::note_key::SigningKey;
use crate::seal::TenantSeal;

const MAX_PLAIN_NAME_BYTES: usize = 64;

/// Keys of one ledger, as files under `<data>/keys`.
pub struct Keyring {
    tenants: PathBuf,
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
        let tenants = directory.join("tenants");
        private_folder(directory)?;
        private_folder(&tenants)?;
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
        let path = self.tenants.join(file_name(name));
        load_or_create(&path).map(TenantSeal::new)
    }
}

/// The name itself where it is surely safe and distinct as a file name, else its digest.
fn file_name(tenant: &str) -> String {
    let plain = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'_' | b'-');
    if (1..=MAX_PLAIN_NAME_BYTES).contains(&tenant.len()) && tenant.bytes().all(plain) {
        return format!("{tenant}.key");
    }
    format!("~{}.key", Hash::of(&[tenant.as_bytes()]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_tenant_name_leaves_the_folder_or_meets_another() {
        assert_eq!(file_name("acme-1"), "acme-1.key");
        let names = ["", "../signing", "Acme", "acme", "a/b", "é", &"a".repeat(65), "~x"];
        let mut files: Vec<String> = names.iter().map(|name| file_name(name)).collect();
        assert!(files.iter().all(|file| !file.contains('/') && !file.starts_with('.')));
        files.sort();
        files.dedup();
        assert_eq!(files.len(), names.len());
    }
}
