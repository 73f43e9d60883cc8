//! What a caller holds while its record is written, and what it gets when the record is durable.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll};

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::checkpoint::Checkpoint;
use crate::error::Unavailable;
use crate::hash::{Hash, LogId};
use crate::place::Place;
use crate::view::Row;

/// A record on its way to the disk. Resolves after the sync that covers it; dropping it does not
/// take the record back.
pub struct Pending(State);

enum State {
    Waiting(oneshot::Receiver<Result<Receipt, Unavailable>>),
    Refused(Unavailable),
}

/// The appender's end of a [`Pending`].
pub(crate) struct Reply {
    pub(crate) sender: oneshot::Sender<Result<Receipt, Unavailable>>,
    /// Where the caller runs; none for a thread that waits by blocking.
    pub(crate) runtime: Option<Handle>,
}

impl Pending {
    pub(crate) fn new() -> (Reply, Self) {
        let (sender, waiting) = oneshot::channel();
        let runtime = Handle::try_current().ok();
        (Reply { sender, runtime }, Self(State::Waiting(waiting)))
    }

    pub(crate) fn refused(why: Unavailable) -> Self {
        Self(State::Refused(why))
    }

    /// Waits on this thread; for command-line tools, never inside an async runtime.
    pub fn wait_blocking(self) -> Result<Receipt, Unavailable> {
        match self.0 {
            State::Waiting(waiting) => waiting.blocking_recv().unwrap_or(Err(Unavailable::Closed)),
            State::Refused(why) => Err(why),
        }
    }
}

impl Future for Pending {
    type Output = Result<Receipt, Unavailable>;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Self::Output> {
        match &mut self.0 {
            // A sender that went away without a word belonged to an appender that had ended.
            State::Waiting(waiting) => Pin::new(waiting)
                .poll(context)
                .map(|answer| answer.unwrap_or(Err(Unavailable::Closed))),
            State::Refused(why) => Poll::Ready(Err(*why)),
        }
    }
}

/// Proof that a record is durable: its place, its hash and the checkpoint that covers it.
///
/// Only the ledger makes one.
#[derive(Clone, Debug)]
pub struct Receipt {
    pub(crate) log_id: LogId,
    pub(crate) record_hash: Hash,
    pub(crate) time_us: u64,
    pub(crate) place: Place,
    pub(crate) checkpoint: Arc<Checkpoint>,
}

impl Receipt {
    /// The receipt of the record that `row` speaks of.
    pub(crate) fn new(log_id: LogId, row: &Row, checkpoint: Arc<Checkpoint>) -> Self {
        let Row { record_hash, time_us, .. } = *row;
        Self { log_id, record_hash, time_us, place: row.place(), checkpoint }
    }

    /// The record's place in the log, from 0.
    pub fn sequence(&self) -> u64 {
        self.place.sequence
    }

    /// Where it stands, for [`Ledger::read`](crate::Ledger::read).
    pub fn place(&self) -> Place {
        self.place
    }

    /// When it was recorded: microseconds since 1970-01-01 UTC.
    pub fn time_us(&self) -> u64 {
        self.time_us
    }

    /// The record's hash.
    pub fn record_hash(&self) -> Hash {
        self.record_hash
    }

    /// The checkpoint that covers the record.
    pub fn checkpoint(&self) -> &Checkpoint {
        &self.checkpoint
    }

    /// Number of records under the checkpoint.
    pub fn tree_size(&self) -> u64 {
        self.checkpoint.head.size
    }

    /// Root of the tree of that size.
    pub fn root(&self) -> Hash {
        self.checkpoint.head.root
    }

    /// The receipt as one header-safe word of at most 231 bytes (`FORMAT.md` §9).
    pub fn reference(&self) -> String {
        let (log_id, _) = self.log_id.0.split_at(8);
        format!(
            "v1.{}.{}.{}.{}.{}.{}",
            URL_SAFE_NO_PAD.encode(log_id),
            self.sequence(),
            URL_SAFE_NO_PAD.encode(self.record_hash.0),
            self.tree_size(),
            URL_SAFE_NO_PAD.encode(self.root().0),
            URL_SAFE_NO_PAD.encode(self.checkpoint.signature),
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checkpoint::Head;
    use crate::storage::Segment;

    #[test]
    fn the_longest_reference_fits_a_header() {
        let head = Head { size: u64::MAX, root: Hash([0xff; 32]) };
        let receipt = Receipt {
            log_id: LogId([0xff; 32]),
            record_hash: Hash([0xff; 32]),
            time_us: 0,
            place: Place { segment: Segment(0), offset: 0, bytes: 0, sequence: u64::MAX },
            checkpoint: Arc::new(Checkpoint { head, signature: [0xff; 64] }),
        };
        let reference = receipt.reference();
        assert_eq!(reference.len(), 231);
        assert!(reference.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)));
    }
}
