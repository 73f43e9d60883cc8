//! The view's thread: takes rows after their commit, many at a time, and never holds up a commit.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
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
const QUEUE_COMMITS: usize = 256;
/// Rows gather this long, so that many share an insert and the appender need not wake anyone.
const GATHER: Duration = Duration::from_millis(20);

/// The appender's end: gives rows away without waiting.
pub(crate) struct Feed {
    queue: Option<SyncSender<Vec<Row>>>,
    /// Sequence after the last committed record.
    committed: Arc<AtomicU64>,
}

impl Feed {
    /// Offers the rows of a commit. When the queue is full they are read back from the journal.
    pub(crate) fn offer(&mut self, rows: &[Row]) {
        let (Some(queue), Some(last)) = (&self.queue, rows.last()) else {
            return;
        };
        self.committed.store(last.sequence + 1, Ordering::Release);
        if let Err(TrySendError::Disconnected(_)) = queue.try_send(rows.to_vec()) {
            self.queue = None;
        }
    }
}

/// Starts the thread; without a view there is nothing to feed. It ends when the feed is dropped.
pub(crate) fn spawn(
    view: Option<View>,
    storage: &Arc<dyn Storage>,
    chain: &Chain,
) -> (Feed, Option<JoinHandle<()>>) {
    let committed = Arc::new(AtomicU64::new(chain.next_sequence()));
    let (queue, rows) = sync_channel(QUEUE_COMMITS);
    let started = view.and_then(|view| {
        let indexer =
            Indexer { view, storage: Arc::clone(storage), committed: Arc::clone(&committed), rows };
        let thread = thread::Builder::new().name("ledger-view".into());
        thread.spawn(|| indexer.run()).inspect_err(|error| warn!(%error, "no view thread")).ok()
    });
    let queue = started.is_some().then_some(queue);
    (Feed { queue, committed }, started)
}

struct Indexer {
    view: View,
    storage: Arc<dyn Storage>,
    committed: Arc<AtomicU64>,
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
        catch_up(&self.view, &*self.storage, self.committed.load(Ordering::Acquire))?;
        let mut next = self.view.indexed();
        while let Ok(mut rows) = self.rows.recv() {
            thread::sleep(GATHER);
            while let Ok(more) = self.rows.try_recv() {
                rows.extend(more);
            }
            next = self.take(&rows, next)?;
        }
        Ok(())
    }

    /// Takes in `rows` and whatever was committed around them; answers the next sequence.
    fn take(&self, rows: &[Row], next: u64) -> io::Result<u64> {
        let known = rows.partition_point(|row| row.sequence < next);
        let new = rows.get(known..).unwrap_or_default();
        let follows = new.iter().zip(next..).all(|(row, sequence)| row.sequence == sequence);
        if follows {
            self.view.put(new)?;
        } else {
            catch_up(&self.view, &*self.storage, self.committed.load(Ordering::Acquire))?;
        }
        Ok(self.view.indexed())
    }
}
