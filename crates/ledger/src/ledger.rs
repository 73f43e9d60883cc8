//! The handle that the gateway holds: opens the ledger, takes entries, closes it.

use std::mem;
use std::path::PathBuf;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use tracing::warn;

use crate::error::{EntryError, OpenError, ReadError, RetainError, StoreError, Unavailable};
use crate::format::checkpoint::{Checkpoint, Head};
use crate::format::entry::{Content, Entry, Kind};
use crate::format::hash::{Hash, LogId, RunId};
use crate::format::note_key::{Origin, SigningKey, VerifyingKey};
use crate::format::place::Place;
use crate::format::record::StoredRecord;
use crate::log::Log;
use crate::lookup::Lookup;
use crate::receipt::Receipt;
use crate::start::anchored::Anchors;
use crate::start::options::{Opened, Options};
use crate::start::recovery::{Fold, replay};
use crate::start::retention::{base_of, drop_before, first_of_segment_before, plan};
use crate::start::{Footing, announce, appender, committed, lock, opening, publish, signer};
use crate::storage::Storage;
use crate::view::{self, View};
use crate::write::appender::Job;
use crate::write::clock::Clock;
use crate::write::committed::Committed;
use crate::write::content::{ContentWriter, is_large};
use crate::write::gate::Gate;
use crate::write::own::Own;
use crate::write::pending::Pending;

/// A running ledger. A cheap clone; the last one to go stops the threads.
#[derive(Clone)]
pub struct Ledger(Arc<Shared>);

struct Shared {
    jobs: Sender<Job>,
    /// To the thread that stores large content, which passes on to the appender in order.
    large: Sender<Job>,
    gate: Arc<Gate>,
    committed: Arc<Committed>,
    origin: Origin,
    log_id: LogId,
    run_id: RunId,
    clock: Arc<dyn Clock>,
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
        let lock = lock(&options.journal)?;
        let mut anchors = Anchors::read(mem::take(&mut options.anchored), &options.origin)?;
        let storage = Arc::clone(&options.storage);
        let key = options.signing.verifying_key(&options.origin).ok_or(OpenError::SigningKey)?;
        let recovered = replay(&storage, &key, &mut *options.state, &mut anchors, fold)?;
        let (signer, rotated) = signer(&options, recovered.log.as_ref())?;
        let log = recovered.log.clone().unwrap_or_else(|| Log::new(signer.key.clone()));
        let anchored = anchors.largest();
        anchors.judge(&log, recovered.replayed, &storage, options.restored.is_some())?;
        // What a crash left of an earlier retention.
        drop_before(&storage, log.story.first_sequence)?;
        let base = base_of(&storage)?;
        let (view, view_start) = view::start(options.view.as_deref(), &storage, &log.chain, &base);
        let records = log.chain.next_sequence();
        let opened = Opened {
            records,
            last_sequence: records.checked_sub(1),
            truncated_bytes: recovered.tail.as_ref().map_or(0, |tail| tail.unacknowledged_bytes),
            view: view_start,
            dead_runs: recovered.dead_runs.clone(),
            rotated,
        };
        publish(&signer.key, options.public_key_file.as_deref())?;
        let (run_id, entries) = opening(&options, &signer.key, &recovered, anchored)?;
        let footing = Footing { log, signer, tail: recovered.tail, run_id, lock };
        let ledger = Self::start(options, footing, view, &entries)?;
        announce(&opened, run_id);
        Ok((ledger, opened))
    }

    /// Appends a record that stands alone. Never blocks: fails at once when the queue or the disk
    /// is full or the store has failed.
    pub fn append(&self, entry: Entry) -> Result<Pending, Unavailable> {
        entry.check()?;
        if entry.kind == Kind::Hit {
            self.0.gate.check_work()?;
        }
        self.0.gate.enter(1, entry.queued_bytes())?;
        let way = self.0.way_of(&entry);
        Ok(self.0.send(way, entry))
    }

    /// Appends the intent of an inference and reserves the place of its outcome, so that the
    /// outcome can always be enqueued.
    pub fn begin(&self, intent: Entry) -> Result<(Pending, OutcomeSlot), Unavailable> {
        intent.check()?;
        self.0.gate.check_work()?;
        self.0.gate.enter(2, intent.queued_bytes())?;
        let way = self.0.way_of(&intent);
        let pending = self.0.send(way, intent);
        Ok((pending, OutcomeSlot { shared: Some(Arc::clone(&self.0)), way }))
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
        self.0.clock.now_us()
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
    /// a while when it is held back or the disk is full.
    pub fn is_available(&self) -> bool {
        self.0.gate.check_work().is_ok()
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
        entries: &[Entry],
    ) -> Result<Self, OpenError> {
        let (jobs, waiting) = channel();
        let (large, stored) = channel();
        let (clock, storage) = (Arc::clone(&options.clock), Arc::clone(&options.storage));
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
            clock,
            storage,
            public_key_file,
            retaining: Mutex::default(),
            view,
            threads,
        })))
    }
}

/// The reserved place of an outcome. Dropping it unused gives the place back and leaves the intent
/// without an outcome, for the auditor to see.
#[must_use = "an intent without an outcome looks like a crash"]
pub struct OutcomeSlot {
    shared: Option<Arc<Shared>>,
    /// That of the intent, which must not be overtaken.
    way: Way,
}

impl OutcomeSlot {
    /// Enqueues the outcome. Never refused for want of room.
    pub fn commit(mut self, outcome: Entry) -> Pending {
        let Some(shared) = self.shared.take() else {
            return Pending::refused(Unavailable::Closed);
        };
        let admitted = outcome.check().map_err(Unavailable::from);
        if let Err(why) = admitted.and_then(|()| shared.gate.check()) {
            shared.gate.free_places(1);
            return Pending::refused(why);
        }
        shared.gate.add_bytes(outcome.queued_bytes());
        let way = self.way.max(shared.way_of(&outcome));
        shared.send(way, outcome)
    }
}

impl Drop for OutcomeSlot {
    fn drop(&mut self) {
        if let Some(shared) = &self.shared {
            shared.gate.free_places(1);
        }
    }
}

/// Which queue an entry waits in first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Way {
    Direct,
    /// That of the thread that stores large content.
    OverContent,
}

impl Shared {
    fn way_of(&self, entry: &Entry) -> Way {
        match &entry.content {
            Content::Sealed(parts) if is_large(parts) => Way::OverContent,
            _ => Way::Direct,
        }
    }

    /// The gate has let the entry in.
    fn send(&self, way: Way, entry: Entry) -> Pending {
        let (reply, pending) = Pending::new();
        let queue = match way {
            Way::Direct => &self.jobs,
            Way::OverContent => &self.large,
        };
        // Without an appender the reply is dropped, and the caller learns of it there. An appender
        // that is gone before the ledger was closed has panicked.
        if queue.send(Job::Append(entry, reply)).is_err() {
            self.gate.fail();
        }
        pending
    }

    fn send_own(&self, own: Own) -> Result<Pending, Unavailable> {
        self.gate.check_new()?;
        let (reply, pending) = Pending::new();
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
