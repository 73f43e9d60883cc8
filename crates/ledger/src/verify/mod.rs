//! Recomputes a whole log from its segments: the auditor's question, answered without trusting us.
//!
//! Segments are verified side by side, each from the snapshot at its head, and joined in order.

mod evidence;
mod part;
mod tally;
mod whole;

use std::collections::BTreeMap;
use std::fmt;
use std::num::NonZero;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::sync_channel;
use std::thread;

use serde::Serialize;

use self::part::Part;
use self::whole::Whole;
use crate::error::ReadError;
use crate::read::journal_in;
use crate::storage::{FileStorage, Storage};
use crate::trust::Trust;
use crate::walk::Scope;

pub use self::evidence::{Evidence, NoEvidence};

/// What a log that holds consists of. Hashes are in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The verifier key whose signatures were checked.
    pub key: String,
    /// The key was taken from the log itself: consistent, but not shown to be anybody's.
    pub key_on_first_use: bool,
    /// Identity of the log.
    pub log_id: String,
    /// Every key that signed, the last one first; `key` is one of them.
    pub keys: Vec<String>,
    /// The first record that is still there; those before were dropped, and a record says so.
    pub first_sequence: u64,
    /// Number of records, those dropped included.
    pub records: u64,
    /// Root of the tree over all of them.
    pub root: String,
    /// Number of commits, each with its checkpoint verified.
    pub commits: u64,
    /// Number of segments.
    pub segments: u64,
    /// Number of runs of the writer.
    pub runs: u64,
    /// Records by kind.
    pub kinds: BTreeMap<&'static str, u64>,
    /// Intents that a crash left without outcome, in runs that are over.
    pub intents_cut: u64,
    /// Intents of the last run without outcome: in flight when it still runs.
    pub intents_open: u64,
    /// Outcomes without an intent before them.
    pub outcomes_unannounced: u64,
    /// Bytes after the last commit, zeros included: as far as the log can tell never acknowledged.
    pub unacknowledged_bytes: u64,
    /// Time of the first record, microseconds since 1970-01-01 UTC.
    pub first_time_us: u64,
    /// Time of the last record.
    pub last_time_us: u64,
    /// Receipts and checkpoints from elsewhere that the log was held against, and has.
    pub evidence: usize,
    /// The largest size that any of them speaks of: so far the log is shown to be complete.
    pub complete_to: u64,
}

/// What is to be verified, and against what.
pub struct Examination<'a> {
    storage: Arc<dyn Storage>,
    trust: Trust,
    threads: usize,
    evidence: Vec<Evidence>,
    progress: Option<&'a (dyn Fn(u64) + Sync)>,
}

/// Verifies the log in `directory` (the journal's folder or the data folder around it), and names
/// the first record that does not hold.
pub fn verify(directory: &Path, trust: Trust) -> Result<Report, ReadError> {
    Examination::new(directory, trust).run()
}

impl<'a> Examination<'a> {
    /// Of the log in `directory`, with as many threads as there are processors.
    pub fn new(directory: &Path, trust: Trust) -> Self {
        Self::over(Arc::new(FileStorage::new(&journal_in(directory))), trust)
    }

    /// Of the log in `storage`.
    pub fn over(storage: Arc<dyn Storage>, trust: Trust) -> Self {
        let threads = thread::available_parallelism().map_or(1, NonZero::get);
        Self { storage, trust, threads, evidence: Vec::new(), progress: None }
    }

    /// With so many threads, which take a segment each.
    pub fn threads(self, threads: usize) -> Self {
        Self { threads: threads.max(1), ..self }
    }

    /// Against these too.
    pub fn evidence(self, evidence: Vec<Evidence>) -> Self {
        Self { evidence, ..self }
    }

    /// Tells `progress` how many bytes of segments were done, from any thread.
    pub fn progress(self, progress: &'a (dyn Fn(u64) + Sync)) -> Self {
        Self { progress: Some(progress), ..self }
    }

    /// Verifies everything, and names the first record that does not hold.
    pub fn run(self) -> Result<Report, ReadError> {
        let scope = Scope::whole(&*self.storage)?;
        let parts: Vec<Scope> = scope.singly().collect();
        let mut whole = Whole::default();
        let next = AtomicUsize::new(0);
        let (send, receive) = sync_channel(0);
        thread::scope(|threads| {
            for _ in 0..self.threads.min(parts.len()) {
                let (send, next, parts, storage) = (send.clone(), &next, &parts, &self.storage);
                let (evidence, progress) = (&self.evidence, self.progress.unwrap_or(&|_| {}));
                threads.spawn(move || {
                    while let index = next.fetch_add(1, Ordering::Relaxed)
                        && let Some(scope) = parts.get(index)
                        && let part = Part::verify(storage, scope.clone(), evidence, progress)
                        && send.send((index, part)).is_ok()
                    {}
                });
            }
            drop(send);
            // Dropped with the first fault, so that nobody goes on.
            whole.take_in_order(receive)
        })?;
        whole.judge(&scope, &self.trust, &self.evidence)
    }
}

/// What holds, in words.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kinds: Vec<String> =
            self.kinds.iter().map(|(kind, count)| format!("{kind} {count}")).collect();
        let trust = match self.key_on_first_use {
            true => "taken from the log itself: pass --key with a key you got elsewhere",
            false => "given",
        };
        let Self { records, commits, segments, runs, root, log_id, key, .. } = self;
        writeln!(
            f,
            "HOLDS: {records} records in {commits} commits, {segments} segments, {runs} runs"
        )?;
        writeln!(f, "root      {root}")?;
        writeln!(f, "log       {log_id}")?;
        writeln!(f, "key       {key} ({trust})")?;
        writeln!(f, "kinds     {}", kinds.join(", "))?;
        let (cut, open) = (self.intents_cut, self.intents_open);
        writeln!(
            f,
            "intents   {cut} without outcome in runs that are over, {open} in the last run"
        )?;
        writeln!(f, "outcomes  {} without an intent", self.outcomes_unannounced)?;
        writeln!(f, "tail      {} bytes never acknowledged", self.unacknowledged_bytes)
    }
}
