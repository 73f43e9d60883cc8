//! The disk alone: what one append and `fdatasync` take, and whether room made ahead is cheaper.
//!
//! A file that grows makes each sync commit its new size to the file system's journal. Room made
//! ahead (`fallocate`) still has to be marked as written; room filled with zeros does not. Zeros
//! at the end of the last segment are allowed (`FORMAT.md` §1).

use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::process::Command;
use std::time::{Duration, Instant};

use crate::machine::Times;

/// One record; and a commit of 256 callers.
const WRITES_BYTES: [usize; 2] = [1024, 448 << 10];
const AHEAD_BYTES: u64 = 256 << 20;

/// A file that takes bytes at its end and makes them durable.
pub trait Target {
    /// Appends and syncs; `false` when there is no more room made ahead.
    fn put(&mut self, bytes: &[u8]) -> bool;
}

/// Prints each way of making bytes durable, in turns of `slice`.
pub fn report(folder: &Path, slice: Duration) {
    for bytes in WRITES_BYTES {
        let mut targets: [(&str, Box<dyn Target>); 3] = [
            ("growing", Box::new(Growing::new(&folder.join("growing")))),
            ("allocated ahead", Box::new(Ahead::allocated(&folder.join("allocated")))),
            ("zeros ahead", Box::new(Ahead::zeroed(&folder.join("zeroed")))),
        ];
        let mut times = [(); 3].map(|()| Times::default());
        for _ in 0..8 {
            for ((_, target), times) in targets.iter_mut().zip(&mut times) {
                times.extend(sync_for(slice / 6, bytes, &mut **target));
            }
        }
        for ((name, _), times) in targets.iter().zip(&times) {
            println!("{bytes:7} bytes, file {name:16} {times}");
        }
    }
    for name in ["growing", "allocated", "zeroed"] {
        fs::remove_file(folder.join(name)).unwrap();
    }
}

/// Writes and syncs for `time`.
pub fn sync_for(time: Duration, bytes: usize, target: &mut (impl Target + ?Sized)) -> Times {
    let (until, content, mut times) = (Instant::now() + time, vec![b'x'; bytes], Times::default());
    while Instant::now() < until {
        let begun = Instant::now();
        if !target.put(&content) {
            break;
        }
        times.push(begun.elapsed());
    }
    times
}

/// A file without room made ahead.
pub struct Growing(File);

impl Growing {
    pub fn new(path: &Path) -> Self {
        let file = OpenOptions::new().create(true).truncate(false).append(true).open(path);
        Self(file.unwrap())
    }
}

impl Target for Growing {
    fn put(&mut self, bytes: &[u8]) -> bool {
        self.0.write_all(bytes).unwrap();
        self.0.sync_data().unwrap();
        true
    }
}

/// A file whose room was made before.
struct Ahead {
    file: File,
    at: u64,
}

impl Ahead {
    fn allocated(path: &Path) -> Self {
        let length = AHEAD_BYTES.to_string();
        let done = Command::new("fallocate").args(["-l", &length]).arg(path).status().unwrap();
        assert!(done.success(), "fallocate");
        Self::over(path)
    }

    fn zeroed(path: &Path) -> Self {
        fs::write(path, vec![0; AHEAD_BYTES as usize]).unwrap();
        Self::over(path)
    }

    fn over(path: &Path) -> Self {
        let file = OpenOptions::new().write(true).open(path).unwrap();
        file.sync_all().unwrap();
        Self { file, at: 0 }
    }
}

impl Target for Ahead {
    fn put(&mut self, bytes: &[u8]) -> bool {
        if self.at + bytes.len() as u64 > AHEAD_BYTES {
            return false;
        }
        self.file.write_all_at(bytes, self.at).unwrap();
        self.file.sync_data().unwrap();
        self.at += bytes.len() as u64;
        true
    }
}
