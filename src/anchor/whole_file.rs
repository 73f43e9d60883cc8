//! A file that is replaced as a whole: after a crash it holds the old bytes or the new ones.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use tokio::sync::Semaphore;

/// Replaces one file, one write at a time. Blocking work runs on a thread of its own, so that a
/// file system that hangs keeps that one thread and nothing else.
pub(crate) struct WholeFile {
    path: Arc<Path>,
    turn: Arc<Semaphore>,
}

impl WholeFile {
    pub(crate) fn at(path: &Path) -> WholeFile {
        WholeFile { path: path.into(), turn: Arc::new(Semaphore::new(1)) }
    }

    /// Replaces what is there; durable when it returns. Dropped, it leaves a write that has begun
    /// to end by itself; the next one waits for it.
    pub(crate) async fn replace(&self, bytes: Vec<u8>) -> io::Result<()> {
        let turn = Arc::clone(&self.turn).acquire_owned().await.map_err(io::Error::other)?;
        let path = Arc::clone(&self.path);
        let written = tokio::task::spawn_blocking(move || {
            let written = replace(&path, &bytes);
            drop(turn);
            written
        });
        written.await.map_err(io::Error::other)?
    }
}

fn replace(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let aside = aside(path).ok_or_else(|| io::Error::other("not the path of a file"))?;
    let mut file = File::create(&aside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(&aside, path)?;
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
}

/// Beside the file, so that renaming stays on one volume.
fn aside(path: &Path) -> Option<PathBuf> {
    let mut name = path.file_name()?.to_owned();
    name.push(".new");
    Some(path.with_file_name(name))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_file_is_replaced_and_nothing_left_aside() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gw.note");
        let file = WholeFile::at(&path);
        file.replace(b"a longer first".to_vec()).await.unwrap();
        file.replace(b"second".to_vec()).await.unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"second");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[tokio::test]
    async fn what_is_there_stays_when_the_new_cannot_be_written() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gw.note");
        fs::write(&path, "old").unwrap();
        fs::create_dir(folder.path().join("gw.note.new")).unwrap();
        assert!(WholeFile::at(&path).replace(b"new".to_vec()).await.is_err());
        assert_eq!(fs::read(&path).unwrap(), b"old");
        assert!(WholeFile::at(Path::new("/")).replace(Vec::new()).await.is_err());
    }
}
