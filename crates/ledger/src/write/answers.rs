//! The answers of one commit, given together. Each answer wakes a task; given one by one from the
//! appender's thread, each would also wake the runtime, which then takes the processor from the
//! appender, answers one caller and sleeps again. So they are handed to the callers' runtime whole,
//! with one wake.

use tokio::runtime::Handle;

use crate::receipt::Receipt;
use crate::write::pending::Reply;

/// Answers to be given. Dropping them gives them: a runtime that shuts down drops its tasks.
#[derive(Default)]
pub(crate) struct Answers {
    runtime: Option<Handle>,
    answers: Vec<(Reply, Receipt)>,
}

impl Answers {
    pub(crate) fn push(&mut self, mut reply: Reply, receipt: Receipt) {
        self.runtime = self.runtime.take().or(reply.runtime.take());
        // Free before the caller hears of it.
        reply.held = None;
        self.answers.push((reply, receipt));
    }

    /// Gives them, in a runtime of one of the callers if there is one.
    pub(crate) fn give(mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.spawn(async move { drop(self) });
        }
    }
}

impl Drop for Answers {
    fn drop(&mut self) {
        for (reply, receipt) in self.answers.drain(..) {
            // A caller that went away does not want to know.
            let _ = reply.sender.send(Ok(receipt));
        }
    }
}
