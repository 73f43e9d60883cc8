//! What a log that holds consists of, and the same in words: one line for each thing that an
//! auditor asks, also for what a log alone cannot show.

use std::collections::BTreeMap;
use std::fmt;

use serde::Serialize;

use crate::format::time::rfc3339;

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
    /// Metadata and content were not looked at.
    pub chain_only: bool,
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
    /// Time of the last of these records.
    pub complete_time_us: u64,
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { records, commits, segments, runs, root, log_id, .. } = self;
        let stored = records - self.first_sequence;
        writeln!(
            f,
            "HOLDS: {stored} records in {commits} commits, {segments} segments, {runs} runs"
        )?;
        let integrity = match self.chain_only {
            true => "every header and every signature is as written; the rest was left out",
            false => "every record, its content and every signature is as written",
        };
        writeln!(f, "integrity {integrity}")?;
        writeln!(f, "order     {}", self.order())?;
        writeln!(f, "complete  {}", self.completeness())?;
        writeln!(f, "root      {root} of size {records}")?;
        writeln!(f, "log       {log_id}")?;
        writeln!(f, "key       {}", self.trust())?;
        writeln!(f, "kinds     {}", self.kinds())?;
        let (cut, open) = (self.intents_cut, self.intents_open);
        writeln!(
            f,
            "intents   {cut} without outcome in runs that are over, {open} in the last run"
        )?;
        writeln!(f, "outcomes  {} without an intent", self.outcomes_unannounced)?;
        writeln!(f, "tail      {} bytes never acknowledged", self.unacknowledged_bytes)
    }
}

impl Report {
    fn order(&self) -> String {
        match self.first_sequence {
            0 => "none deleted, inserted or moved since the first record".to_owned(),
            first => format!(
                "none deleted, inserted or moved since record {first}; those before were dropped, \
                 and a signed record says so"
            ),
        }
    }

    fn completeness(&self) -> String {
        match self.complete_to {
            0 => "not shown: only a receipt or a checkpoint from elsewhere (--evidence) can tell \
                  whether the end was cut off"
                .to_owned(),
            size => format!(
                "to size {size} at {}, by {} from elsewhere",
                rfc3339(self.complete_time_us),
                match self.evidence {
                    1 => "a receipt or checkpoint".to_owned(),
                    several => format!("{several} receipts and checkpoints"),
                }
            ),
        }
    }

    fn trust(&self) -> String {
        let trust = match self.key_on_first_use {
            true => "taken from the log itself: pass --key with a key you got elsewhere",
            false => "given",
        };
        let rotated = match self.keys.len() {
            0 | 1 => String::new(),
            keys => format!(", one of {keys} that signed in turn"),
        };
        format!("{} ({trust}{rotated})", self.key)
    }

    fn kinds(&self) -> String {
        let kinds = self.kinds.iter().map(|(kind, count)| format!("{kind} {count}"));
        kinds.collect::<Vec<_>>().join(", ")
    }
}
