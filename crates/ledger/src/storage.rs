//! The journal's input and output behind two narrow traits, so that a test can fail any step.
//!
//! The order of steps is what durability rests on; the steps themselves are one system call each.

mod content;
mod named;
mod reserve;

use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use crate::format::hash::Hash;
use crate::format::segment::Segment;
use crate::regular::open_regular_with;
use crate::storage::named::Named;
use crate::storage::reserve::Reserve;

pub(crate) use crate::storage::reserve::no_descriptors;

const CONTENT_EXTENSION: &str = ".ilc";

/// A folder of segments.
pub trait Storage: Send + Sync {
    /// Called once by the one writer, before anything is written: makes the folders that it writes
    /// to, and remembers them for [`Storage::displaced`].
    fn prepare(&self) -> io::Result<()> {
        Ok(())
    }
    /// The folder that is no longer what [`Storage::prepare`] found: removed, replaced, unmounted.
    fn displaced(&self) -> Option<PathBuf> {
        None
    }
    /// Takes back what was set aside for the opening of files and has been used since. Fails while
    /// the system gives no descriptors.
    fn refill(&self) -> io::Result<()> {
        Ok(())
    }
    /// All segments in order of their names. Fails when the folder cannot be read.
    fn list(&self) -> io::Result<Vec<Segment>>;
    /// Lets the next read of a segment come from the disk: after a failed sync, memory may hold
    /// what the disk does not, and never will. Nothing to do where there is no such memory.
    fn evict(&self, _segment: Segment) -> io::Result<()> {
        Ok(())
    }
    /// Reads a segment from `offset` on.
    fn read(&self, segment: Segment, offset: u64) -> io::Result<Box<dyn Read + Send>>;
    /// Bytes of a segment.
    fn length(&self, segment: Segment) -> io::Result<u64> {
        io::copy(&mut self.read(segment, 0)?, &mut io::sink())
    }
    /// Makes an empty segment that must not exist.
    fn create(&self, segment: Segment) -> io::Result<Box<dyn SegmentFile>>;
    /// Opens an existing segment for writing at its end.
    fn open(&self, segment: Segment) -> io::Result<Box<dyn SegmentFile>>;
    /// Makes the names of new segments durable, and the absence of removed ones.
    fn sync_directory(&self) -> io::Result<()>;
    /// Removes a segment.
    fn remove(&self, segment: Segment) -> io::Result<()>;
    /// Stores content in a file of its own, durable with its name when this returns.
    fn write_content(&self, name: Hash, bytes: &[u8]) -> io::Result<()>;
    /// Reads such a file from its start.
    fn read_content(&self, name: Hash) -> io::Result<Box<dyn Read + Send>>;
    /// Removes such a file; one that is gone already is no error.
    fn remove_content(&self, name: Hash) -> io::Result<()>;
    /// Bytes that can still be written here; `None` when nothing bounds them.
    fn free_bytes(&self) -> io::Result<Option<u64>>;
}

/// A segment open for writing.
pub trait SegmentFile: Send {
    /// Writes all of `bytes` at the end.
    fn append(&mut self, bytes: &[u8]) -> io::Result<()>;
    /// Makes everything written durable (`fdatasync`).
    fn sync(&mut self) -> io::Result<()>;
    /// Cuts the file to `length` bytes; the next append goes there.
    fn truncate(&mut self, length: u64) -> io::Result<()>;
    /// The segment's path, when another file or none stands there, or one of another length.
    fn displaced(&self, _length: u64) -> Option<PathBuf> {
        None
    }
}

/// Segments as files of one directory, and content in a directory beside them.
#[derive(Clone, Debug)]
pub struct FileStorage {
    directory: PathBuf,
    /// What the writer holds; nothing for those who only read.
    held: Arc<OnceLock<Held>>,
}

/// What a writer keeps open while it lives.
#[derive(Debug)]
struct Held {
    folders: [Named; 2],
    reserve: Reserve,
}

impl FileStorage {
    /// Over an existing directory; makes nothing.
    pub fn new(directory: &Path) -> Self {
        Self { directory: directory.to_path_buf(), held: Arc::default() }
    }

    /// Opens a file, with a descriptor that was set aside when no other is left.
    fn opening<T>(&self, open: impl Fn() -> io::Result<T>) -> io::Result<T> {
        match self.held.get() {
            Some(held) => held.reserve.open(open),
            None => open(),
        }
    }

    fn segment(&self, segment: Segment, options: &OpenOptions) -> io::Result<Box<dyn SegmentFile>> {
        let path = self.path(segment);
        let file = self.opening(|| open_regular_with(&mut options.clone(), &path))?;
        Ok(Box::new(Named::new(path, file)))
    }

    fn path(&self, segment: Segment) -> PathBuf {
        self.directory.join(segment.to_string())
    }

    fn contents(&self) -> PathBuf {
        self.directory.join("content")
    }

    fn content(&self, name: Hash) -> PathBuf {
        self.contents().join(format!("{name}{CONTENT_EXTENSION}"))
    }
}

impl Storage for FileStorage {
    fn prepare(&self) -> io::Result<()> {
        let contents = self.contents();
        if !contents.exists() {
            DirBuilder::new().recursive(true).mode(0o700).create(&contents)?;
            self.sync_directory()?;
        }
        let folders = [Named::open(&self.directory)?, Named::open(&contents)?];
        let reserve = Reserve::of(&self.directory)?;
        let _ = self.held.set(Held { folders, reserve });
        Ok(())
    }

    fn displaced(&self) -> Option<PathBuf> {
        self.held.get()?.folders.iter().find_map(|folder| folder.displaced(None))
    }

    fn refill(&self) -> io::Result<()> {
        self.held.get().map_or(Ok(()), |held| held.reserve.refill())
    }

    fn list(&self) -> io::Result<Vec<Segment>> {
        let mut segments = Vec::new();
        for file in fs::read_dir(&self.directory)? {
            segments.extend(file?.file_name().to_str().and_then(Segment::from_file_name));
        }
        segments.sort_unstable();
        Ok(segments)
    }

    fn evict(&self, segment: Segment) -> io::Result<()> {
        let file = open(&self.path(segment))?;
        Ok(rustix::fs::fadvise(file, 0, None, rustix::fs::Advice::DontNeed)?)
    }

    fn read(&self, segment: Segment, offset: u64) -> io::Result<Box<dyn Read + Send>> {
        let mut file = open(&self.path(segment))?;
        file.seek(SeekFrom::Start(offset))?;
        Ok(Box::new(file))
    }

    fn length(&self, segment: Segment) -> io::Result<u64> {
        Ok(fs::metadata(self.path(segment))?.len())
    }

    fn create(&self, segment: Segment) -> io::Result<Box<dyn SegmentFile>> {
        self.segment(segment, OpenOptions::new().append(true).create_new(true))
    }

    fn open(&self, segment: Segment) -> io::Result<Box<dyn SegmentFile>> {
        self.segment(segment, OpenOptions::new().append(true))
    }

    fn sync_directory(&self) -> io::Result<()> {
        self.opening(|| File::open(&self.directory))?.sync_all()
    }

    fn remove(&self, segment: Segment) -> io::Result<()> {
        fs::remove_file(self.path(segment))
    }

    /// A folder that is gone is not made again: what was in it is lost.
    fn write_content(&self, name: Hash, bytes: &[u8]) -> io::Result<()> {
        let path = self.content(name);
        let mut file = self.opening(|| {
            let mut options = OpenOptions::new();
            open_regular_with(options.write(true).create(true).truncate(true), &path)
        })?;
        file.write_all(bytes)?;
        file.sync_data()?;
        self.opening(|| File::open(self.contents()))?.sync_all()
    }

    fn read_content(&self, name: Hash) -> io::Result<Box<dyn Read + Send>> {
        Ok(Box::new(open(&self.content(name))?))
    }

    fn remove_content(&self, name: Hash) -> io::Result<()> {
        match fs::remove_file(self.content(name)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(()),
        }
    }

    fn free_bytes(&self) -> io::Result<Option<u64>> {
        let volume = rustix::fs::statvfs(&self.directory)?;
        Ok(Some(volume.f_bavail.saturating_mul(volume.f_frsize)))
    }
}

/// An error says which file it is about.
fn open(path: &Path) -> io::Result<File> {
    let named =
        |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    open_regular_with(OpenOptions::new().read(true), path).map_err(named)
}
