//! The one thread that writes: takes what waits, commits it as a group, then answers.
//!
//! There is no timer: while one commit syncs, the next one gathers. The thread owns the chain, so
//! nothing about it is ever shared or locked.

use std::fs::File;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};

use tracing::{error, warn};

use crate::error::{StoreError, Unavailable, is_full};
use crate::format::entry::{Entry, Kind};
use crate::format::hash::RunId;
use crate::log::Log;
use crate::log::state::{State, parts};
use crate::receipt::Receipt;
use crate::write::answers::Answers;
use crate::write::batch::{Batch, Signer, Stamp};
use crate::write::clock::{Clock, Watch};
use crate::write::commit::Commit;
use crate::write::committed::Publisher;
use crate::write::gate::Gate;
use crate::write::journal::Journal;
use crate::write::own::Own;
use crate::write::pending::Reply;
use crate::write::randomness::Randomness;
use crate::write::space::{INTERVAL, Space};

/// More records than this never share a commit: bounds the wait of the first.
const MAX_COMMIT_RECORDS: usize = 1024;

/// What the callers send.
pub(crate) enum Job {
    /// Append and answer.
    Append(Entry, Reply),
    /// Append a record of the ledger's own, in a commit of its own, and answer.
    Own(Own, Reply),
    /// Another thread found the disk full: look for room until there is some.
    Look,
    /// Append a close record and end.
    Close,
    /// End without a close record: the handle was dropped.
    Stop,
}

/// Everything the thread owns.
pub(crate) struct Appender {
    pub(crate) jobs: Receiver<Job>,
    pub(crate) gate: Arc<Gate>,
    pub(crate) log: Log,
    pub(crate) state: Box<dyn State>,
    pub(crate) journal: Journal,
    pub(crate) batch: Batch,
    pub(crate) signer: Signer,
    pub(crate) run_id: RunId,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) watch: Watch,
    pub(crate) space: Space,
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
    /// What comes behind them, in a commit of its own.
    own: Option<(Own, Reply)>,
    /// Set by the last job that is ever taken.
    ending: Option<Ending>,
}

/// What a commit that finds no room must leave as it was.
struct Before {
    log: Log,
    watch: Watch,
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
                outcome = self.commit_group(&mut group).inspect_err(|error| {
                    self.gate.fail();
                    error!(%error, "the ledger's store failed: nothing more until a restart");
                });
            }
            group.refuse_all(&self.gate);
        }
        self.gate.close();
        drop(self.lock);
        outcome
    }

    /// Commits what opens the run, before the thread starts. A run begins where the last one ended,
    /// so no segment is left here.
    pub(crate) fn commit_open(&mut self, entries: &[Entry]) -> Result<(), StoreError> {
        self.batch.begin(self.journal.place(), self.log.chain.tree());
        for entry in entries {
            self.push_own(entry)?;
        }
        self.write(None)?;
        self.follow()
    }

    /// Waits for a job, then takes everything that waits, within the bounds of a commit.
    fn gather(&mut self, group: &mut Group) {
        let mut next = Some(self.wait());
        // Callers that are ready to run share this commit, its sync and its signature.
        std::thread::yield_now();
        while let Some(job) = next {
            group.take(job);
            let full =
                group.entries.len() >= MAX_COMMIT_RECORDS || group.bytes >= self.commit_bytes;
            next = if full || group.is_last() { None } else { self.jobs.try_recv().ok() };
        }
    }

    /// The next job. While the disk is full none may come, so somebody has to look for room.
    fn wait(&mut self) -> Job {
        loop {
            self.space.look();
            let next = match self.gate.is_full() {
                false => self.jobs.recv().map_err(|_| RecvTimeoutError::Disconnected),
                true => self.jobs.recv_timeout(INTERVAL),
            };
            match next {
                Ok(job) => return job,
                Err(RecvTimeoutError::Timeout) => {}
                // All handles gone is an end like any other.
                Err(RecvTimeoutError::Disconnected) => return Job::Stop,
            }
        }
    }

    /// Commits the group and what comes behind it. A disk without room is no failure: what was not
    /// written is refused, and the journal ends where it ended.
    fn commit_group(&mut self, group: &mut Group) -> Result<(), StoreError> {
        let close = group.ending == Some(Ending::Close);
        if !group.entries.is_empty() || close {
            let before = self.before();
            match self.try_commit(group, close) {
                Ok(commit) => {
                    self.answer(group, commit);
                    self.follow()?;
                }
                Err(error) => self.excuse(error, before)?,
            }
        }
        let Some((own, reply)) = group.own.take() else {
            return Ok(());
        };
        if let Err(why) = own.check(&self.log) {
            let _ = reply.sender.send(Err(why.into()));
            return Ok(());
        }
        let before = self.before();
        match self.commit_own(&own) {
            Ok(receipt) => drop(reply.sender.send(Ok(receipt))),
            Err(error) => {
                // Answered like the others, once it is known what the error comes to.
                group.own = Some((own, reply));
                self.excuse(error, before)?;
            }
        }
        Ok(())
    }

    fn before(&self) -> Before {
        Before { log: self.log.clone(), watch: self.watch.clone() }
    }

    /// Goes back to the last commit when the disk had no room; any other error is final.
    fn excuse(&mut self, error: StoreError, before: Before) -> Result<(), StoreError> {
        if !is_full(&error) {
            return Err(error);
        }
        warn!(%error, "a commit found no room on the disk");
        self.journal.undo()?;
        Before { log: self.log, watch: self.watch } = before;
        self.space.ran_out();
        Ok(())
    }

    fn try_commit(&mut self, group: &Group, close: bool) -> Result<Commit, StoreError> {
        self.begin()?;
        for entry in &group.entries {
            self.push(entry)?;
        }
        if close {
            self.push(&Entry::system(Kind::Close, br#"{"event":"close"}"#.to_vec()))?;
        }
        self.write(None)
    }

    fn commit_own(&mut self, own: &Own) -> Result<Receipt, StoreError> {
        self.begin()?;
        self.push_own(&own.entry(self.signer.key.origin())?)?;
        let successor = match own {
            Own::Rotate(signing) => {
                Some(Signer { signing: signing.clone(), key: self.log.key().clone() })
            }
            Own::Retain(_) => None,
        };
        let commit = Arc::new(self.write(successor)?);
        self.follow()?;
        let row = self.batch.rows().last().ok_or(StoreError::Failed)?;
        Ok(Receipt::new(row, commit))
    }

    /// Begins a commit: with a snapshot where a segment begins, with a word about the clock where
    /// it stepped.
    fn begin(&mut self) -> Result<(), StoreError> {
        let sequence = self.log.chain.next_sequence();
        self.journal.rotate_if_full(sequence)?;
        let (segment, offset) = self.journal.place();
        self.batch.begin((segment, offset), self.log.chain.tree());
        if offset == 0 && segment.0 > 0 {
            for part in parts(&self.log.stated(), &self.state.items())? {
                self.push_own(&Entry::system(Kind::Snapshot, part))?;
            }
        }
        if let Some(step) = self.watch.step(&*self.clock, self.log.chain.time_us()) {
            warn!(?step, "the clock stepped");
            self.push_own(&Entry::system(Kind::Clock, serde_json::to_vec(&step)?))?;
        }
        Ok(())
    }

    fn push(&mut self, entry: &Entry) -> Result<(), StoreError> {
        let stamp = Stamp { run_id: self.run_id, time_us: self.clock.now_us() };
        self.batch.push(entry, &stamp, &mut self.log.chain, &mut self.random)
    }

    /// Pushes a record that may say something of the log, and that no caller waits for.
    fn push_own(&mut self, entry: &Entry) -> Result<(), StoreError> {
        self.push(entry)?;
        self.batch.end_own();
        let Some(record) = self.batch.records().last() else {
            return Ok(());
        };
        self.log.learn(&record).map_err(StoreError::Own)
    }

    /// Signs, writes and syncs the batch; only then does the checkpoint count.
    fn write(&mut self, successor: Option<Signer>) -> Result<Commit, StoreError> {
        let signed = self.batch.finish(&self.log.chain, &self.signer, successor.as_ref())?;
        self.journal.commit(self.batch.frames())?;
        self.space.wrote(self.batch.bytes());
        self.signer = successor.unwrap_or_else(|| self.signer.clone());
        self.committed.publish(&signed, &self.signer.key, self.batch.rows());
        Ok(self.batch.commit(self.log.chain.log_id(), &self.signer.key, signed))
    }

    /// Lets the state take what was committed; nobody waits for that.
    fn follow(&mut self) -> Result<(), StoreError> {
        let news = self.batch.records().filter(|record| record.kind() != Kind::Snapshot);
        for record in news {
            let sequence = record.sequence();
            let taken = self.state.record(&record);
            taken.map_err(|source| StoreError::State { sequence, source })?;
        }
        Ok(())
    }

    fn answer(&mut self, group: &mut Group, commit: Commit) {
        let commit = Arc::new(commit);
        let mut answers = Answers::default();
        let entries = group.entries.drain(..).zip(group.replies.drain(..));
        for ((entry, reply), row) in entries.zip(self.batch.awaited_rows()) {
            self.gate.leave(entry.queued_bytes());
            answers.push(reply, Receipt::new(row, Arc::clone(&commit)));
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
            Job::Own(own, reply) => self.own = Some((own, reply)),
            Job::Look => {}
            Job::Close => self.ending = Some(Ending::Close),
            Job::Stop => self.ending = Some(Ending::Stop),
        }
    }

    /// Whether nothing may join it any more.
    fn is_last(&self) -> bool {
        self.own.is_some() || self.ending.is_some()
    }

    /// Answers whatever was not committed.
    fn refuse_all(&mut self, gate: &Gate) {
        let why = gate.check_new().err().unwrap_or(Unavailable::Failed);
        for (entry, reply) in self.entries.drain(..).zip(self.replies.drain(..)) {
            gate.leave(entry.queued_bytes());
            let _ = reply.sender.send(Err(why));
        }
        if let Some((_, reply)) = self.own.take() {
            let _ = reply.sender.send(Err(why));
        }
        self.bytes = 0;
    }
}
