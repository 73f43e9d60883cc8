//! What all handles of one ledger share: the queues, the gate, the threads and their end.

use std::path::PathBuf;
use std::sync::mpsc::Sender;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use tracing::warn;

use crate::format::hash::{LogId, RunId};
use crate::format::note_key::Origin;
use crate::index::committed::Committed;
use crate::storage::Storage;
use crate::view::View;
use crate::write::error::{StoreError, Unavailable};
use crate::write::gate::Gate;
use crate::write::group::Job;
use crate::write::own::Own;
use crate::write::pending::Pending;
use crate::write::time::Time;

pub(crate) struct Shared {
    pub(super) jobs: Sender<Job>,
    /// To the thread that stores large content, which passes on to the appender in order.
    pub(super) large: Sender<Job>,
    pub(super) gate: Arc<Gate>,
    pub(super) committed: Arc<Committed>,
    pub(super) origin: Origin,
    pub(super) log_id: LogId,
    pub(super) run_id: RunId,
    pub(super) time: Arc<Time>,
    pub(super) storage: Arc<dyn Storage>,
    pub(super) public_key_file: Option<PathBuf>,
    /// One retention at a time.
    pub(super) retaining: Mutex<()>,
    /// Taken at the end, so that the next process can open the view.
    pub(super) view: Mutex<Option<View>>,
    pub(super) threads: Mutex<Option<Threads>>,
}

pub(super) struct Threads {
    pub(super) appender: JoinHandle<Result<(), StoreError>>,
    pub(super) content: JoinHandle<()>,
    pub(super) view: Option<JoinHandle<()>>,
}

impl Shared {
    pub(super) fn send_own(&self, own: Own) -> Result<Pending, Unavailable> {
        self.gate.check_new()?;
        let (reply, pending) = Pending::new(None);
        self.jobs.send(Job::Own(own, reply)).map_err(|_| Unavailable::Closed)?;
        Ok(pending)
    }

    pub(super) fn view(&self) -> Option<View> {
        self.view.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(super) fn end(&self, job: Job) -> Result<(), StoreError> {
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
