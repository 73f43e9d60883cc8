//! The view's thread: takes rows after their commit, many at a time, and never holds up a commit.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::mpsc::{Receiver, SyncSender, TrySendError, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tracing::warn;

use super::catch_up::catch_up;
use super::row::Row;
use super::store::View;
use crate::chain::Chain;
use crate::storage::Storage;

/// Commits whose rows may wait.
const QUEUE_COMMITS: usize = 4096;
/// Rows gather this long, so that many share an insert and the appender need not wake anyone.
const GATHER: Duration = Duration::from_millis(100);

/// The appender's end: gives rows away without waiting.
pub(crate) struct Feed {
    queue: Option<SyncSender<Vec<Row>>>,
    progress: Arc<Progress>,
}

/// What the thread has to know about rows that it was not given.
struct Progress {
    /// Sequence after the last committed record.
    committed: AtomicU64,
    /// Rows found the queue full.
    skipped: AtomicBool,
}

impl Feed {
    /// Offers the rows of a commit. When the queue is full they are read back from the journal.
    pub(crate) fn offer(&mut self, rows: &[Row]) {
        let (Some(queue), Some(last)) = (&self.queue, rows.last()) else {
            return;
        };
        self.progress.committed.store(last.sequence + 1, Ordering::Release);
        match queue.try_send(rows.to_vec()) {
            Ok(()) => {}
            // The queue is not empty then, so the thread will come by and see this.
            Err(TrySendError::Full(_)) => self.progress.skipped.store(true, Ordering::Release),
            Err(TrySendError::Disconnected(_)) => self.queue = None,
        }
    }
}

/// Starts the thread; without a view there is nothing to feed. It ends when the feed is dropped.
pub(crate) fn spawn(
    view: Option<View>,
    storage: &Arc<dyn Storage>,
    chain: &Chain,
) -> (Feed, Option<JoinHandle<()>>) {
    let committed = AtomicU64::new(chain.next_sequence());
    let progress = Arc::new(Progress { committed, skipped: AtomicBool::new(false) });
    let (queue, rows) = sync_channel(QUEUE_COMMITS);
    let started = view.and_then(|view| {
        let indexer =
            Indexer { view, storage: Arc::clone(storage), progress: Arc::clone(&progress), rows };
        let thread = thread::Builder::new().name("ledger-view".into());
        thread.spawn(|| indexer.run()).inspect_err(|error| warn!(%error, "no view thread")).ok()
    });
    let queue = started.is_some().then_some(queue);
    (Feed { queue, progress }, started)
}

struct Indexer {
    view: View,
    storage: Arc<dyn Storage>,
    progress: Arc<Progress>,
    rows: Receiver<Vec<Row>>,
}

impl Indexer {
    /// Any failure ends the thread and leaves the view behind: the next start catches up or
    /// rebuilds.
    fn run(self) {
        // sled 0.34 panics where it should answer with an error.
        match catch_unwind(AssertUnwindSafe(|| self.index())) {
            Ok(Ok(())) => {}
            Ok(Err(error)) => warn!(%error, "the ledger's view stopped; a restart repairs it"),
            Err(_) => warn!("sled panicked: the ledger's view stopped; a restart repairs it"),
        }
    }

    fn index(&self) -> io::Result<()> {
        self.read_back()?;
        while let Ok(mut rows) = self.rows.recv() {
            thread::sleep(GATHER);
            let skipped = self.progress.skipped.swap(false, Ordering::AcqRel);
            while let Ok(more) = self.rows.try_recv() {
                rows.extend(more);
            }
            self.take(&rows, skipped)?;
        }
        Ok(())
    }

    /// Takes in those of `rows` that are new; reads the journal when some are missing.
    fn take(&self, rows: &[Row], skipped: bool) -> io::Result<()> {
        let next = self.view.indexed();
        let known = rows.partition_point(|row| row.sequence < next);
        let new = rows.get(known..).unwrap_or_default();
        let follows = new.iter().zip(next..).all(|(row, sequence)| row.sequence == sequence);
        if skipped || !follows {
            return self.read_back();
        }
        Ok(self.view.put(new)?)
    }

    fn read_back(&self) -> io::Result<()> {
        let committed = self.progress.committed.load(Ordering::Acquire);
        catch_up(&self.view, &*self.storage, committed)
    }
}
