//! The journal's input and output behind two narrow traits, so that a test can fail any step.
//!
//! The order of steps is what durability rests on; the steps themselves are one system call each.

use std::fmt;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Seek, SeekFrom, Write};
use std::path::{Path, PathBuf};

const EXTENSION: &str = ".ilj";
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
    /// Reads a segment from `offset` on.
    fn read(&self, segment: Segment, offset: u64) -> io::Result<Box<dyn Read + Send>>;
    /// Makes an empty segment that must not exist.
    fn create(&self, segment: Segment) -> io::Result<Box<dyn SegmentFile>>;
    /// Opens an existing segment for writing at its end.
    fn open(&self, segment: Segment) -> io::Result<Box<dyn SegmentFile>>;
    /// Makes the names of new segments durable.
    fn sync_directory(&self) -> io::Result<()>;
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

/// Segments as files of one directory.
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

    fn read(&self, segment: Segment, offset: u64) -> io::Result<Box<dyn Read + Send>> {
        let mut file = File::open(self.path(segment))?;
        file.seek(SeekFrom::Start(offset))?;
        Ok(Box::new(file))
    }

    fn create(&self, segment: Segment) -> io::Result<Box<dyn SegmentFile>> {
        let mut options = OpenOptions::new();
        let file = options.append(true).create_new(true).open(self.path(segment))?;
        Ok(Box::new(file))
    }

    fn open(&self, segment: Segment) -> io::Result<Box<dyn SegmentFile>> {
        Ok(Box::new(OpenOptions::new().append(true).open(self.path(segment))?))
    }

    fn sync_directory(&self) -> io::Result<()> {
        File::open(&self.directory)?.sync_all()
    }
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
