//! An open file or folder, and the name it was opened under. As long as the name stands for the
//! same file, what is written there can be found again. The open handle keeps the file's number
//! from being given to another one.

use std::fs::{self, File};
use std::io::{self, Write};
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::storage::SegmentFile;

/// An open file or folder with its name.
#[derive(Debug)]
pub(super) struct Named {
    path: PathBuf,
    file: File,
}

impl Named {
    pub(super) fn new(path: PathBuf, file: File) -> Self {
        Self { path, file }
    }

    pub(super) fn open(path: &Path) -> io::Result<Self> {
        Ok(Self::new(path.to_path_buf(), File::open(path)?))
    }

    /// The name, when it stands for another file or for none, or for one of another length. What
    /// cannot be asked for now, by want of rights or memory, is looked at again.
    pub(super) fn displaced(&self, length: Option<u64>) -> Option<PathBuf> {
        let is_gone = |error: &io::Error| {
            matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory)
        };
        let in_place = match (self.file.metadata(), fs::metadata(&self.path)) {
            (Ok(held), Ok(found)) => {
                (held.dev(), held.ino()) == (found.dev(), found.ino())
                    && length.is_none_or(|length| length == found.len())
            }
            (_, Err(error)) => !is_gone(&error),
            (Err(_), Ok(_)) => true,
        };
        (!in_place).then(|| self.path.clone())
    }
}

impl SegmentFile for Named {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.file.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.file.sync_data()
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.file.set_len(length)
    }

    fn displaced(&self, length: u64) -> Option<PathBuf> {
        Named::displaced(self, Some(length))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_in_place_until_it_is_removed_replaced_or_cut() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("file");
        fs::write(&path, b"four").unwrap();
        let named = || Named::open(&path).unwrap();
        assert_eq!(named().displaced(Some(4)), None);
        assert_eq!(named().displaced(Some(5)), Some(path.clone()));
        let held = named();
        fs::remove_file(&path).unwrap();
        assert_eq!(held.displaced(None), Some(path.clone()));
        fs::write(&path, b"four").unwrap();
        assert_eq!(held.displaced(Some(4)), Some(path.clone()), "another file of that name");
    }

    #[test]
    fn a_folder_that_was_made_anew_is_another_one() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("inner");
        fs::create_dir(&path).unwrap();
        let held = Named::open(&path).unwrap();
        assert_eq!(held.displaced(None), None);
        fs::remove_dir(&path).unwrap();
        fs::create_dir(&path).unwrap();
        assert_eq!(held.displaced(None), Some(path));
    }
}
