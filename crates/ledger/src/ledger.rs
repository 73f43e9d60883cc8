//! The handle that the gateway holds: takes entries, answers about them, closes the ledger.

mod enqueue;
mod open;
mod queries;
mod shared;
pub(crate) mod slot;

use std::sync::{Arc, PoisonError};

use tracing::warn;

use crate::format::checkpoint::{Checkpoint, Head};
use crate::format::damage::ReadError;
use crate::format::entry::{Entry, EntryError};
use crate::format::hash::{Hash, LogId, RunId};
use crate::format::kind::Kind;
use crate::format::note_key::{SigningKey, VerifyingKey};
use crate::ledger::shared::Shared;
use crate::ledger::slot::OutcomeSlot;
use crate::lookup::Lookup;
use crate::read::place::Place;
use crate::read::stored::StoredRecord;
use crate::receipt::Receipt;
use crate::start::error::RetainError;
use crate::start::publish;
use crate::start::retention::{drop_before, first_of_segment_before, plan};
use crate::storage::Storage;
use crate::write::error::{StoreError, Unavailable};
use crate::write::group::Job;
use crate::write::own::Own;
use crate::write::pending::Pending;
use crate::write::time::Times;

/// A running ledger. A cheap clone; the last one to go stops the threads.
#[derive(Clone)]
pub struct Ledger(Arc<Shared>);

impl Ledger {
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

    /// Several tenants share the queue from now on, or one has it alone.
    pub fn share_queue(&self, shared: bool) {
        self.0.gate.share(shared);
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
