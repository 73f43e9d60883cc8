//! Opening files that somebody else may have put there: a pipe in a segment's place must not hang
//! who reads it.

use std::fs::{File, OpenOptions};
use std::io;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use rustix::fs::OFlags;

/// Opens a regular file, or a link to one, for reading. Never waits.
pub fn open_regular(path: &Path) -> io::Result<File> {
    open_regular_with(OpenOptions::new().read(true), path)
}

/// The same with other options.
pub(crate) fn open_regular_with(options: &mut OpenOptions, path: &Path) -> io::Result<File> {
    // The bits of a flag of open(2) are an int wherever there is one.
    let flags = i32::try_from(OFlags::NONBLOCK.bits()).unwrap_or(0);
    let file = options.custom_flags(flags).open(path)?;
    if file.metadata()?.is_file() { Ok(file) } else { Err(io::Error::other("no regular file")) }
}

#[cfg(test)]
mod tests {
    use std::fs;

    use rustix::fs::{CWD, FileType, Mode, mknodat};

    use super::*;

    #[test]
    fn only_regular_files_are_opened_and_none_hangs() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::write(at("file"), "x").unwrap();
        std::os::unix::fs::symlink(at("file"), at("link")).unwrap();
        std::os::unix::fs::symlink(at("nowhere"), at("dangling")).unwrap();
        fs::create_dir(at("folder")).unwrap();
        mknodat(CWD, at("pipe"), FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
        let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
        for good in ["file", "link"] {
            assert_eq!(io::read_to_string(open_regular(&at(good)).unwrap()).unwrap(), "x");
        }
        for other in ["folder", "pipe", "socket", "dangling", "nowhere"] {
            assert!(open_regular(&at(other)).is_err(), "{other}");
            assert!(open_regular_with(OpenOptions::new().append(true), &at(other)).is_err());
        }
        let missing = [at("dangling"), at("nowhere")].map(|path| open_regular(&path).unwrap_err());
        assert!(missing.iter().all(|error| error.kind() == io::ErrorKind::NotFound));
    }
}
