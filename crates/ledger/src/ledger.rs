//! The handle that the gateway holds: opens the ledger, takes entries, closes it.

mod enqueue;
mod queries;
pub(crate) mod slot;

use std::mem;
use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use tracing::warn;

use crate::format::checkpoint::{Checkpoint, Head};
use crate::format::damage::ReadError;
use crate::format::entry::{Entry, EntryError};
use crate::format::hash::{Hash, LogId, RunId};
use crate::format::kind::Kind;
use crate::format::note_key::{Origin, SigningKey, VerifyingKey};
use crate::index::committed::Committed;
use crate::ledger::slot::OutcomeSlot;
use crate::log::Log;
use crate::lookup::Lookup;
use crate::read::place::Place;
use crate::read::stored::StoredRecord;
use crate::receipt::Receipt;
use crate::start::anchored::Anchors;
use crate::start::earlier::{has_segments, refuse_second_log};
use crate::start::error::{OpenError, RetainError};
use crate::start::options::{Opened, Options};
use crate::start::recovery::{Fold, replay};
use crate::start::retention::{base_of, drop_before, first_of_segment_before, plan};
use crate::start::{
    Footing, announce, appender, check_belongings, committed, lock, open_view, opening, publish,
    signer, time,
};
use crate::storage::Storage;
use crate::view::{self, View};
use crate::write::content::ContentWriter;
use crate::write::error::{StoreError, Unavailable};
use crate::write::gate::Gate;
use crate::write::group::Job;
use crate::write::own::Own;
use crate::write::pending::Pending;
use crate::write::time::{Time, Times};

/// A running ledger. A cheap clone; the last one to go stops the threads.
#[derive(Clone)]
pub struct Ledger(Arc<Shared>);

pub(crate) struct Shared {
    jobs: Sender<Job>,
    /// To the thread that stores large content, which passes on to the appender in order.
    large: Sender<Job>,
    pub(crate) gate: Arc<Gate>,
    committed: Arc<Committed>,
    origin: Origin,
    log_id: LogId,
    run_id: RunId,
    time: Arc<Time>,
    storage: Arc<dyn Storage>,
    public_key_file: Option<PathBuf>,
    /// One retention at a time.
    retaining: Mutex<()>,
    /// Taken at the end, so that the next process can open the view.
    view: Mutex<Option<View>>,
    threads: Mutex<Option<Threads>>,
}

struct Threads {
    appender: JoinHandle<Result<(), StoreError>>,
    content: JoinHandle<()>,
    view: Option<JoinHandle<()>>,
}

impl Ledger {
    /// Takes the lock, replays the last segments (`fold` sees each record there with its place, in
    /// order), cuts an unacknowledged tail, refuses anything else, appends an open record, starts
    /// the threads.
    pub fn open(mut options: Options, fold: &mut Fold<'_>) -> Result<(Self, Opened), OpenError> {
        let key = options.signing.verifying_key(&options.origin).ok_or(OpenError::SigningKey)?;
        // Before anything is made: a folder that is not mounted stays as it is.
        if !has_segments(&options) {
            refuse_second_log(&options, &key)?;
        }
        let lock = lock(&options.journal)?;
        let mut anchors = Anchors::read(mem::take(&mut options.anchored), &options.origin)?;
        let storage = Arc::clone(&options.storage);
        let recovered = replay(&storage, &key, &mut *options.state, &mut anchors, fold)?;
        let (signer, rotated) = signer(&options, recovered.log.as_ref())?;
        let log = recovered.log.clone().unwrap_or_else(|| Log::new(signer.key.clone()));
        let damage = check_belongings(&options, &recovered, &key)?;
        let anchored = anchors.largest();
        anchors.judge(&log, recovered.replayed, &storage, options.restored.is_some())?;
        // What a crash left of an earlier retention.
        drop_before(&storage, log.story.first_sequence)?;
        let base = base_of(&storage)?;
        let (view, view_start) = open_view(&options, &log, &base)?;
        let records = log.chain.next_sequence();
        let opened = Opened {
            records,
            last_sequence: records.checked_sub(1),
            truncated_bytes: recovered.tail.as_ref().map_or(0, |tail| tail.unacknowledged_bytes),
            view: view_start,
            dead_runs: recovered.dead_runs.clone(),
            damage,
            rotated,
        };
        let damage = opened.damage.as_ref();
        let (run_id, entries) = opening(&options, &signer.key, &recovered, anchored, damage)?;
        let (public, file) = (signer.key.clone(), options.public_key_file.clone());
        let (journal, log_id) = (options.journal.clone(), log.chain.log_id());
        let time = Arc::new(time(&options, &recovered));
        let footing = Footing { log, signer, tail: recovered.tail, run_id, time, lock };
        let ledger = Self::start(options, footing, view, entries)?;
        // Behind the first commit: where this file is, there was a log.
        publish(&public, file.as_deref())?;
        announce(&opened, &journal, log_id, run_id);
        Ok((ledger, opened))
    }

    /// Appends a record that stands alone. Never blocks: fails at once when the queue or the disk
    /// is full or the store has failed.
    pub fn append(&self, mut entry: Entry) -> Result<Pending, Unavailable> {
        self.0.stamp(&mut entry);
        entry.check()?;
        if entry.kind == Kind::Hit {
            self.0.gate.check_work()?;
        }
        let held = self.0.gate.enter(entry.tenant.as_ref(), entry.queued_bytes())?;
        let way = self.0.way_of(&entry);
        Ok(self.0.send(way, entry, held))
    }

    /// Appends the intent of an inference and reserves the place of its outcome, so that the
    /// outcome can always be enqueued.
    pub fn begin(&self, mut intent: Entry) -> Result<(Pending, OutcomeSlot), Unavailable> {
        self.0.stamp(&mut intent);
        intent.check()?;
        self.0.gate.check_work()?;
        let place = self.0.gate.place(intent.tenant.as_ref())?;
        let held = self.0.gate.enter(intent.tenant.as_ref(), intent.queued_bytes())?;
        let way = self.0.way_of(&intent);
        let pending = self.0.send(way, intent, held);
        Ok((pending, OutcomeSlot { shared: Arc::clone(&self.0), place, way }))
    }

    /// Hands the log on to another signing key: the record is signed by both, all later ones by
    /// the new key. The key has to lie where the next start finds it, as
    /// [`Options::next_signing`] at least, before this is called. Blocks until it is durable.
    pub fn rotate(&self, signing: SigningKey) -> Result<Receipt, Unavailable> {
        let receipt = self.0.send_own(Own::Rotate(signing.clone()))?.wait_blocking()?;
        let file = self.0.public_key_file.as_deref();
        let key = signing.verifying_key(&self.0.origin);
        if let Some(Err(error)) = key.map(|key| publish(&key, file)) {
            warn!(%error, "the new public key is not in its file; the next start writes it");
        }
        Ok(receipt)
    }

    /// Drops the whole segments before the record `before`, after a record that says so and why.
    /// `None` when there is none to drop. Blocks on the disk.
    pub fn retain(&self, before: u64, reason: &str) -> Result<Option<Receipt>, RetainError> {
        let _turn = self.0.retaining.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(retention) = plan(&self.0.storage, before, reason.to_owned())? else {
            return Ok(None);
        };
        let first_sequence = retention.first_sequence;
        let receipt = match self.0.send_own(Own::Retain(retention))?.wait_blocking() {
            // An earlier one could not remove every file: what it says is done now.
            Err(Unavailable::Invalid(EntryError::AlreadyDropped)) => None,
            recorded => Some(recorded?),
        };
        drop_before(&self.0.storage, first_sequence)?;
        Ok(receipt)
    }

    /// The first record of the last segment that began before `time_us`, for [`Ledger::retain`]:
    /// all records before it are older. `None` when no segment began before. Blocks on the disk.
    pub fn first_of_segment_before(&self, time_us: u64) -> Result<Option<u64>, ReadError> {
        first_of_segment_before(&*self.0.storage, time_us)
    }

    /// Reads the record at `place` from the storage: the one whose hash is `expected`, or an error.
    /// Its metadata and content are those that the hash speaks for. Blocks on the disk.
    pub fn read(&self, place: Place, expected: Hash) -> Result<StoredRecord, ReadError> {
        place.read(&*self.0.storage, expected)
    }

    /// Microseconds since 1970-01-01 UTC, by the clock that stamps the records.
    pub fn now_us(&self) -> u64 {
        self.times().ordered_us
    }

    /// The same moment by every clock.
    pub fn times(&self) -> Times {
        self.0.time.now()
    }

    /// Somebody else's clock shows this time: microseconds since 1970-01-01 UTC. One that agrees
    /// with the system's confirms it, jumps and pauses included.
    pub fn confirm_time(&self, time_us: u64) {
        self.0.time.confirm(time_us);
    }

    /// Identity of the log.
    pub fn log_id(&self) -> LogId {
        self.0.log_id
    }

    /// Identity of this run.
    pub fn run_id(&self) -> RunId {
        self.0.run_id
    }

    /// Size and root after the last commit.
    pub fn head(&self) -> Head {
        self.0.committed.checkpoint().head
    }

    /// The newest checkpoint: what the last commit signed.
    pub fn checkpoint(&self) -> Checkpoint {
        self.0.committed.checkpoint()
    }

    /// The key that the checkpoints are signed with.
    pub fn key(&self) -> VerifyingKey {
        self.signed().1
    }

    /// Whether new work is taken: `false` for good after a store error, a conflict or a close, for
    /// a while when it is held back or short of something.
    pub fn is_available(&self) -> bool {
        self.standing().is_ok()
    }

    /// The same, with why not.
    pub fn standing(&self) -> Result<(), Unavailable> {
        self.0.gate.check_work()
    }

    /// Room on the disk above `min_free_bytes`, as last seen.
    pub fn spare_bytes(&self) -> u64 {
        self.0.gate.spare_bytes()
    }

    /// Holds intents and hits back, or lets them in again. What runs is still recorded to its end,
    /// and refusals and key events are as ever.
    pub fn hold_back(&self, held: bool) {
        self.0.gate.hold_back(held);
    }

    /// Holds intents and hits back until a restart: somebody keeps a checkpoint that is not of this
    /// history.
    pub fn hold_back_for_good(&self) {
        self.0.gate.hold_back_for_good();
    }

    /// Appends a close record behind everything that waits, then ends the threads. Later appends
    /// fail. A second call does nothing.
    pub fn close(&self) -> Result<(), StoreError> {
        self.0.end(Job::Close)
    }

    /// The newest checkpoint with the key that signed it.
    pub(crate) fn signed(&self) -> (Checkpoint, VerifyingKey) {
        self.0.committed.signed()
    }

    /// Memory and view, to be asked about committed records.
    pub(crate) fn lookup(&self) -> Lookup {
        Lookup::new(&self.0.committed, self.0.view())
    }

    /// The journal's input and output.
    pub(crate) fn storage(&self) -> &dyn Storage {
        &*self.0.storage
    }

    fn start(
        options: Options,
        footing: Footing,
        view: Option<View>,
        entries: Vec<Entry>,
    ) -> Result<Self, OpenError> {
        let (jobs, waiting) = channel();
        let (large, stored) = channel();
        let (time, storage) = (Arc::clone(&footing.time), Arc::clone(&options.storage));
        let (public_key_file, origin) = (options.public_key_file.clone(), options.origin.clone());
        let committed = committed(&footing, options.recent_rows)?;
        let (log_id, run_id) = (footing.log.chain.log_id(), footing.run_id);
        let mut appender = appender(options, footing, waiting, &committed)?;
        appender.commit_open(entries)?;
        let gate = Arc::clone(&appender.gate);
        let content = ContentWriter {
            waiting: stored,
            appender: jobs.clone(),
            storage: Arc::clone(&storage),
            gate: Arc::clone(&gate),
            log_id,
            run_id,
        };
        let content = content.spawn()?;
        let thread = thread::Builder::new().name("ledger-appender".into());
        let appender =
            thread.spawn(|| appender.run()).map_err(StoreError::at("start the appender thread"))?;
        let view_thread = view::spawn(view.clone(), &storage, &committed);
        let threads = Mutex::new(Some(Threads { appender, content, view: view_thread }));
        let view = Mutex::new(view);
        Ok(Self(Arc::new(Shared {
            jobs,
            large,
            gate,
            committed,
            origin,
            log_id,
            run_id,
            time,
            storage,
            public_key_file,
            retaining: Mutex::default(),
            view,
            threads,
        })))
    }
}

impl Shared {
    fn send_own(&self, own: Own) -> Result<Pending, Unavailable> {
        self.gate.check_new()?;
        let (reply, pending) = Pending::new(None);
        self.jobs.send(Job::Own(own, reply)).map_err(|_| Unavailable::Closed)?;
        Ok(pending)
    }

    fn view(&self) -> Option<View> {
        self.view.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn end(&self, job: Job) -> Result<(), StoreError> {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Threads { appender, content, view }) = threads.take() else {
            return Ok(());
        };
        // Behind whatever large content is still being stored, and its thread ends with it.
        let _ = self.large.send(job);
        if content.join().is_err() {
            let _ = self.jobs.send(Job::Stop);
        }
        self.view.lock().unwrap_or_else(PoisonError::into_inner).take();
        let outcome = appender.join().unwrap_or(Err(StoreError::Failed));
        self.gate.close();
        // The appender owned the publisher, so the view's thread ends once it has caught up.
        if view.is_some_and(|view| view.join().is_err()) {
            warn!("the view's thread had panicked; the view is rebuilt at the next start");
        }
        outcome
    }
}

impl Drop for Shared {
    fn drop(&mut self) {
        // Nobody is left to be told, and the appender has logged the error.
        let _ = self.end(Job::Stop);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::receipt::Receipt;

    #[test]
    fn handles_cross_threads() {
        fn crosses<T: Send + Sync>() {}
        crosses::<Ledger>();
        crosses::<Receipt>();
        crosses::<OutcomeSlot>();
    }
}
