//! Large content in files of its own. It is sealed, written and synced here, before its record
//! takes a place in the queue, so that a commit of small records never waits for megabytes.
//!
//! A file is named by the hash of its bytes, which the record holds. One that no record names is
//! what a crash left between file and commit; it is no part of the log.

use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::thread::{self, JoinHandle};

use bytes::Bytes;
use tracing::error;

use crate::format::binding::Binding;
use crate::format::entry::{Content, Entry, External};
use crate::format::hash::{Hash, LogId, RunId};
use crate::format::randomness::Randomness;
use crate::format::seal::{FreshKeys, OVERHEAD_BYTES, TenantSeal};
use crate::storage::Storage;
use crate::write::error::{StoreError, Unavailable};
use crate::write::gate::Gate;
use crate::write::group::Job;
use crate::write::pending::Reply;

/// Content above this, before it is sealed, goes to a file of its own.
pub(crate) const MAX_INLINE_BYTES: usize = 256 << 10;

/// The thread that stores large content, and what it needs to seal it.
pub(crate) struct ContentWriter {
    pub(crate) waiting: Receiver<Job>,
    pub(crate) appender: Sender<Job>,
    pub(crate) storage: Arc<dyn Storage>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) log_id: LogId,
    pub(crate) run_id: RunId,
}

impl ContentWriter {
    /// Stores and passes on until the job that ends the ledger has passed.
    pub(crate) fn spawn(self) -> Result<JoinHandle<()>, StoreError> {
        let thread = thread::Builder::new().name("ledger-content".into());
        thread.spawn(move || self.run()).map_err(StoreError::at("start the content thread"))
    }

    fn run(self) {
        let mut random = Randomness::new();
        while let Ok(job) = self.waiting.recv() {
            let (job, last) = match job {
                Job::Append(entry, reply) => (self.store(entry, reply, &mut random), false),
                ending => (Some(ending), true),
            };
            if job.is_some_and(|job| self.appender.send(job).is_err()) {
                self.gate.fail();
            }
            if last {
                return;
            }
        }
    }

    /// The entry with its content in a file; `None` when it was refused.
    fn store(&self, entry: Entry, mut reply: Reply, random: &mut Randomness) -> Option<Job> {
        let waited = entry.queued_bytes();
        match self.externalise(entry, random) {
            Ok(entry) => {
                let stored = waited - entry.queued_bytes();
                reply.held.iter_mut().for_each(|held| held.shrink(stored));
                Some(Job::Append(entry, reply))
            }
            Err(error) => {
                reply.refuse(self.blame(&error));
                None
            }
        }
    }

    fn externalise(&self, mut entry: Entry, random: &mut Randomness) -> Result<Entry, StoreError> {
        let (Content::Sealed(parts), Some(tenant)) = (&entry.content, &entry.tenant) else {
            return Ok(entry);
        };
        if !is_large(parts) {
            return Ok(entry);
        }
        let stored = self.seal(&entry, parts, tenant, random)?;
        let external = External { hash: Hash::of_content(&stored), bytes: stored.len() as u64 };
        if let Err(error) = self.storage.write_content(external.hash, &stored) {
            // Half a file is of no use to anyone; what cannot be removed is named by no record.
            let _ = self.storage.remove_content(external.hash);
            return Err(StoreError::at("write content file")(error));
        }
        entry.content = Content::External(external);
        Ok(entry)
    }

    fn seal(
        &self,
        entry: &Entry,
        parts: &[Bytes],
        tenant: &TenantSeal,
        random: &mut Randomness,
    ) -> Result<Vec<u8>, StoreError> {
        let binding = Binding {
            kind: entry.kind,
            log_id: self.log_id,
            run_id: self.run_id,
            request_id: entry.request.map_or([0; 16], |request| request.bytes()),
            tenant_tag: tenant.tag(),
            metadata_hash: Hash::of_metadata(&entry.metadata),
        };
        let fresh = FreshKeys::random(random).ok_or(StoreError::Randomness)?;
        let mut stored = Vec::with_capacity(entry.content.len() + OVERHEAD_BYTES);
        let sealed = tenant.seal(parts, &binding.encode(), &fresh, &mut stored);
        sealed.map_err(|_| StoreError::Sealing)?;
        Ok(stored)
    }

    /// A shortage passes; any other error of the store is final.
    fn blame(&self, error: &StoreError) -> Unavailable {
        error!(%error, "large content could not be stored");
        if let Some(shortage) = error.shortage() {
            self.gate.set_shortage(Some(shortage));
            // The appender may be asleep, and nobody else looks for an end of it.
            let _ = self.appender.send(Job::Look);
            return shortage.into();
        }
        match self.storage.displaced() {
            Some(_) => self.gate.lose(),
            None => self.gate.fail(),
        }
        self.gate.check().err().unwrap_or(Unavailable::Failed)
    }
}

/// Whether content goes to a file of its own.
pub(crate) fn is_large(parts: &[Bytes]) -> bool {
    parts.iter().map(Bytes::len).sum::<usize>() > MAX_INLINE_BYTES
}
