//! The view's thread: takes rows after their commit, many at a time, and never holds up a commit.

use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::thread::{self, JoinHandle};
use std::time::Duration;

use tracing::warn;

use super::catch_up::catch_up;
use super::store::View;
use crate::index::committed::Committed;
use crate::storage::Storage;

/// Rows gather this long, so that many share an insert and the appender need not wake anyone.
const GATHER: Duration = Duration::from_millis(100);
/// Rows that are taken at a time: bounds how long the appender may wait for the memory.
const MAX_TAKEN_ROWS: usize = 8192;

/// Starts the thread, which ends when the appender has; without a view there is nothing to do.
pub(crate) fn spawn(
    view: Option<View>,
    storage: &Arc<dyn Storage>,
    committed: &Arc<Committed>,
) -> Option<JoinHandle<()>> {
    let (storage, committed) = (Arc::clone(storage), Arc::clone(committed));
    let indexer = Indexer { view: view?, storage, committed };
    let thread = thread::Builder::new().name("ledger-view".into());
    thread.spawn(|| indexer.run()).inspect_err(|error| warn!(%error, "no view thread")).ok()
}

struct Indexer {
    view: View,
    storage: Arc<dyn Storage>,
    committed: Arc<Committed>,
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
        while self.committed.wait_for(self.view.indexed()) {
            thread::sleep(GATHER);
            while self.take()? == MAX_TAKEN_ROWS {}
        }
        Ok(())
    }

    /// Takes in what is new, and says how many rows; reads the journal when some were forgotten.
    fn take(&self) -> io::Result<usize> {
        let next = self.view.indexed();
        let Some(rows) = self.committed.rows_from(next, MAX_TAKEN_ROWS) else {
            self.read_back()?;
            return Ok(0);
        };
        self.view.put(&rows)?;
        self.committed.forget(next + rows.len() as u64);
        Ok(rows.len())
    }

    fn read_back(&self) -> io::Result<()> {
        let committed = self.committed.checkpoint().head.size;
        catch_up(&self.view, &*self.storage, committed)
    }
}
