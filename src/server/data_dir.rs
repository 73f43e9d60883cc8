//! The data folder: everything that outlives the process, in one place.
//!
//! ```text
//! journal/   the ledger: the only truth        keys/    signing key, tenant keys (0600)
//! view/      sled: rebuilt from the journal    anchors/ checkpoints that witnesses have signed
//! admin.sock
//! ```

use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

/// The data folder.
#[derive(Clone, Debug)]
pub(crate) struct DataDir(PathBuf);

impl DataDir {
    /// The folder as named; not made.
    pub(crate) fn at(path: &Path) -> DataDir {
        DataDir(path.to_owned())
    }

    /// Makes the folder, for its owner alone, unless it is there.
    pub(crate) fn create(&self) -> io::Result<()> {
        create(&self.0)
    }

    /// Makes the folder of cosigned checkpoints, for its owner alone, unless it is there.
    pub(crate) fn create_anchors(&self) -> io::Result<()> {
        create(&self.anchors())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }

    pub(crate) fn journal(&self) -> PathBuf {
        self.0.join("journal")
    }

    pub(crate) fn view(&self) -> PathBuf {
        self.0.join("view")
    }

    pub(crate) fn keys(&self) -> PathBuf {
        self.0.join("keys")
    }

    pub(crate) fn anchors(&self) -> PathBuf {
        self.0.join("anchors")
    }

    pub(crate) fn admin_socket(&self) -> PathBuf {
        self.0.join("admin.sock")
    }
}

fn create(folder: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}
