//! The one thread that writes: takes what waits, commits it as a group, then answers.
//!
//! While one commit syncs, the next one gathers; where many records come, for a moment more
//! ([`Pace`]). The thread owns the chain, so nothing about it is ever shared or locked.

use std::fs::File;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, RecvTimeoutError};
use std::time::{Duration, Instant};

use tracing::{error, warn};

use crate::format::entry::Entry;
use crate::format::hash::RunId;
use crate::format::kind::Kind;
use crate::format::randomness::Randomness;
use crate::index::committed::Publisher;
use crate::log::Log;
use crate::log::state::{State, parts};
use crate::receipt::Receipt;
use crate::receipt::commit::Commit;
use crate::write::answers::Answers;
use crate::write::batch::{Batch, Signer, Stamp};
use crate::write::error::StoreError;
use crate::write::gate::Gate;
use crate::write::group::{Ending, Group, Job};
use crate::write::journal::Journal;
use crate::write::own::Own;
use crate::write::pace::Pace;
use crate::write::space::{INTERVAL, Space};
use crate::write::step::{Step, put_wall_time};
use crate::write::time::Time;

/// How often the journal is looked for where it was, at least.
const LOOK_INTERVAL: Duration = Duration::from_secs(1);

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
    pub(crate) time: Arc<Time>,
    /// Steps of the clock that the commit under way tells.
    pub(crate) steps: usize,
    pub(crate) space: Space,
    /// When the journal was last looked for.
    pub(crate) looked: Instant,
    pub(crate) random: Randomness,
    pub(crate) committed: Publisher,
    pub(crate) commit_bytes: usize,
    pub(crate) pace: Pace,
    /// Held until the thread ends.
    pub(crate) lock: File,
}

impl Appender {
    /// Commits group after group until told to end. Answers why the store failed, if it did.
    pub(crate) fn run(mut self) -> Result<(), StoreError> {
        let mut outcome = Ok(());
        let mut group = Group::default();
        while group.ending.is_none() {
            let gathered = self.gather(&mut group, outcome.is_ok());
            if outcome.is_ok() {
                let committed = gathered.and_then(|()| self.commit_group(&mut group));
                outcome = committed.inspect_err(|error| self.fail(error));
            }
            group.refuse_all(&self.gate);
        }
        self.gate.close();
        drop(self.lock);
        outcome
    }

    fn fail(&self, error: &StoreError) {
        match error {
            StoreError::Lost(_) => self.gate.lose(),
            _ => self.gate.fail(),
        }
        error!(%error, "the ledger's store failed: nothing more until a restart");
    }

    /// Commits what opens the run, before the thread starts. A run begins where the last one ended,
    /// so no segment is left here.
    pub(crate) fn commit_open(&mut self, entries: Vec<Entry>) -> Result<(), StoreError> {
        self.batch.begin(self.journal.place(), self.log.chain.tree());
        for entry in entries {
            self.push_own(&self.stamp(entry))?;
        }
        self.write(None)?;
        self.follow()
    }

    /// Waits for a job, then takes everything that waits, within the bounds of a commit. While
    /// `watching`, an error says that the journal is lost.
    fn gather(&mut self, group: &mut Group, watching: bool) -> Result<(), StoreError> {
        group.take(self.wait(watching)?);
        // Callers that are ready to run share this commit, its sync and its signature.
        std::thread::yield_now();
        self.take_waiting(group);
        if !group.is_full(self.commit_bytes)
            && let Some(wait) = self.pace.wait(group.entries.len(), Instant::now())
        {
            // A sleep, so that nobody who sends has to wake this thread.
            std::thread::sleep(wait);
            self.take_waiting(group);
        }
        Ok(())
    }

    fn take_waiting(&self, group: &mut Group) {
        while !group.is_full(self.commit_bytes) {
            let Ok(job) = self.jobs.try_recv() else { return };
            group.take(job);
        }
    }

    /// The next job. None may come for long, and somebody has to look for an end of a shortage,
    /// and for the journal itself.
    fn wait(&mut self, watching: bool) -> Result<Job, StoreError> {
        loop {
            if watching && self.looked.elapsed() >= LOOK_INTERVAL {
                self.looked = Instant::now();
                self.journal.look()?;
            }
            self.space.look();
            let longest = if self.gate.shortage().is_some() { INTERVAL } else { LOOK_INTERVAL };
            match self.jobs.recv_timeout(longest) {
                Ok(job) => return Ok(job),
                Err(RecvTimeoutError::Timeout) => {}
                // All handles gone is an end like any other.
                Err(RecvTimeoutError::Disconnected) => return Ok(Job::Stop),
            }
        }
    }

    /// Commits the group and what comes behind it. A shortage is no failure: what was not written
    /// is refused, and the journal ends where it ended.
    fn commit_group(&mut self, group: &mut Group) -> Result<(), StoreError> {
        let close = group.ending == Some(Ending::Close);
        if !group.entries.is_empty() || close {
            let before = self.log.clone();
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
        let before = self.log.clone();
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

    /// Goes back to the last commit after a shortage; any other error is final.
    fn excuse(&mut self, error: StoreError, before: Log) -> Result<(), StoreError> {
        let Some(shortage) = error.shortage() else {
            return Err(error);
        };
        warn!(%error, "a commit is taken back");
        self.journal.undo()?;
        self.log = before;
        self.space.ran_out(shortage);
        Ok(())
    }

    fn try_commit(&mut self, group: &Group, close: bool) -> Result<Commit, StoreError> {
        self.begin()?;
        for entry in &group.entries {
            self.push(entry)?;
        }
        if close {
            let close = Entry::system(Kind::Close, br#"{"event":"close"}"#.to_vec());
            self.push(&self.stamp(close))?;
        }
        self.write(None)
    }

    fn commit_own(&mut self, own: &Own) -> Result<Receipt, StoreError> {
        self.begin()?;
        self.push_own(&self.stamp(own.entry(self.signer.key.origin())?))?;
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
        self.tell_steps(offset == 0 && segment.0 > 0)
    }

    /// What there is to say of the clock, and in a new segment what still holds.
    fn tell_steps(&mut self, is_new_segment: bool) -> Result<(), StoreError> {
        let carried = self.time.carried().filter(|_| is_new_segment);
        let steps = self.time.steps();
        self.steps = steps.len();
        for step in carried.iter().chain(&steps) {
            self.push_own(&Entry::system(Kind::Clock, serde_json::to_vec::<Step>(step)?))?;
        }
        Ok(())
    }

    fn push(&mut self, entry: &Entry) -> Result<(), StoreError> {
        let stamp = Stamp { run_id: self.run_id, time_us: self.time.now().ordered_us };
        self.batch.push(entry, &stamp, &mut self.log.chain, &mut self.random)
    }

    /// Says what the wall clock shows, where that is not the time of the record. Callers' entries
    /// say it already; snapshots are full to the brim, and a clock record stands behind them.
    fn stamp(&self, mut entry: Entry) -> Entry {
        if let Some(wall_us) = self.time.now().differing_wall_us() {
            put_wall_time(&mut entry.metadata, wall_us);
        }
        entry
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
        self.time.recorded(std::mem::take(&mut self.steps));
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
        group.entries.clear();
        for (reply, row) in group.replies.drain(..).zip(self.batch.awaited_rows()) {
            answers.push(reply, Receipt::new(row, Arc::clone(&commit)));
        }
        answers.give();
        group.bytes = 0;
    }
}
