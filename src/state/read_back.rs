//! What was handed over, read back at a start: a journal that lacks one of these checkpoints was
//! cut, rolled back or replaced while the gateway was down, and the ledger does not open.

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};

use inferlayer_ledger::{Anchored, open_regular};

use crate::config::{Config, SinkSettings};
use crate::data_dir::DataDir;

/// A checkpoint that is there and cannot be read; starting without it would be a way around it.
#[derive(Debug, thiserror::Error)]
#[error("the checkpoint kept in {path} cannot be read: {cause}")]
pub(crate) struct ReadBackError {
    path: String,
    cause: io::Error,
}

/// `FORMAT.md` §5: no note is longer.
const NOTE_MAX_BYTES: u64 = 4096;

/// The newest note of each file sink and of each witness, also of those that the configuration no
/// longer names.
pub(crate) fn read_back(
    config: &Config,
    data_dir: &DataDir,
) -> Result<Vec<Anchored>, ReadBackError> {
    let mut found = Vec::new();
    for anchor in &config.ledger.anchors {
        let SinkSettings::File(file) = &anchor.to else { continue };
        match read(&file.path)? {
            Some(note) => {
                found.push(Anchored { source: anchor.name.as_str().to_owned(), note });
            }
            None if data_dir.has_segments() => tracing::warn!(
                anchor = anchor.name.as_str(),
                path = %file.path.display(),
                "its checkpoint is gone: the journal's end cannot be compared with it"
            ),
            None => {}
        }
    }
    for path in cosigned(&data_dir.anchors())? {
        if let Some(note) = read(&path)? {
            found.push(Anchored { source: path.display().to_string(), note });
        }
    }
    Ok(found)
}

/// The bytes of a note; nothing when there is no file.
fn read(path: &Path) -> Result<Option<Vec<u8>>, ReadBackError> {
    let read = || {
        let mut note = Vec::new();
        open_regular(path)?.take(NOTE_MAX_BYTES + 1).read_to_end(&mut note)?;
        if note.len() as u64 > NOTE_MAX_BYTES {
            return Err(io::Error::other("it is longer than a checkpoint can be"));
        }
        Ok(note)
    };
    unless_absent(read()).map_err(|cause| failed(path, cause))
}

/// The notes that witnesses have signed, in order of their names.
fn cosigned(folder: &Path) -> Result<Vec<PathBuf>, ReadBackError> {
    let list = || fs::read_dir(folder)?.map(|entry| Ok(entry?.path())).collect();
    let listed: Option<Vec<PathBuf>> =
        unless_absent(list()).map_err(|cause| failed(folder, cause))?;
    let mut notes = listed.unwrap_or_default();
    notes.retain(|path| path.extension().is_some_and(|extension| extension == "note"));
    notes.sort();
    Ok(notes)
}

fn unless_absent<T>(result: io::Result<T>) -> io::Result<Option<T>> {
    match result {
        Ok(value) => Ok(Some(value)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

fn failed(path: &Path, cause: io::Error) -> ReadBackError {
    ReadBackError { path: path.display().to_string(), cause }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_absent_note_is_none_and_an_unreadable_one_an_error() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("gw.note");
        assert!(read(&path).unwrap().is_none());
        fs::write(&path, "note").unwrap();
        assert_eq!(read(&path).unwrap().unwrap(), b"note");
        fs::write(&path, vec![b'x'; 4097]).unwrap();
        assert!(read(&path).unwrap_err().to_string().contains("longer"));
        assert!(read(folder.path()).is_err(), "a folder");
    }

    #[test]
    fn only_notes_count_as_cosigned() {
        let folder = tempfile::tempdir().unwrap();
        for name in ["b.note", "a.note", "a.note.new", "readme"] {
            fs::write(folder.path().join(name), name).unwrap();
        }
        let names = cosigned(folder.path()).unwrap();
        assert_eq!(names, [folder.path().join("a.note"), folder.path().join("b.note")]);
        assert!(cosigned(&folder.path().join("nowhere")).unwrap().is_empty());
    }
}
