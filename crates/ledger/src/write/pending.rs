//! What a caller holds while its record is written.

use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use tokio::runtime::Handle;
use tokio::sync::oneshot;

use crate::receipt::Receipt;
use crate::write::error::Unavailable;
use crate::write::gate::Held;

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
    /// What the entry holds of the queue, until it leaves; nothing for the ledger's own.
    pub(crate) held: Option<Held>,
}

impl Reply {
    /// Answers that the entry is not recorded; what it held of the queue is free before.
    pub(crate) fn refuse(self, why: Unavailable) {
        drop(self.held);
        let _ = self.sender.send(Err(why));
    }
}

impl Pending {
    pub(crate) fn new(held: Option<Held>) -> (Reply, Self) {
        let (sender, waiting) = oneshot::channel();
        let runtime = Handle::try_current().ok();
        (Reply { sender, runtime, held }, Self(State::Waiting(waiting)))
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
