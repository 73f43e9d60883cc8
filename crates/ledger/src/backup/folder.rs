//! The folder of a copy: what may be there already, and putting into it what is new. Segments are
//! taken in order, each durable before the next, so that what a crash leaves is an earlier copy.

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::unix::fs::{DirBuilderExt, OpenOptionsExt};
use std::path::{Path, PathBuf};

use super::BackupError;
use crate::format::damage::ReadError;
use crate::format::entry::External;
use crate::format::frame::Stop;
use crate::format::note_key::VerifyingKey;
use crate::format::segment::Segment;
use crate::storage::{FileStorage, Storage};

const CHUNK_BYTES: usize = 256 << 10;
const PUBLIC_KEY: &str = "ledger.pub";

/// A folder that holds a copy, or may.
pub(super) struct Folder {
    path: PathBuf,
    storage: FileStorage,
    segments: Vec<Segment>,
}

impl Folder {
    /// Makes the folder when absent; refuses one that holds anything but a copy.
    pub(super) fn open(path: &Path) -> Result<Self, BackupError> {
        let (journal, keys) = (path.join("journal"), path.join("keys"));
        let failed = |source| BackupError::Io { folder: path.to_path_buf(), source };
        refuse_others(path, path, &["journal", "keys"])?;
        refuse_others(path, &keys, &[PUBLIC_KEY])?;
        if journal.join("lock").exists() {
            let found = "journal/lock".to_owned();
            return Err(BackupError::Foreign { folder: path.to_path_buf(), found });
        }
        for folder in [&journal, &keys] {
            let made = DirBuilder::new().recursive(true).mode(0o700).create(folder);
            made.map_err(failed)?;
        }
        let storage = FileStorage::new(&journal);
        storage.prepare().map_err(failed)?;
        let segments = storage.list().map_err(failed)?;
        Ok(Self { path: path.to_path_buf(), storage, segments })
    }

    /// Those that are there.
    pub(super) fn segments(&self) -> &[Segment] {
        &self.segments
    }

    /// Why a log that goes on at `first` behind this copy's end cannot be added to it.
    pub(super) fn does_not_reach(&self, first: Option<Segment>) -> BackupError {
        match first.is_some_and(|first| self.segments.last().is_some_and(|last| *last < first)) {
            true => BackupError::TooOld(self.path.clone()),
            false => BackupError::OtherLog(self.path.clone()),
        }
    }

    /// Copies a file of content, unless it is there and whole. Tells whether it was new.
    pub(super) fn take_content(
        &mut self,
        from: &dyn Storage,
        content: External,
    ) -> Result<bool, BackupError> {
        if content.check(&self.storage).is_ok() {
            return Ok(false);
        }
        let bytes = content.read(from).map_err(|stop| match stop {
            Stop::Io(error) => ReadError::from(error),
            // The walk has just checked it: the log drops its past.
            Stop::Damage(_) => io::Error::from(io::ErrorKind::NotFound).into(),
        })?;
        self.storage.write_content(content.hash, &bytes).map_err(|error| self.failed(error))?;
        Ok(true)
    }

    /// Copies what is new of a segment up to `end`, or to its end. What is there already has to be
    /// the segment's beginning. Tells how many bytes were new.
    pub(super) fn take_segment(
        &mut self,
        from: &dyn Storage,
        segment: Segment,
        end: Option<u64>,
    ) -> Result<u64, BackupError> {
        let source = from.read(segment, 0).map_err(ReadError::from)?;
        let mut source = source.take(end.unwrap_or(u64::MAX));
        if self.segments.contains(&segment) {
            let there = self.storage.read(segment, 0).map_err(|error| self.failed(error))?;
            self.skip_same(&mut source, there)?;
        }
        self.append(&mut source, segment).map_err(|error| self.failed(error))
    }

    /// Writes the log's key and makes all names durable.
    pub(super) fn finish(&self, key: &VerifyingKey) -> Result<(), BackupError> {
        let finish = || {
            let keys = self.path.join("keys");
            write_whole(&keys.join(PUBLIC_KEY), format!("{key}\n").as_bytes())?;
            for folder in [&keys, &self.path, self.path.parent().unwrap_or(&self.path)] {
                sync(folder)?;
            }
            Ok(())
        };
        finish().map_err(|error| self.failed(error))
    }

    fn skip_same(&self, source: &mut dyn Read, mut there: impl Read) -> Result<(), BackupError> {
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut same = vec![0; CHUNK_BYTES];
        loop {
            let count = there.read(&mut chunk).map_err(|error| self.failed(error))?;
            let (Some(chunk), Some(same)) = (chunk.get(..count), same.get_mut(..count)) else {
                return Ok(());
            };
            if count == 0 {
                return Ok(());
            }
            match source.read_exact(same) {
                Ok(()) if chunk == same => {}
                Err(error) if error.kind() != io::ErrorKind::UnexpectedEof => {
                    return Err(ReadError::from(error).into());
                }
                _ => return Err(BackupError::OtherLog(self.path.clone())),
            }
        }
    }

    fn append(&self, source: &mut dyn Read, segment: Segment) -> io::Result<u64> {
        let mut file = match self.segments.contains(&segment) {
            true => self.storage.open(segment)?,
            false => self.storage.create(segment)?,
        };
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut bytes = 0;
        while let count @ 1.. = source.read(&mut chunk)? {
            file.append(chunk.get(..count).unwrap_or_default())?;
            bytes += count as u64;
        }
        file.sync()?;
        self.storage.sync_directory()?;
        Ok(bytes)
    }

    fn failed(&self, source: io::Error) -> BackupError {
        BackupError::Io { folder: self.path.clone(), source }
    }
}

/// Whether `inside` has nothing but files of these names; it need not be there.
fn refuse_others(folder: &Path, inside: &Path, names: &[&str]) -> Result<(), BackupError> {
    let failed = |source| BackupError::Io { folder: folder.to_path_buf(), source };
    let entries = match fs::read_dir(inside) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries.map_err(failed)?,
    };
    for entry in entries {
        let name = entry.map_err(failed)?.file_name();
        if !names.iter().any(|known| name == *known) {
            let found = name.to_string_lossy().into_owned();
            return Err(BackupError::Foreign { folder: folder.to_path_buf(), found });
        }
    }
    Ok(())
}

fn write_whole(path: &Path, bytes: &[u8]) -> io::Result<()> {
    let aside = path.with_extension("new");
    let mut file =
        OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(&aside)?;
    file.write_all(bytes)?;
    file.sync_all()?;
    fs::rename(aside, path)
}

fn sync(folder: &Path) -> io::Result<()> {
    let here = Path::new(".");
    File::open(if folder.as_os_str().is_empty() { here } else { folder })?.sync_all()
}
