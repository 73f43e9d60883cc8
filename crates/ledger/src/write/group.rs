//! What is committed together: jobs from the queue, and whoever waits for them.

use crate::format::entry::Entry;
use crate::write::error::Unavailable;
use crate::write::gate::Gate;
use crate::write::own::Own;
use crate::write::pending::Reply;

/// More records than this never share a commit: bounds the wait of the first.
const MAX_COMMIT_RECORDS: usize = 1024;

/// What the callers send.
pub(crate) enum Job {
    /// Append and answer.
    Append(Entry, Reply),
    /// Append a record of the ledger's own, in a commit of its own, and answer.
    Own(Own, Reply),
    /// Another thread found a shortage: look until it is over.
    Look,
    /// Append a close record and end.
    Close,
    /// End without a close record: the handle was dropped.
    Stop,
}

/// Jobs taken from the queue for one commit.
#[derive(Default)]
pub(super) struct Group {
    pub(super) entries: Vec<Entry>,
    pub(super) replies: Vec<Reply>,
    pub(super) bytes: usize,
    /// What comes behind them, in a commit of its own.
    pub(super) own: Option<(Own, Reply)>,
    /// Set by the last job that is ever taken.
    pub(super) ending: Option<Ending>,
}

#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Ending {
    Close,
    Stop,
}

impl Group {
    pub(super) fn take(&mut self, job: Job) {
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
    pub(super) fn is_full(&self, commit_bytes: usize) -> bool {
        let full = self.entries.len() >= MAX_COMMIT_RECORDS || self.bytes >= commit_bytes;
        full || self.own.is_some() || self.ending.is_some()
    }

    /// Answers whatever was not committed.
    pub(super) fn refuse_all(&mut self, gate: &Gate) {
        let why = gate.check_new().err().unwrap_or(Unavailable::Failed);
        self.entries.clear();
        self.replies.drain(..).for_each(|reply| reply.refuse(why));
        if let Some((_, reply)) = self.own.take() {
            reply.refuse(why);
        }
        self.bytes = 0;
    }
}
