//! File descriptors that are set aside for the ledger. When connections have taken all the others,
//! what was begun can still be recorded.

use std::fs::File;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use rustix::io::Errno;

/// How many: a new segment or content file and its folder, for each of the two threads that write.
const SPARE: usize = 4;

/// Open handles whose only use is to be closed in time.
#[derive(Debug)]
pub(super) struct Reserve {
    /// What they are handles of.
    folder: PathBuf,
    spare: Mutex<Vec<File>>,
}

impl Reserve {
    /// A full reserve.
    pub(super) fn of(folder: &Path) -> io::Result<Self> {
        let reserve = Self { folder: folder.to_path_buf(), spare: Mutex::default() };
        reserve.refill()?;
        Ok(reserve)
    }

    /// Opens something; when no descriptor is left, one of those set aside makes way.
    pub(super) fn open<T>(&self, open: impl Fn() -> io::Result<T>) -> io::Result<T> {
        let mut opened = open();
        while opened.as_ref().is_err_and(no_descriptors) && self.give_up_one() {
            opened = open();
        }
        opened
    }

    /// Sets aside what was used.
    pub(super) fn refill(&self) -> io::Result<()> {
        let mut spare = self.spare.lock().unwrap_or_else(PoisonError::into_inner);
        while spare.len() < SPARE {
            spare.push(File::open(&self.folder)?);
        }
        Ok(())
    }

    fn give_up_one(&self) -> bool {
        self.spare.lock().unwrap_or_else(PoisonError::into_inner).pop().is_some()
    }
}

/// Whether the process or the system has no descriptor left. Only opening fails so, and nothing was
/// written then.
pub(crate) fn no_descriptors(error: &io::Error) -> bool {
    let code = error.raw_os_error().map(Errno::from_raw_os_error);
    matches!(code, Some(Errno::MFILE | Errno::NFILE))
}

#[cfg(test)]
mod tests {
    use std::cell::Cell;

    use super::*;

    #[test]
    fn a_descriptor_makes_way_for_each_that_is_missing_and_comes_back() {
        let folder = tempfile::tempdir().unwrap();
        let reserve = Reserve::of(folder.path()).unwrap();
        let missing = Cell::new(3);
        let open = || match missing.replace(missing.get() - 1) {
            1.. => Err(io::Error::from(Errno::MFILE)),
            _ => Ok(()),
        };
        reserve.open(open).unwrap();
        assert_eq!(reserve.spare.lock().unwrap().len(), SPARE - 3);
        missing.set(100);
        assert!(no_descriptors(&reserve.open(open).unwrap_err()));
        reserve.refill().unwrap();
        assert_eq!(reserve.spare.lock().unwrap().len(), SPARE);
        let other = reserve.open(|| Err::<(), _>(io::Error::from(io::ErrorKind::NotFound)));
        assert_eq!(other.unwrap_err().kind(), io::ErrorKind::NotFound);
        assert_eq!(
            reserve.spare.lock().unwrap().len(),
            SPARE,
            "nothing makes way for other errors"
        );
    }
}
