//! The journal's input and output behind two narrow traits, so that a test can fail any step.
//!
//! The order of steps is what durability rests on; the steps themselves are one system call each.

use std::fmt;
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::DirBuilderExt;
use std::path::{Path, PathBuf};

use crate::format::hash::Hash;
use crate::regular::open_regular_with;

const EXTENSION: &str = ".ilj";
const CONTENT_EXTENSION: &str = ".ilc";
const DIGITS: usize = 20;

/// A segment, named by the sequence number of its first record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Segment(pub u64);

impl Segment {
    /// `None` for files that are not segments.
    fn from_file_name(name: &str) -> Option<Self> {
        let digits = name.strip_suffix(EXTENSION)?;
        let all_digits = digits.len() == DIGITS && digits.bytes().all(|b| b.is_ascii_digit());
        all_digits.then(|| digits.parse().ok())?.map(Self)
    }
}

/// The file name: 20 digits and `.ilj`.
impl fmt::Display for Segment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:020}{EXTENSION}", self.0)
    }
}

/// A folder of segments.
pub trait Storage: Send + Sync {
    /// All segments in order of their names. Fails when the folder cannot be read.
    fn list(&self) -> io::Result<Vec<Segment>>;
    /// Lets the next read of a segment come from the disk: after a failed sync, memory may hold
    /// what the disk does not, and never will. Nothing to do where there is no such memory.
    fn evict(&self, _segment: Segment) -> io::Result<()> {
        Ok(())
    }
    /// Reads a segment from `offset` on.
    fn read(&self, segment: Segment, offset: u64) -> io::Result<Box<dyn Read + Send>>;
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
}

/// Segments as files of one directory, and content in a directory beside them.
#[derive(Clone, Debug)]
pub struct FileStorage {
    directory: PathBuf,
}

impl FileStorage {
    /// Over an existing directory; makes nothing.
    pub fn new(directory: &Path) -> Self {
        Self { directory: directory.to_path_buf() }
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

    fn create(&self, segment: Segment) -> io::Result<Box<dyn SegmentFile>> {
        let mut options = OpenOptions::new();
        let file = options.append(true).create_new(true).open(self.path(segment))?;
        Ok(Box::new(file))
    }

    fn open(&self, segment: Segment) -> io::Result<Box<dyn SegmentFile>> {
        Ok(Box::new(open_with(OpenOptions::new().append(true), &self.path(segment))?))
    }

    fn sync_directory(&self) -> io::Result<()> {
        File::open(&self.directory)?.sync_all()
    }

    fn remove(&self, segment: Segment) -> io::Result<()> {
        fs::remove_file(self.path(segment))
    }

    fn write_content(&self, name: Hash, bytes: &[u8]) -> io::Result<()> {
        if !self.contents().exists() {
            DirBuilder::new().recursive(true).mode(0o700).create(self.contents())?;
            self.sync_directory()?;
        }
        let mut options = OpenOptions::new();
        let options = options.write(true).create(true).truncate(true);
        let mut file = open_with(options, &self.content(name))?;
        file.write_all(bytes)?;
        file.sync_data()?;
        File::open(self.contents())?.sync_all()
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

fn open(path: &Path) -> io::Result<File> {
    open_with(OpenOptions::new().read(true), path)
}

/// An error says which file it is about.
fn open_with(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    let named =
        |error: io::Error| io::Error::new(error.kind(), format!("{}: {error}", path.display()));
    open_regular_with(options, path).map_err(named)
}

impl SegmentFile for File {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.write_all(bytes)
    }

    fn sync(&mut self) -> io::Result<()> {
        self.sync_data()
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.set_len(length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_exact_names_are_segments() {
        let name = Segment(412_233).to_string();
        assert_eq!(name, "00000000000000412233.ilj");
        assert_eq!(Segment::from_file_name(&name), Some(Segment(412_233)));
        for other in ["lock", "1.ilj", "+0000000000000000001.ilj", "99999999999999999999.ilj"] {
            assert_eq!(Segment::from_file_name(other), None, "{other}");
        }
    }
}
