//! Runs of the writer (`FORMAT.md` §2): each begins with one open record that names the log, and
//! every record belongs to the run that is open.
//!
//! Without these rules an intent could be moved into another run, and so be taken for one that may
//! still be answered.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::value::RawValue;

use crate::format::damage::Damage;
use crate::format::hash::RunId;
use crate::format::kind::Kind;
use crate::format::note_key::VerifyingKey;
use crate::format::record::Record;

/// Follows the runs of a log. Grows by 16 bytes for each run, whose open record takes 400.
#[derive(Default)]
pub(crate) struct Runs {
    current: Option<RunId>,
    seen: HashSet<RunId>,
    begun: bool,
}

impl Runs {
    /// Takes the next record of the log that `key` signs.
    pub(crate) fn accept(&mut self, record: &Record<'_>, key: &VerifyingKey) -> Result<(), Damage> {
        let run = record.run_id();
        if record.kind() == Kind::Open {
            if !Stated::read(record).is_some_and(|stated| stated.names(key, run)) {
                return Err(Damage::Open);
            }
            if !self.seen.insert(run) {
                return Err(Damage::RunAgain);
            }
            self.current = Some(run);
        } else if !self.begun && record.kind() == Kind::Snapshot {
            // A walk that begins at a later segment begins inside of a run.
            self.seen.insert(run);
            self.current = Some(run);
        }
        self.begun = true;
        if self.current != Some(run) {
            return Err(Damage::OtherRun);
        }
        if record.kind() == Kind::Close {
            self.current = None;
        }
        Ok(())
    }
}

impl Runs {
    /// The run that is open.
    pub(crate) fn current(&self) -> Option<RunId> {
        self.current
    }
}

/// What a reader needs of an open record's metadata.
#[derive(Deserialize)]
pub(crate) struct Stated<'a> {
    #[serde(borrow)]
    event: Cow<'a, str>,
    #[serde(borrow)]
    origin: Cow<'a, str>,
    #[serde(borrow)]
    pub(crate) public_key: Cow<'a, str>,
    #[serde(borrow)]
    run_id: Cow<'a, str>,
}

impl<'a> Stated<'a> {
    pub(crate) fn read(record: &Record<'a>) -> Option<Self> {
        serde_json::from_slice(record.metadata()).ok()
    }

    fn names(&self, key: &VerifyingKey, run: RunId) -> bool {
        self.event == OPEN
            && self.origin == key.origin().as_str()
            && self.public_key == key.to_string()
            && self.run_id == run.to_string()
    }
}

/// The `event` of an open record.
pub(crate) const OPEN: &str = "open";

/// The metadata of an open record, as written.
#[derive(Serialize)]
pub(crate) struct OpenMetadata<'a> {
    pub(crate) event: &'static str,
    pub(crate) origin: &'a str,
    pub(crate) public_key: String,
    pub(crate) run_id: String,
    pub(crate) software: &'static str,
    pub(crate) truncated_bytes: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) accepted_damage: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) extra: Option<&'a RawValue>,
}
