//! The handle that the gateway holds: opens the ledger, takes entries, closes it.

use std::fs::File;
use std::sync::mpsc::{Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::{self, JoinHandle};

use tracing::warn;

use crate::appender::Job;
use crate::checkpoint::{Checkpoint, Head};
use crate::clock::Clock;
use crate::committed::Committed;
use crate::entry::{Entry, Kind};
use crate::error::{OpenError, ReadError, StoreError, Unavailable};
use crate::gate::Gate;
use crate::hash::{Hash, LogId, RunId};
use crate::lookup::Lookup;
use crate::note_key::VerifyingKey;
use crate::options::{Opened, Options};
use crate::pending::Pending;
use crate::place::Place;
use crate::record::StoredRecord;
use crate::recovery::{Fold, Recovered, replay};
use crate::start::{announce, appender, committed, lock, open_entry, publish};
use crate::storage::Storage;
use crate::tree::Frontier;
use crate::view::{self, View};

/// A running ledger. A cheap clone; the last one to go stops the threads.
#[derive(Clone)]
pub struct Ledger(Arc<Shared>);

struct Shared {
    jobs: Sender<Job>,
    gate: Arc<Gate>,
    committed: Arc<Committed>,
    key: VerifyingKey,
    log_id: LogId,
    run_id: RunId,
    clock: Arc<dyn Clock>,
    storage: Arc<dyn Storage>,
    /// Taken at the end, so that the next process can open the view.
    view: Mutex<Option<View>>,
    threads: Mutex<Option<Threads>>,
}

struct Threads {
    appender: JoinHandle<Result<(), StoreError>>,
    view: Option<JoinHandle<()>>,
}

impl Ledger {
    /// Takes the lock, replays every segment (`fold` sees each stored record with its place, in
    /// order), cuts an unacknowledged tail, refuses anything else, appends an open record, starts
    /// the threads.
    pub fn open(options: Options, fold: &mut Fold<'_>) -> Result<(Self, Opened), OpenError> {
        let key = options.signing.verifying_key(&options.origin).ok_or(OpenError::SigningKey)?;
        let lock = lock(&options.journal)?;
        let recovered = replay(Arc::clone(&options.storage), &key, fold)?;
        let truncated_bytes = recovered.tail.as_ref().map_or(0, |tail| tail.unacknowledged_bytes);
        let records = recovered.chain.next_sequence();
        // Every record is in the journal, so the tree before the first one is empty.
        let base = Frontier::default();
        let (view, view_start) =
            view::start(options.view.as_deref(), &options.storage, &recovered.chain, &base);
        let opened = Opened {
            records,
            last_sequence: records.checked_sub(1),
            truncated_bytes,
            view: view_start,
            dead_runs: recovered.dead_runs.clone(),
        };
        publish(&key, options.public_key_file.as_deref())?;
        let ledger = Self::start(options, &key, recovered, view, lock)?;
        announce(&opened, ledger.run_id());
        Ok((ledger, opened))
    }

    /// Appends a record that stands alone. Never blocks: fails at once when the queue is full or
    /// the store has failed.
    pub fn append(&self, entry: Entry) -> Result<Pending, Unavailable> {
        entry.check()?;
        if entry.kind == Kind::Hit {
            self.0.gate.check_work()?;
        }
        self.0.gate.enter(1, entry.queued_bytes())?;
        Ok(self.0.send(entry))
    }

    /// Appends the intent of an inference and reserves the place of its outcome, so that the
    /// outcome can always be enqueued.
    pub fn begin(&self, intent: Entry) -> Result<(Pending, OutcomeSlot), Unavailable> {
        intent.check()?;
        self.0.gate.check_work()?;
        self.0.gate.enter(2, intent.queued_bytes())?;
        let pending = self.0.send(intent);
        Ok((pending, OutcomeSlot { shared: Some(Arc::clone(&self.0)) }))
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
        self.0.key.clone()
    }

    /// Whether new work is taken: `false` for good after a store error, a conflict or a close, for
    /// a while when it is held back.
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

    /// Memory and view, to be asked about committed records.
    pub(crate) fn lookup(&self) -> Lookup {
        Lookup::new(&self.0.committed, self.0.view())
    }

    fn start(
        options: Options,
        key: &VerifyingKey,
        recovered: Recovered,
        view: Option<View>,
        lock: File,
    ) -> Result<Self, OpenError> {
        let (jobs, waiting) = channel();
        let committed = committed(&options, key, &recovered)?;
        let (run_id, open) = open_entry(&options, key, &recovered)?;
        let (clock, storage) = (Arc::clone(&options.clock), Arc::clone(&options.storage));
        let mut appender = appender(options, key, recovered, waiting, lock, run_id, &committed)?;
        appender.commit_own(&open)?;
        let gate = Arc::clone(&appender.gate);
        let log_id = appender.chain.log_id();
        let thread = thread::Builder::new().name("ledger-appender".into());
        let appender =
            thread.spawn(|| appender.run()).map_err(StoreError::at("start the appender thread"))?;
        let view_thread = view::spawn(view.clone(), &storage, &committed);
        let threads = Mutex::new(Some(Threads { appender, view: view_thread }));
        let view = Mutex::new(view);
        let key = key.clone();
        let shared =
            Shared { jobs, gate, committed, key, log_id, run_id, clock, storage, view, threads };
        Ok(Self(Arc::new(shared)))
    }
}

/// The reserved place of an outcome. Dropping it unused gives the place back and leaves the intent
/// without an outcome, for the auditor to see.
#[must_use = "an intent without an outcome looks like a crash"]
pub struct OutcomeSlot {
    shared: Option<Arc<Shared>>,
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
        shared.send(outcome)
    }
}

impl Drop for OutcomeSlot {
    fn drop(&mut self) {
        if let Some(shared) = &self.shared {
            shared.gate.free_places(1);
        }
    }
}

impl Shared {
    /// The gate has let the entry in.
    fn send(&self, entry: Entry) -> Pending {
        let (reply, pending) = Pending::new();
        // Without an appender the reply is dropped, and the caller learns of it there. An appender
        // that is gone before the ledger was closed has panicked.
        if self.jobs.send(Job::Append(entry, reply)).is_err() {
            self.gate.fail();
        }
        pending
    }

    fn view(&self) -> Option<View> {
        self.view.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn end(&self, job: Job) -> Result<(), StoreError> {
        let mut threads = self.threads.lock().unwrap_or_else(PoisonError::into_inner);
        let Some(Threads { appender, view }) = threads.take() else {
            return Ok(());
        };
        let _ = self.jobs.send(job);
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
