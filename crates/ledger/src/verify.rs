//! Recomputes a whole log from its segments: the auditor's question, answered without trusting us.

use std::collections::{BTreeMap, HashMap};
use std::fmt;
use std::path::Path;
use std::sync::Arc;

use serde::Serialize;

use crate::entry::{Kind, RequestId};
use crate::error::{Damage, Fault, ReadError};
use crate::hash::RunId;
use crate::read::journal_in;
use crate::record::Record;
use crate::storage::{FileStorage, Segment};
use crate::trust::Trust;
use crate::walk::Walker;

/// What a log that holds consists of. Hashes are in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The verifier key whose signatures were checked.
    pub key: String,
    /// The key was taken from the log itself: consistent, but not shown to be anybody's.
    pub key_on_first_use: bool,
    /// Identity of the log.
    pub log_id: String,
    /// Number of records.
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
}

/// Verifies the log in `directory` (the journal's folder or the data folder around it), and names
/// the first record that does not hold.
pub fn verify(directory: &Path, trust: Trust) -> Result<Report, ReadError> {
    let storage = Arc::new(FileStorage::new(&journal_in(directory)));
    let key_on_first_use = trust.key().is_none();
    let mut walker = Walker::new(storage, trust)?;
    let mut tally = Tally::default();
    while walker.advance()? {
        tally.commits += 1;
        for (segment, _, record) in walker.records() {
            tally.count(segment, &record);
        }
    }
    let Some(log) = walker.log() else {
        let segment = Segment(0);
        return Err(Fault { segment, offset: 0, sequence: 0, what: Damage::Empty }.into());
    };
    let head = log.chain.head();
    Ok(Report {
        key: log.key.to_string(),
        key_on_first_use,
        log_id: log.chain.log_id().to_string(),
        records: head.size,
        root: head.root.to_string(),
        commits: tally.commits,
        segments: tally.segments,
        runs: tally.runs,
        intents_cut: tally.unanswered(|run| run != tally.live_run),
        intents_open: tally.unanswered(|run| run == tally.live_run),
        kinds: tally.kinds,
        outcomes_unannounced: tally.outcomes_unannounced,
        unacknowledged_bytes: walker.tail().map_or(0, |tail| tail.unacknowledged_bytes),
        first_time_us: tally.first_time_us.unwrap_or(0),
        last_time_us: log.chain.time_us(),
    })
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

/// Counts on the way; the rules of pairing are those of `FORMAT.md` §8.
#[derive(Default)]
struct Tally {
    commits: u64,
    segments: u64,
    last_segment: Option<Segment>,
    runs: u64,
    /// The run that is not over: no close record ends it.
    live_run: Option<RunId>,
    kinds: BTreeMap<&'static str, u64>,
    /// Intents whose outcome has not come yet, with their run.
    waiting: HashMap<Option<RequestId>, RunId>,
    /// Runs of intents whose request's id was taken by a later intent before an outcome came.
    superseded: Vec<RunId>,
    outcomes_unannounced: u64,
    first_time_us: Option<u64>,
}

impl Tally {
    fn count(&mut self, segment: Segment, record: &Record<'_>) {
        if self.last_segment.replace(segment) != Some(segment) {
            self.segments += 1;
        }
        self.first_time_us.get_or_insert(record.time_us());
        *self.kinds.entry(record.kind().name()).or_default() += 1;
        let (request, run) = (record.request_id(), record.run_id());
        match record.kind() {
            Kind::Open => {
                self.runs += 1;
                self.live_run = Some(run);
            }
            Kind::Close => self.live_run = None,
            Kind::Intent => self.superseded.extend(self.waiting.insert(request, run)),
            Kind::Outcome => {
                let announced = self.waiting.remove(&request).is_some();
                self.outcomes_unannounced += u64::from(!announced);
            }
            _ => {}
        }
    }

    fn unanswered(&self, of: impl Fn(Option<RunId>) -> bool) -> u64 {
        let runs = self.waiting.values().chain(&self.superseded);
        runs.filter(|run| of(Some(**run))).count() as u64
    }
}
