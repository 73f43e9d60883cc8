//! The steps of opening a ledger: lock, public key, open record, and what the appender owns.

pub(crate) mod anchored;
pub(crate) mod earlier;
pub(crate) mod edges;
pub(crate) mod error;
pub(crate) mod options;
pub(crate) mod rebuild;
pub(crate) mod recovery;
pub(crate) mod retention;

use std::fs::{self, DirBuilder, File, OpenOptions, TryLockError};
use std::io;
use std::os::unix::fs::DirBuilderExt;
use std::path::Path;
use std::sync::Arc;
use std::sync::mpsc::Receiver;
use std::time::Instant;

use inferlayer_share::Pool;
use ring::rand::SystemRandom;
use serde_json::value::RawValue;
use tracing::{error, info, warn};

use crate::format::checkpoint::Checkpoint;
use crate::format::damage::{Fault, ReadError};
use crate::format::entry::Entry;
use crate::format::hash::{LogId, RunId};
use crate::format::kind::Kind;
use crate::format::note_key::{SigningKey, VerifyingKey};
use crate::format::randomness::Randomness;
use crate::format::tree::Frontier;
use crate::index::committed::{Committed, Publisher};
use crate::log::run::{OPEN, OpenMetadata};
use crate::log::{Gap, Log};
use crate::regular::open_regular_with;
use crate::start::earlier::{refuse_new_log_beside, refuse_second_log};
use crate::start::error::OpenError;
use crate::start::options::{Opened, Options};
use crate::start::recovery::Recovered;
use crate::view::{self, View, ViewStart};
use crate::walk::Tail;
use crate::write::appender::Appender;
use crate::write::batch::{Batch, Signer};
use crate::write::error::StoreError;
use crate::write::gate::Gate;
use crate::write::group::Job;
use crate::write::journal::Journal;
use crate::write::own::restore_entry;
use crate::write::pace::Pace;
use crate::write::space::Space;
use crate::write::time::Time;

/// The most that `commit_bytes` may be set to.
const MAX_COMMIT_BYTES: usize = 64 << 20;

/// Whether log, key file and older segments are those that belong together, and no log was lost.
/// Gives what does not hold, when that is accepted.
pub(crate) fn check_belongings(
    options: &Options,
    recovered: &Recovered,
    key: &VerifyingKey,
) -> Result<Option<Fault>, OpenError> {
    let Some(log) = &recovered.log else {
        return refuse_second_log(options, key).map(|()| None);
    };
    refuse_new_log_beside(options)?;
    let found = log.chain.log_id();
    if let Some(expected) = options.log_id.filter(|expected| *expected != found) {
        return Err(OpenError::OtherLog { found, expected });
    }
    check_public_key(options.public_key_file.as_deref(), log)?;
    match edges::check(&options.storage, log, recovered.replayed) {
        Err(ReadError::Fault(fault)) if options.accept_damage => Ok(Some(fault)),
        checked => Ok(checked.map(|()| None)?),
    }
}

/// The public key beside the journal is one of the log's.
fn check_public_key(file: Option<&Path>, log: &Log) -> Result<(), OpenError> {
    let Some(file) = file else { return Ok(()) };
    let Ok(stored) = fs::read_to_string(file) else { return Ok(()) };
    let Ok(stored) = stored.trim_end().parse::<VerifyingKey>() else { return Ok(()) };
    if log.story.keys().any(|(key, _)| *key == stored) {
        return Ok(());
    }
    let what = format!("it is {stored}, and the log's is {}", log.key());
    Err(OpenError::OtherHistory { file: file.to_path_buf(), what })
}

/// Makes the journal's folder and takes its lock for the life of the file handle.
pub(crate) fn lock(journal: &Path) -> Result<File, OpenError> {
    let new = !journal.exists();
    let made = DirBuilder::new().recursive(true).mode(0o700).create(journal);
    made.map_err(StoreError::at("create journal directory"))?;
    if let (true, Some(parent)) = (new, journal.parent()) {
        let synced = File::open(parent).and_then(|parent| parent.sync_all());
        synced.map_err(StoreError::at("sync data directory"))?;
    }
    let mut options = OpenOptions::new();
    let file = open_regular_with(options.create(true).append(true), &journal.join("lock"));
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

/// Who signs from here on, and whether that is the key which a rotation made ready.
pub(crate) fn signer(options: &Options, log: Option<&Log>) -> Result<(Signer, bool), OpenError> {
    let signer = |signing: &SigningKey| {
        let key = signing.verifying_key(&options.origin).ok_or(OpenError::SigningKey)?;
        Ok::<_, OpenError>(Signer { signing: signing.clone(), key })
    };
    let own = signer(&options.signing)?;
    let Some(found) = log.map(Log::key).filter(|key| **key != own.key) else {
        return Ok((own, false));
    };
    let next = options.next_signing.as_ref().map(signer).transpose()?;
    match next.filter(|next| next.key == *found) {
        Some(next) => Ok((next, true)),
        None => Err(OpenError::OtherKey { found: found.to_string() }),
    }
}

/// A new run id, and the records that open the run.
pub(crate) fn opening(
    options: &Options,
    key: &VerifyingKey,
    recovered: &Recovered,
    anchored: u64,
    damage: Option<&Fault>,
) -> Result<(RunId, Vec<Entry>), OpenError> {
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
        accepted_damage: damage.map(ToString::to_string),
        extra,
    };
    let json = serde_json::to_vec(&metadata).map_err(OpenError::OpenMetadata)?;
    let mut entries = vec![Entry::system(Kind::Open, json)];
    if let Some(reason) = &options.restored {
        let lost_from = recovered.log.as_ref().map_or(0, |log| log.chain.next_sequence());
        let gap = Gap { lost_from, lost_until: anchored.max(options.known_records).max(lost_from) };
        entries.push(restore_entry(gap, reason)?);
    }
    Ok((run_id, entries))
}

/// What the appender's thread works on, before it starts.
pub(crate) struct Footing {
    pub(crate) log: Log,
    pub(crate) signer: Signer,
    pub(crate) tail: Option<Tail>,
    pub(crate) run_id: RunId,
    pub(crate) time: Arc<Time>,
    pub(crate) lock: File,
}

/// What is durable before this run's first commit: the recovered head, signed again.
pub(crate) fn committed(
    footing: &Footing,
    recent_rows: usize,
) -> Result<Arc<Committed>, StoreError> {
    let Footing { log, signer, .. } = footing;
    let signed = Checkpoint::sign(log.chain.head(), signer.key.origin(), &signer.signing);
    let signed = signed.ok_or(StoreError::Signing)?;
    Ok(Committed::new(signed, signer.key.clone(), recent_rows))
}

pub(crate) fn appender(
    options: Options,
    footing: Footing,
    jobs: Receiver<Job>,
    committed: &Arc<Committed>,
) -> Result<Appender, StoreError> {
    let Footing { log, signer, tail, run_id, time, lock } = footing;
    let pool = if options.queue_shared { Pool::shared } else { Pool::undivided };
    let (records, bytes) = (options.queue_records as u64, options.queue_bytes as u64);
    let gate = Arc::new(Gate::new(pool(records), pool(bytes)));
    let storage = options.storage;
    storage.prepare().map_err(StoreError::at("prepare the journal's folders"))?;
    let space = Space::new(Arc::clone(&storage), Arc::clone(&gate), options.min_free_bytes);
    Ok(Appender {
        jobs,
        gate,
        journal: Journal::resume(storage, tail.as_ref(), options.segment_bytes)?,
        log,
        state: options.state,
        batch: Batch::default(),
        signer,
        run_id,
        time,
        steps: 0,
        space,
        looked: Instant::now(),
        random: Randomness::new(),
        committed: Publisher(Arc::clone(committed)),
        commit_bytes: options.commit_bytes.min(MAX_COMMIT_BYTES),
        pace: Pace::new(options.commit_delay, Instant::now()),
        lock,
    })
}

/// The view, if one is wanted and can be had. `base` is the tree before the journal's first record.
pub(crate) fn open_view(
    options: &Options,
    log: &Log,
    base: &Frontier,
) -> Result<(Option<View>, ViewStart), OpenError> {
    let admits = |records| options.new_log || log.story.admits_loss_of(records);
    let Some(file) = options.view.as_deref() else {
        return Ok((None, ViewStart::Absent));
    };
    view::start(file, &options.storage, &log.chain, base, admits)
        .map_err(|unfit| OpenError::OtherHistory { file: file.to_path_buf(), what: unfit.reason() })
}

/// What time it is behind the log that was found.
pub(crate) fn time(options: &Options, recovered: &Recovered) -> Time {
    let records = recovered.log.as_ref().filter(|log| log.chain.next_sequence() > 0);
    let last_us = records.map(|log| log.chain.time_us());
    let clock = Arc::clone(&options.clock);
    Time::new(clock, options.clock_limits, last_us, recovered.unconfirmed_us)
}

pub(crate) fn announce(opened: &Opened, journal: &Path, log_id: LogId, run_id: RunId) {
    if opened.records == 0 {
        warn!(%log_id, journal = %journal.display(), "new log: none was here");
    }
    info!(records = opened.records, %log_id, %run_id, "ledger opened");
    if let Some(damage) = &opened.damage {
        error!(%damage, "the log does not hold before its end, which was accepted: it goes on");
    }
    if opened.truncated_bytes > 0 {
        warn!(bytes = opened.truncated_bytes, "an unacknowledged commit was cut off");
    }
    if !opened.dead_runs.is_empty() {
        info!(runs = opened.dead_runs.len(), "runs had ended without a close record");
    }
}
