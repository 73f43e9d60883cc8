//! Large content in files of its own. It is sealed, written and synced here, before its record
//! takes a place in the queue, so that a commit of small records never waits for megabytes.
//!
//! A file is named by the hash of its bytes, which the record holds. One that no record names is
//! what a crash left between file and commit; it is no part of the log.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, Sender};
use std::thread::{self, JoinHandle};

use bytes::Bytes;
use tracing::error;

use crate::error::{StoreError, Unavailable};
use crate::format::entry::{Content, Entry, External, Kind};
use crate::format::frame::Stop;
use crate::format::hash::{Hash, LogId, RunId, TenantTag};
use crate::format::seal::{FreshKeys, OVERHEAD_BYTES, TenantSeal};
use crate::storage::Storage;
use crate::walk::damage::Damage;
use crate::write::gate::Gate;
use crate::write::group::Job;
use crate::write::pending::Reply;
use crate::write::randomness::Randomness;

/// Content above this, before it is sealed, goes to a file of its own.
pub(crate) const MAX_INLINE_BYTES: usize = 256 << 10;
/// Read at a time when a file is checked.
const CHUNK_BYTES: usize = 64 << 10;

/// What external content is bound to. Its place in the chain is not known when it is sealed; log,
/// run, request and metadata are (`FORMAT.md` §6).
pub(crate) struct Binding {
    pub(crate) kind: Kind,
    pub(crate) log_id: LogId,
    pub(crate) run_id: RunId,
    pub(crate) request_id: [u8; 16],
    pub(crate) tenant_tag: TenantTag,
    pub(crate) metadata_hash: Hash,
}

impl Binding {
    /// The associated data of both encryptions.
    pub(crate) fn encode(&self) -> Vec<u8> {
        let kind = (self.kind as u16).to_be_bytes();
        let parts: [&[u8]; 7] = [
            b"inferlayer/external/v1\0",
            &kind,
            &self.log_id.0,
            &self.run_id.0,
            &self.request_id,
            &self.tenant_tag.0,
            &self.metadata_hash.0,
        ];
        parts.concat()
    }
}

impl External {
    /// All stored bytes, if they are those that the record speaks of.
    pub(crate) fn read(&self, storage: &dyn Storage) -> Result<Vec<u8>, Stop> {
        let mut bytes = Vec::new();
        let mut file = open(storage, self.hash)?;
        // One byte more tells a file that is too long.
        let limit = self.bytes.saturating_add(1);
        io::Read::read_to_end(&mut io::Read::take(&mut file, limit), &mut bytes)?;
        if bytes.len() as u64 != self.bytes || Hash::of_content(&bytes) != self.hash {
            return Err(Damage::Content.into());
        }
        Ok(bytes)
    }

    /// Whether the stored bytes are those that the record speaks of, without holding them.
    pub(crate) fn check(&self, storage: &dyn Storage) -> Result<(), Stop> {
        let mut file = open(storage, self.hash)?;
        let mut digest = Hash::content_digest();
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut length = 0;
        // What is longer than the record says is not read to its end.
        while length <= self.bytes {
            let read = file.read(&mut chunk)?;
            if read == 0 {
                break;
            }
            length += read as u64;
            digest.update(chunk.get(..read).unwrap_or_default());
        }
        if length != self.bytes || digest.finish() != self.hash {
            return Err(Damage::Content.into());
        }
        Ok(())
    }
}

fn open(storage: &dyn Storage, name: Hash) -> Result<Box<dyn io::Read + Send>, Stop> {
    storage.read_content(name).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Damage::ContentMissing.into(),
        _ => error.into(),
    })
}

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
