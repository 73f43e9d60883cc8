//! How a ledger is opened, and what opening it found.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use crate::format::damage::Fault;
use crate::format::hash::{LogId, RunId};
use crate::format::note_key::{Origin, SigningKey};
use crate::log::state::State;
use crate::start::anchored::Anchored;
use crate::storage::{FileStorage, Storage};
use crate::view::ViewStart;
use crate::write::clock::{Clock, SystemClock};
use crate::write::time::ClockLimits;

/// Where the ledger lies, who signs it, and its bounds.
pub struct Options {
    /// Folder of the segments and the lock; made when absent.
    pub journal: PathBuf,
    /// Folder of the sled view; `None` for no view.
    pub view: Option<PathBuf>,
    /// File that receives the verifier key; `None` to write none.
    pub public_key_file: Option<PathBuf>,
    /// The instance's name in checkpoints; fixed for the life of a log.
    pub origin: Origin,
    /// Signs the checkpoints.
    pub signing: SigningKey,
    /// A key that a rotation made ready; signs in place of the first if the log was handed on to
    /// it before the last end.
    pub next_signing: Option<SigningKey>,
    /// What is folded from the records and stands in snapshots.
    pub state: Box<dyn State>,
    /// Checkpoints of this log that were kept elsewhere; each has to be in the journal.
    pub anchored: Vec<Anchored>,
    /// The journal comes from a backup that may lack what the anchors speak of: why, for the record
    /// that says so.
    pub restored: Option<String>,
    /// So many records are known to have been acknowledged, by something that nobody signed. For
    /// the record of a restore.
    pub known_records: u64,
    /// The log that has to be here, when that is known.
    pub log_id: Option<LogId>,
    /// Files that only a log leaves behind: with one of them and no journal nothing is opened.
    pub signs: Vec<PathBuf>,
    /// Begins a new log, under another key or origin, although there was one.
    pub new_log: bool,
    /// Opens a log whose older segments are missing or do not fit; the open record says so.
    pub accept_damage: bool,
    /// Records that may wait, places reserved for outcomes included.
    pub queue_records: usize,
    /// Bytes of entries that may wait.
    pub queue_bytes: usize,
    /// Several tenants share the queue: each may take as much of it as it leaves free.
    pub queue_shared: bool,
    /// A segment of this size is followed by a new one.
    pub segment_bytes: u64,
    /// A commit takes no further entry beyond this; at most 64 MiB.
    pub commit_bytes: usize,
    /// How long a commit waits for more records where many come; zero turns it off.
    pub commit_delay: Duration,
    /// New work is refused when the disk has less room than this; 0 for no guard.
    pub min_free_bytes: u64,
    /// Rows of committed records that are kept in memory until the view has them; some 110 bytes
    /// each.
    pub recent_rows: usize,
    /// A JSON value for the open record's `extra`; empty for none.
    pub open_metadata: Vec<u8>,
    /// Source of record times.
    pub clock: Arc<dyn Clock>,
    /// How far it is believed.
    pub clock_limits: ClockLimits,
    /// The journal's input and output, over the folder `journal`.
    pub storage: Arc<dyn Storage>,
}

impl Options {
    /// The usual places under `data`, and the defaults of every bound.
    pub fn new(data: &Path, origin: Origin, signing: SigningKey) -> Self {
        let journal = data.join("journal");
        Self {
            view: Some(data.join("view")),
            public_key_file: Some(data.join("keys").join("ledger.pub")),
            origin,
            signing,
            next_signing: None,
            state: Box::new(()),
            anchored: Vec::new(),
            restored: None,
            known_records: 0,
            log_id: None,
            signs: vec![data.join("keys").join("ledger.pub")],
            new_log: false,
            accept_damage: false,
            queue_records: 16_384,
            queue_bytes: 256 << 20,
            queue_shared: false,
            segment_bytes: 256 << 20,
            commit_bytes: 4 << 20,
            commit_delay: Duration::ZERO,
            min_free_bytes: 256 << 20,
            recent_rows: 65_536,
            open_metadata: Vec::new(),
            clock: Arc::new(SystemClock),
            clock_limits: ClockLimits::default(),
            storage: Arc::new(FileStorage::new(&journal)),
            journal,
        }
    }
}

/// What opening a ledger found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Opened {
    /// Records found; the new open record is not among them.
    pub records: u64,
    /// Sequence number of the last one; `None` for a new log.
    pub last_sequence: Option<u64>,
    /// Bytes of an unacknowledged commit that were cut off.
    pub truncated_bytes: u64,
    /// How the view was found.
    pub view: ViewStart,
    /// Runs that ended without a close record, as far as a start looks back.
    pub dead_runs: Vec<RunId>,
    /// What does not fit in older segments and was accepted.
    pub damage: Option<Fault>,
    /// `Options::next_signing` signs: it has to take the place of the old key.
    pub rotated: bool,
}
