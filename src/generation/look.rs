//! Whether a file is another one than before. Files are looked at, not subscribed to: a few `stat`
//! calls a second cost nothing, and see what inotify does not, such as a symbolic link on the way
//! that leads elsewhere (as Kubernetes and many tools swap configurations) and network file
//! systems.

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

/// What a set of files was like at one moment.
#[derive(Clone, Default, PartialEq, Eq)]
pub(super) struct Look(Vec<(PathBuf, Option<Stamp>)>);

/// What changes with a file's content, however it is replaced.
#[derive(Clone, PartialEq, Eq)]
struct Stamp {
    device: u64,
    inode: u64,
    bytes: u64,
    modified: (i64, i64),
    changed: (i64, i64),
}

impl Look {
    /// Looks at these files, wherever links lead.
    pub(super) fn at(mut files: Vec<PathBuf>) -> Look {
        files.sort();
        files.dedup();
        Look(files.into_iter().map(|file| (file.clone(), stamp(&file))).collect())
    }

    /// Of these files: as they were then, if they were looked at, or as they are.
    pub(super) fn extended(&self, files: Vec<PathBuf>) -> Look {
        let Look(mut now) = Look::at(files);
        for (file, stamp) in &mut now {
            if let Some((_, then)) = self.0.iter().find(|(known, _)| known == file) {
                stamp.clone_from(then);
            }
        }
        Look(now)
    }

    /// Looks at the same files once more.
    pub(super) fn again(&self) -> Look {
        Look(self.0.iter().map(|(file, _)| (file.clone(), stamp(file))).collect())
    }
}

/// Nothing of a file that is not there.
fn stamp(file: &Path) -> Option<Stamp> {
    let found = fs::metadata(file).ok()?;
    Some(Stamp {
        device: found.dev(),
        inode: found.ino(),
        bytes: found.size(),
        modified: (found.mtime(), found.mtime_nsec()),
        changed: (found.ctime(), found.ctime_nsec()),
    })
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;

    use super::*;

    #[test]
    fn a_change_of_any_kind_is_seen() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        fs::create_dir(at("one")).unwrap();
        fs::create_dir(at("two")).unwrap();
        fs::write(at("one/key"), "a").unwrap();
        fs::write(at("two/key"), "a").unwrap();
        symlink("one", at("..data")).unwrap();
        symlink("..data/key", at("key")).unwrap();
        let mut look = Look::at(vec![at("key"), at("key"), at("absent")]);
        assert!(look == look.again());
        let changes: [&dyn Fn(); 5] = [
            // As Kubernetes does it.
            &|| {
                symlink("two", at("..data_tmp")).unwrap();
                fs::rename(at("..data_tmp"), at("..data")).unwrap();
            },
            &|| fs::write(at("two/key"), "b").unwrap(),
            &|| fs::rename(at("one/key"), at("two/key")).unwrap(),
            &|| fs::write(at("absent"), "").unwrap(),
            &|| fs::remove_file(at("key")).unwrap(),
        ];
        for change in changes {
            change();
            let next = look.again();
            assert!(look != next);
            look = next;
        }
    }
}
