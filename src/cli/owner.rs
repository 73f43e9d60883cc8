//! Root that does something with the data folder of another user, as in
//! `sudo inferlayer keys create` for a gateway that has a user of its own. What root makes there
//! would be root's, and the gateway could not open it any more; so root becomes the owner first.

use std::io;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

use rustix::process::{Gid, Uid, geteuid};
use rustix::thread::{set_thread_gid, set_thread_groups, set_thread_uid};

use crate::cli::Failure;

/// Goes on as the owner of `folder`, for good, if this is root and the folder is somebody else's.
/// Threads that are begun from here on do the same.
pub(crate) fn become_owner(folder: &Path) -> Result<(), Failure> {
    let Ok(found) = std::fs::metadata(folder) else { return Ok(()) };
    if !geteuid().is_root() || found.uid() == 0 {
        return Ok(());
    }
    let become_user = || -> io::Result<()> {
        set_thread_groups(&[])?;
        set_thread_gid(Gid::from_raw(found.gid()))?;
        Ok(set_thread_uid(Uid::from_raw(found.uid()))?)
    };
    become_user().map_err(|error| {
        let (folder, user) = (folder.display(), found.uid());
        Failure::Data(format!("cannot act as user {user}, who owns {folder}: {error}"))
    })
}
