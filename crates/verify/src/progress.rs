//! How far a long verification is, on standard error when somebody looks.

use std::io::{self, IsTerminal, Write};
use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::{fs, iter};

use inferlayer_ledger::read::journal_in;

/// Shorter logs are done before anyone could read the line.
const MIN_BYTES: u64 = 256 << 20;

/// Bytes done of all, shown each time another percent is.
pub(crate) struct Progress {
    done: AtomicU64,
    all: u64,
    shown: bool,
}

impl Progress {
    /// Over the segments in `folder`.
    pub(crate) fn over(folder: &Path) -> Self {
        let files = fs::read_dir(journal_in(folder)).into_iter().flatten().flatten();
        let segments = files.filter(|file| file.path().extension().is_some_and(|ext| ext == "ilj"));
        let all = segments.filter_map(|file| Some(file.metadata().ok()?.len())).sum();
        Self { done: AtomicU64::new(0), all, shown: all > MIN_BYTES && io::stderr().is_terminal() }
    }

    /// So many bytes more.
    pub(crate) fn add(&self, bytes: u64) {
        let before = self.done.fetch_add(bytes, Ordering::Relaxed);
        let percent = |done: u64| done.saturating_mul(100) / self.all.max(1);
        if self.shown && percent(before + bytes) > percent(before) {
            let percent = percent(before + bytes).min(100);
            let bar: String = iter::repeat_n('#', (percent / 2) as usize).collect();
            // Nobody is hurt when it cannot be shown.
            let _ = write!(io::stderr(), "\r[{bar:<50}] {percent:3} %");
        }
    }

    /// The line makes way for the verdict.
    pub(crate) fn end(&self) {
        if self.shown {
            let _ = write!(io::stderr(), "\r{:<60}\r", "");
        }
    }
}
