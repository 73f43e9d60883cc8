//! Whether the data folder can be one: writable, nobody else's to write to, and short enough for
//! the socket in it.

use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// `sockaddr_un` has room for 108 bytes, the last of them 0.
const SOCKET_PATH_MAX_BYTES: usize = 107;
const SOCKET: &str = "admin.sock";

/// What makes it impossible or unsafe.
pub(crate) fn mistake(folder: &Path) -> Option<String> {
    let at = folder.display();
    let bytes = folder.join(SOCKET).as_os_str().as_bytes().len();
    if bytes > SOCKET_PATH_MAX_BYTES {
        return Some(format!(
            "the path is too long: with /{SOCKET} it has {bytes} bytes, and a unix socket's has at \
             most {SOCKET_PATH_MAX_BYTES}; choose a shorter one"
        ));
    }
    match std::fs::metadata(folder) {
        Ok(found) if !found.is_dir() => Some(format!("{at} is not a folder")),
        Ok(found) if found.permissions().mode() & 0o002 != 0 => Some(format!(
            "{at} can be written to by every user, who could replace the ledger; run `chmod 700 \
             {at}`"
        )),
        _ => None,
    }
}

/// What whoever serves may not meet.
pub(crate) fn warning(folder: &Path) -> Option<String> {
    // The nearest that is there is where the others are made.
    let (there, found) =
        folder.ancestors().map(or_here).find_map(|at| Some((at, std::fs::metadata(at).ok()?)))?;
    let at = there.display();
    if !found.is_dir() {
        return Some(format!("{at} is not a folder"));
    }
    let access = rustix::fs::Access::WRITE_OK | rustix::fs::Access::EXEC_OK;
    if rustix::fs::access(there, access).is_err() {
        return Some(format!("{at} cannot be written to by the user who runs this"));
    }
    let is_open = there == folder && found.permissions().mode() & 0o075 != 0;
    is_open.then(|| format!("{at} can be read or changed by other users; run `chmod 700 {at}`"))
}

/// The parent of a relative path of one name is empty.
fn or_here(path: &Path) -> &Path {
    if path.as_os_str().is_empty() { Path::new(".") } else { path }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_folder_is_judged_by_its_length_its_kind_and_who_may_write_to_it() {
        let folder = tempfile::tempdir().unwrap();
        let (file, open, closed) =
            (folder.path().join("file"), folder.path().join("open"), folder.path().join("closed"));
        std::fs::write(&file, "").unwrap();
        for (path, mode) in [(&open, 0o777), (&closed, 0o700)] {
            std::fs::create_dir(path).unwrap();
            std::fs::set_permissions(path, PermissionsExt::from_mode(mode)).unwrap();
        }
        let told = |path: &Path| mistake(path).or_else(|| warning(path)).unwrap_or_default();
        assert_eq!(told(&closed), "");
        assert_eq!(told(&closed.join("new/deep")), "");
        assert_eq!(told(Path::new("made-later")), "");
        assert!(told(&file).ends_with("is not a folder"));
        assert!(told(&file.join("new")).ends_with("is not a folder"));
        assert!(told(&open).contains("can be written to by every user"));
        std::fs::set_permissions(&closed, PermissionsExt::from_mode(0o755)).unwrap();
        assert!(told(&closed).contains("can be read or changed by other users"));
        let long = folder.path().join("x".repeat(SOCKET_PATH_MAX_BYTES));
        assert!(told(&long).contains("too long"));
        let room = SOCKET_PATH_MAX_BYTES - folder.path().as_os_str().len() - 2 - SOCKET.len();
        assert_eq!(told(&folder.path().join("x".repeat(room))), "");
        assert!(told(&folder.path().join("x".repeat(room + 1))).contains("too long"));
    }
}
