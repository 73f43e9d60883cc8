//! Files of roots that are trusted in place of the system's.

use std::path::{Path, PathBuf};

use inferlayer_records::sha256_hex;
use pingora_core::tls::{RootCertStore, load_ca_file_into_store};

/// Roots that are trusted in place of the system's.
#[derive(PartialEq, Eq)]
pub(crate) struct CaFile {
    pub(crate) path: PathBuf,
    /// Of its bytes: it may change and keep its name.
    pub(crate) sha256: String,
}

/// The roots in a file, as they are now.
pub(crate) fn ca_file(path: PathBuf) -> Result<CaFile, String> {
    check_roots(&path)?;
    let bytes = std::fs::read(&path).map_err(|error| format!("{}: {error}", path.display()))?;
    Ok(CaFile { sha256: sha256_hex(&bytes), path })
}

/// Whether the roots in a file can be read, as they will be when the first connection is opened.
pub(crate) fn check_roots(path: &Path) -> Result<(), String> {
    let at = |problem: &str| format!("{}: {problem}", path.display());
    std::fs::metadata(path).map_err(|error| at(&error.to_string()))?;
    let mut roots = RootCertStore::empty();
    match load_ca_file_into_store(path, &mut roots) {
        Ok(()) if !roots.is_empty() => Ok(()),
        Ok(()) => Err(at("there is no certificate in PEM in it")),
        Err(_) => Err(at("there is something else than certificates in PEM in it")),
    }
}
