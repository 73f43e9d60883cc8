//! The tenants' keys: one file for each. Whoever has the file reads the tenant's content;
//! destroying it makes that content unreadable for ever, in every copy of the ledger, and the
//! ledger still verifies.
//!
//! A key is destroyed in two steps that a crash may part: the ledger says so, durably, and then the
//! file goes. [`TenantKeys::finish`] is what a start does about the second.

use std::fs;
use std::path::{Path, PathBuf};

use crate::format::hash::{Hash, TenantTag};
use crate::format::seal::TenantSeal;
use crate::keys::error::KeyError;
use crate::keys::key_file::{destroy, is_erased, load_existing, load_or_create, private_folder};

const MAX_PLAIN_NAME_BYTES: usize = 64;

/// The folder `tenants` in a folder of keys.
#[derive(Clone, Debug)]
pub struct TenantKeys(PathBuf);

impl TenantKeys {
    /// The tenants' keys in the folder of keys `directory`; makes nothing, and reads nothing yet.
    pub fn at(directory: &Path) -> Self {
        Self(directory.join("tenants"))
    }

    /// As [`TenantKeys::at`], and makes the folder when absent.
    pub(crate) fn create(directory: &Path) -> Result<Self, KeyError> {
        let keys = Self::at(directory);
        private_folder(&keys.0)?;
        Ok(keys)
    }

    /// The key of the tenant `name`; made when absent.
    pub fn load_or_create(&self, name: &str) -> Result<TenantSeal, KeyError> {
        load_or_create(&self.path(name)).map(TenantSeal::new)
    }

    /// The key of the tenant `name`; `None` when there is none.
    pub fn find(&self, name: &str) -> Result<Option<TenantSeal>, KeyError> {
        load_existing(&self.path(name)).map(|key| key.map(TenantSeal::new))
    }

    /// The key files that are there.
    pub fn files(&self) -> Result<Vec<PathBuf>, KeyError> {
        let files = fs::read_dir(&self.0).map_err(KeyError::io(&self.0))?;
        let files = files.map(|file| file.map(|file| file.path()));
        let mut files: Vec<_> = files.collect::<Result<_, _>>().map_err(KeyError::io(&self.0))?;
        files.retain(|file: &PathBuf| file.extension().is_some_and(|extension| extension == "key"));
        Ok(files)
    }

    /// Destroys the key of the tenant `name`: zeros over the file, synced, then its name, synced.
    pub fn destroy(&self, name: &str) -> Result<(), KeyError> {
        destroy(&self.path(name))
    }

    /// Ends what a crash cut short: destroys the key of the tenant `name` if its tag is among
    /// `shredded`, the tags of this tenant that the ledger says were destroyed, or if half of it
    /// is done. Says whether there was something to do.
    pub fn finish(&self, name: &str, shredded: &[TenantTag]) -> Result<bool, KeyError> {
        let doomed = match self.find(name) {
            Ok(None) => false,
            Ok(Some(seal)) => shredded.contains(&seal.tag()),
            // What else is wrong with a file is for whoever needs the key to say.
            Err(KeyError::Malformed { path }) => !shredded.is_empty() && is_erased(&path)?,
            Err(error) => return Err(error),
        };
        if doomed {
            self.destroy(name)?;
        }
        Ok(doomed)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.0.join(file_name(name))
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
