//! The one thread that writes: takes what waits, commits it as a group, then answers.
//!
//! There is no timer: while one commit syncs, the next one gathers. The thread owns the chain, so
//! nothing about it is ever shared or locked.

use std::fs::File;
use std::sync::Arc;
use std::sync::mpsc::Receiver;

use tracing::error;

use crate::answers::Answers;
use crate::batch::{Batch, Stamp};
use crate::chain::Chain;
use crate::checkpoint::Checkpoint;
use crate::clock::Clock;
use crate::committed::Publisher;
use crate::entry::{Entry, Kind};
use crate::error::{StoreError, Unavailable};
use crate::gate::Gate;
use crate::hash::RunId;
use crate::journal::Journal;
use crate::note_key::{SigningKey, VerifyingKey};
use crate::pending::Reply;
use crate::randomness::Randomness;
use crate::receipt::Receipt;

/// More records than this never share a commit: bounds the wait of the first.
const MAX_COMMIT_RECORDS: usize = 1024;

/// What the callers send.
pub(crate) enum Job {
    /// Append and answer.
    Append(Entry, Reply),
    /// Append a close record and end.
    Close,
    /// End without a close record: the handle was dropped.
    Stop,
}

/// Everything the thread owns.
pub(crate) struct Appender {
    pub(crate) jobs: Receiver<Job>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) chain: Chain,
    pub(crate) journal: Journal,
    pub(crate) batch: Batch,
    pub(crate) signing: SigningKey,
    pub(crate) key: VerifyingKey,
    pub(crate) run_id: RunId,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) random: Randomness,
    pub(crate) committed: Publisher,
    pub(crate) commit_bytes: usize,
    /// Held until the thread ends.
    pub(crate) lock: File,
}

/// Jobs taken from the queue for one commit.
#[derive(Default)]
struct Group {
    entries: Vec<Entry>,
    replies: Vec<Reply>,
    bytes: usize,
    /// Set by the last job that is ever taken.
    ending: Option<Ending>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Ending {
    Close,
    Stop,
}

impl Appender {
    /// Commits group after group until told to end. Answers why the store failed, if it did.
    pub(crate) fn run(mut self) -> Result<(), StoreError> {
        let mut outcome = Ok(());
        let mut group = Group::default();
        while group.ending.is_none() {
            self.gather(&mut group);
            if outcome.is_ok() {
                outcome = self.commit_group(&mut group);
            }
            group.refuse_all(&self.gate);
        }
        self.gate.close();
        drop(self.lock);
        outcome
    }

    /// Commits records of the ledger's own, before the thread starts or as it ends.
    pub(crate) fn commit_own(&mut self, entry: &Entry) -> Result<(), StoreError> {
        self.begin()?;
        self.push(entry)?;
        self.write().map(drop)
    }

    /// Waits for a job, then takes everything that waits, within the bounds of a commit.
    fn gather(&mut self, group: &mut Group) {
        // All handles gone is an end like any other.
        let mut next = Some(self.jobs.recv().unwrap_or(Job::Stop));
        // Callers that are ready to run share this commit, its sync and its signature.
        std::thread::yield_now();
        while let Some(job) = next {
            group.take(job);
            let full =
                group.entries.len() >= MAX_COMMIT_RECORDS || group.bytes >= self.commit_bytes;
            next = if full || group.ending.is_some() { None } else { self.jobs.try_recv().ok() };
        }
    }

    fn commit_group(&mut self, group: &mut Group) -> Result<(), StoreError> {
        let committed = self.try_commit(group).inspect_err(|error| {
            self.gate.fail();
            error!(%error, "the ledger's store failed; nothing is recorded until a restart");
        });
        committed.map(|checkpoint| {
            if let Some(checkpoint) = checkpoint {
                self.answer(group, checkpoint);
            }
        })
    }

    fn try_commit(&mut self, group: &Group) -> Result<Option<Checkpoint>, StoreError> {
        let close = group.ending == Some(Ending::Close);
        if group.entries.is_empty() && !close {
            return Ok(None);
        }
        self.begin()?;
        for entry in &group.entries {
            self.push(entry)?;
        }
        if close {
            self.push(&Entry::system(Kind::Close, br#"{"event":"close"}"#.to_vec()))?;
        }
        self.write().map(Some)
    }

    fn begin(&mut self) -> Result<(), StoreError> {
        let place = self.journal.place(self.chain.next_sequence())?;
        self.batch.begin(place, self.chain.tree());
        Ok(())
    }

    fn push(&mut self, entry: &Entry) -> Result<(), StoreError> {
        let stamp = Stamp { run_id: self.run_id, time_us: self.clock.now_us() };
        self.batch.push(entry, &stamp, &mut self.chain, &mut self.random)
    }

    /// Signs, writes and syncs the batch; only then does the checkpoint count.
    fn write(&mut self) -> Result<Checkpoint, StoreError> {
        let checkpoint = self.batch.finish(&self.chain, &self.signing, &self.key)?;
        self.journal.commit(self.batch.frames())?;
        self.committed.publish(&checkpoint, self.batch.rows());
        Ok(checkpoint)
    }

    fn answer(&self, group: &mut Group, checkpoint: Checkpoint) {
        let mut answers = Answers::default();
        let commit = Arc::new(self.batch.commit(self.chain.log_id(), &self.key, checkpoint));
        let entries = group.entries.drain(..);
        for ((entry, reply), row) in entries.zip(group.replies.drain(..)).zip(self.batch.rows()) {
            self.gate.leave(entry.queued_bytes());
            let receipt = Receipt {
                record_hash: row.record_hash,
                time_us: row.time_us,
                place: row.place(),
                commit: Arc::clone(&commit),
            };
            answers.push(reply, receipt);
        }
        answers.give();
        group.bytes = 0;
    }
}

impl Group {
    fn take(&mut self, job: Job) {
        match job {
            Job::Append(entry, reply) => {
                self.bytes += entry.queued_bytes();
                self.entries.push(entry);
                self.replies.push(reply);
            }
            Job::Close => self.ending = Some(Ending::Close),
            Job::Stop => self.ending = Some(Ending::Stop),
        }
    }

    /// Answers whatever was not committed.
    fn refuse_all(&mut self, gate: &Gate) {
        for (entry, reply) in self.entries.drain(..).zip(self.replies.drain(..)) {
            gate.leave(entry.queued_bytes());
            let _ = reply.sender.send(Err(Unavailable::Failed));
        }
        self.bytes = 0;
    }
}
