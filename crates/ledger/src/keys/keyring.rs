//! The data directory's keys: one that signs, and one for each tenant, apart from the ledger.
//!
//! They lie outside journal and view so that destroying a tenant's file erases its content in every
//! copy of the ledger.

use std::fs;
use std::path::{Path, PathBuf};

use zeroize::Zeroizing;

use crate::format::note_key::SigningKey;
use crate::format::seal::TenantSeal;
use crate::keys::error::KeyError;
use crate::keys::key_file::{load_existing, load_or_create, private_folder, replace};
use crate::keys::tenant_keys::TenantKeys;

const SIGNING: &str = "signing.key";
const NEXT_SIGNING: &str = "signing.next.key";

/// Keys of one ledger, as files under `<data>/keys`.
pub struct Keyring {
    directory: PathBuf,
    tenants: TenantKeys,
}

impl Keyring {
    /// Opens the folder of keys; makes it when absent.
    pub fn open(directory: &Path) -> Result<Self, KeyError> {
        private_folder(directory)?;
        let tenants = TenantKeys::create(directory)?;
        Ok(Self { directory: directory.to_path_buf(), tenants })
    }

    /// The key that signs checkpoints; made when absent.
    pub fn signing(&self) -> Result<SigningKey, KeyError> {
        let path = self.path(SIGNING);
        signing_key(load_or_create(&path)?, path)
    }

    /// The key that signs checkpoints; `None` when there is none yet.
    pub fn find_signing(&self) -> Result<Option<SigningKey>, KeyError> {
        let path = self.path(SIGNING);
        load_existing(&path)?.map(|seed| signing_key(seed, path)).transpose()
    }

    /// The key that a rotation made ready, unless it has taken the first one's place already.
    pub fn next_signing(&self) -> Result<Option<SigningKey>, KeyError> {
        let path = self.path(NEXT_SIGNING);
        load_existing(&path)?.map(|seed| signing_key(seed, path)).transpose()
    }

    /// Makes a key ready for a rotation; the same one until it takes its place.
    pub fn stage_signing(&self) -> Result<SigningKey, KeyError> {
        let path = self.path(NEXT_SIGNING);
        signing_key(load_or_create(&path)?, path)
    }

    /// Puts the key that was made ready in the place of the one that signed until now, once the
    /// ledger holds the record of it. The old key is destroyed: it may sign nothing any more.
    pub fn promote_signing(&self) -> Result<(), KeyError> {
        replace(&self.path(NEXT_SIGNING), &self.path(SIGNING))
    }

    /// Moves the key that signs aside, for whoever finds the journal that it signed; the next one
    /// that is asked for is new.
    pub fn set_signing_aside(&self) -> Result<(), KeyError> {
        let path = self.path(SIGNING);
        let mut aside = (1..).map(|number| self.path(&format!("signing.{number}.old.key")));
        match aside.find(|aside| !aside.exists()) {
            Some(aside) if path.exists() => fs::rename(&path, aside).map_err(KeyError::io(&path)),
            _ => Ok(()),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
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

fn signing_key(seed: Zeroizing<[u8; 32]>, path: PathBuf) -> Result<SigningKey, KeyError> {
    SigningKey::from_seed(&seed).ok_or(KeyError::Malformed { path })
}
