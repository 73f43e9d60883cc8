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

/// A restore was killed before the journal had its place.
#[derive(Debug, thiserror::Error)]
#[error(
    "{} is there: a restore was cut short. Run `inferlayer ledger restore` again, it begins anew; \
     or remove that folder, if the journal is the right one",
    .0.display()
)]
pub(crate) struct CutShort(PathBuf);

impl DataDir {
    /// Whether the journal has a file with records.
    pub(crate) fn has_segments(&self) -> bool {
        let is_segment = |path: PathBuf| path.extension().is_some_and(|found| found == "ilj");
        std::fs::read_dir(self.journal())
            .is_ok_and(|mut entries| entries.any(|entry| entry.is_ok_and(|e| is_segment(e.path()))))
    }

    /// Where a restore makes the journal ready.
    pub(crate) fn restoring(&self) -> PathBuf {
        self.0.join("restoring")
    }

    /// Clears away what a restore has left that was killed in its last step: the journal had its
    /// place. One that was killed before has to be run again.
    pub(crate) fn finish_restore(&self) -> Result<(), CutShort> {
        let restoring = self.restoring();
        let cut_short = || CutShort(restoring.clone());
        if !restoring.exists() {
            return Ok(());
        }
        if restoring.join("journal").exists() || !self.has_segments() {
            return Err(cut_short());
        }
        tracing::info!("the last restore had put the journal in its place");
        std::fs::remove_dir_all(&restoring).map_err(|_| cut_short())
    }
}

fn create(folder: &Path) -> io::Result<()> {
    std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
}
