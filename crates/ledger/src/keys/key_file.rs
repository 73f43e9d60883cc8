//! Secret 32-byte keys in files that only their owner may read.
//!
//! A key file is made once and whole: written aside, synced, linked into place, so that a crash
//! leaves a key or none, and two processes never get different keys of one name. It is destroyed in
//! place: zeros over its bytes, synced, and only then is the name taken away.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, FileExt, MetadataExt, OpenOptionsExt};
use std::path::Path;
use std::process;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

use crate::keys::error::KeyError;
use crate::regular::open_regular;

/// Base64 of 32 bytes, a newline, and room to see that a file is too long.
const MAX_FILE_BYTES: u64 = 64;

/// Reads the key in `path`, after making one when there is none.
pub(crate) fn load_or_create(path: &Path) -> Result<Zeroizing<[u8; 32]>, KeyError> {
    if let Some(key) = load_existing(path)? {
        return Ok(key);
    }
    create(path)?;
    load(path, open_regular(path).map_err(KeyError::io(path))?)
}

/// Reads the key in `path`; `None` when there is no file.
pub(crate) fn load_existing(path: &Path) -> Result<Option<Zeroizing<[u8; 32]>>, KeyError> {
    match open_regular(path) {
        Ok(file) => load(path, file).map(Some),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(KeyError::io(path)(error)),
    }
}

/// Destroys the file: its bytes first, so that no other name of it still leads to the key.
pub(crate) fn destroy(path: &Path) -> Result<(), KeyError> {
    let destroyed = OpenOptions::new().write(true).open(path).and_then(|file| erase(&file));
    destroyed.and_then(|()| fs::remove_file(path)).map_err(KeyError::io(path))?;
    sync_folder_of(path)
}

/// Puts the key in `from` in the place of the one in `to`, which is destroyed. At every moment one
/// of them is whole.
pub(crate) fn replace(from: &Path, to: &Path) -> Result<(), KeyError> {
    let old = OpenOptions::new().write(true).open(to);
    fs::rename(from, to).map_err(KeyError::io(to))?;
    sync_folder_of(to)?;
    old.and_then(|old| erase(&old)).map_err(KeyError::io(to))
}

fn erase(file: &File) -> io::Result<()> {
    let length = usize::try_from(file.metadata()?.len()).unwrap_or(usize::MAX);
    file.write_all_at(&vec![0; length.min(MAX_FILE_BYTES as usize)], 0)?;
    file.sync_all()
}

/// Whether the file is what [`destroy`] leaves when it is cut short.
pub(crate) fn is_erased(path: &Path) -> Result<bool, KeyError> {
    let mut bytes = Zeroizing::new(Vec::with_capacity(MAX_FILE_BYTES as usize));
    let read =
        open_regular(path).and_then(|file| file.take(MAX_FILE_BYTES).read_to_end(&mut bytes));
    read.map_err(KeyError::io(path))?;
    Ok(!bytes.is_empty() && bytes.iter().all(|byte| *byte == 0))
}

/// Makes a folder of mode 0700 when there is none; refuses one that is open to others.
pub(crate) fn private_folder(path: &Path) -> Result<(), KeyError> {
    let made = DirBuilder::new().recursive(true).mode(0o700).create(path);
    made.map_err(KeyError::io(path))?;
    refuse_others(path, &fs::metadata(path).map_err(KeyError::io(path))?)
}

fn load(path: &Path, file: File) -> Result<Zeroizing<[u8; 32]>, KeyError> {
    refuse_others(path, &file.metadata().map_err(KeyError::io(path))?)?;
    let mut line = Zeroizing::new(String::with_capacity(MAX_FILE_BYTES as usize));
    file.take(MAX_FILE_BYTES).read_to_string(&mut line).map_err(KeyError::io(path))?;
    // The decoder estimates more room than 32 bytes need.
    let mut bytes = Zeroizing::new([0; 48]);
    let length = STANDARD.decode_slice(line.trim_end(), bytes.as_mut());
    match (length, bytes.first_chunk()) {
        (Ok(32), Some(key)) => Ok(Zeroizing::new(*key)),
        _ => Err(KeyError::Malformed { path: path.to_path_buf() }),
    }
}

fn create(path: &Path) -> Result<(), KeyError> {
    let mut key = Zeroizing::new([0; 32]);
    SystemRandom::new().fill(key.as_mut()).map_err(|_| KeyError::Randomness)?;
    let line = Zeroizing::new(STANDARD.encode(key.as_ref()) + "\n");
    let aside = path.with_extension(format!("new-{}", process::id()));
    let made = write_new(&aside, line.as_bytes()).and_then(|()| fs::hard_link(&aside, path));
    // The name in place is what counts; a leftover aside is a key that nothing uses.
    let _ = fs::remove_file(&aside);
    match made {
        Err(error) if error.kind() != io::ErrorKind::AlreadyExists => {
            return Err(KeyError::io(path)(error));
        }
        _ => {}
    }
    sync_folder_of(path)
}

fn sync_folder_of(path: &Path) -> Result<(), KeyError> {
    let folder = path.parent().unwrap_or(Path::new("."));
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(KeyError::io(folder))
}

fn write_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(bytes)?;
    file.sync_all()
}

fn refuse_others(path: &Path, metadata: &fs::Metadata) -> Result<(), KeyError> {
    let mode = metadata.mode() & 0o777;
    if mode & 0o077 != 0 {
        return Err(KeyError::Permissions { path: path.to_path_buf(), mode });
    }
    Ok(())
}
