//! The steps of opening a ledger: lock, public key, open record, and what the appender owns.

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use ring::rand::SystemRandom;
use serde_json::value::RawValue;
use tracing::{info, warn};

use crate::appender::{Appender, Job};
use crate::batch::Batch;
use crate::checkpoint::Checkpoint;
use crate::committed::{Committed, Publisher};
use crate::entry::{Entry, Kind};
use crate::error::{OpenError, StoreError};
use crate::gate::Gate;
use crate::hash::RunId;
use crate::journal::Journal;
use crate::note_key::VerifyingKey;
use crate::options::{Opened, Options};
use crate::randomness::Randomness;
use crate::recovery::Recovered;
use crate::run::{OPEN, OpenMetadata};

/// The most that `commit_bytes` may be set to.
const MAX_COMMIT_BYTES: usize = 64 << 20;

/// Makes the journal's folder and takes its lock for the life of the file handle.
pub(crate) fn lock(journal: &Path) -> Result<File, OpenError> {
    let new = !journal.exists();
    let made = DirBuilder::new().recursive(true).mode(0o700).create(journal);
    made.map_err(StoreError::at("create journal directory"))?;
    if let (true, Some(parent)) = (new, journal.parent()) {
        let synced = File::open(parent).and_then(|parent| parent.sync_all());
        synced.map_err(StoreError::at("sync data directory"))?;
    }
    let file = OpenOptions::new().create(true).append(true).open(journal.join("lock"));
    let file = file.map_err(StoreError::at("open lock"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(OpenError::Locked),
        Err(TryLockError::Error(source)) => {
            Err(StoreError::Io { step: "take lock", source }.into())
        }
    }
}

pub(crate) fn publish(key: &VerifyingKey, file: Option<&Path>) -> Result<(), StoreError> {
    let Some(file) = file else {
        return Ok(());
    };
    let line = format!("{key}\n");
    if fs::read_to_string(file).is_ok_and(|stored| stored == line) {
        return Ok(());
    }
    let write = || -> io::Result<()> {
        if let Some(folder) = file.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
        }
        fs::write(file, line)
    };
    write().map_err(StoreError::at("write public key"))
}

/// A new run id, and the record that opens the run.
pub(crate) fn open_entry(
    options: &Options,
    key: &VerifyingKey,
    recovered: &Recovered,
) -> Result<(RunId, Entry), OpenError> {
    let run_id = RunId::random(&SystemRandom::new()).ok_or(StoreError::Randomness)?;
    let extra: Option<&RawValue> = match options.open_metadata.as_slice() {
        [] => None,
        json => Some(serde_json::from_slice(json).map_err(OpenError::OpenMetadata)?),
    };
    let metadata = OpenMetadata {
        event: OPEN,
        origin: options.origin.as_str(),
        public_key: key.to_string(),
        run_id: run_id.to_string(),
        software: concat!("inferlayer-ledger ", env!("CARGO_PKG_VERSION")),
        truncated_bytes: recovered.tail.as_ref().map_or(0, |tail| tail.unacknowledged_bytes),
        extra,
    };
    let json = serde_json::to_vec(&metadata).map_err(OpenError::OpenMetadata)?;
    Ok((run_id, Entry::system(Kind::Open, json)))
}

/// What is durable before this run's first commit: the recovered head, signed again.
pub(crate) fn committed(
    options: &Options,
    key: &VerifyingKey,
    recovered: &Recovered,
) -> Result<Arc<Committed>, StoreError> {
    let checkpoint = Checkpoint::sign(recovered.chain.head(), key.origin(), &options.signing);
    Ok(Committed::new(checkpoint.ok_or(StoreError::Signing)?, options.recent_rows))
}

pub(crate) fn appender(
    options: Options,
    key: &VerifyingKey,
    recovered: Recovered,
    jobs: Receiver<Job>,
    lock: File,
    run_id: RunId,
    committed: &Arc<Committed>,
) -> Result<Appender, StoreError> {
    let tail = recovered.tail.as_ref();
    Ok(Appender {
        jobs,
        gate: Arc::new(Gate::new(options.queue_records, options.queue_bytes)),
        journal: Journal::resume(options.storage, tail, options.segment_bytes)?,
        chain: recovered.chain,
        batch: Batch::default(),
        signing: options.signing,
        key: key.clone(),
        run_id,
        clock: options.clock,
        random: Randomness::new(),
        committed: Publisher(Arc::clone(committed)),
        commit_bytes: options.commit_bytes.min(MAX_COMMIT_BYTES),
        lock,
    })
}

pub(crate) fn announce(opened: &Opened, run_id: RunId) {
    info!(records = opened.records, %run_id, "ledger opened");
    if opened.truncated_bytes > 0 {
        warn!(bytes = opened.truncated_bytes, "an unacknowledged commit was cut off");
    }
    if !opened.dead_runs.is_empty() {
        info!(runs = opened.dead_runs.len(), "runs had ended without a close record");
    }
}
