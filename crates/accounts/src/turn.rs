//! Turns for what keeps a processor busy, such as parsing many megabytes. There are about as many
//! as processors, and a tenant has at most half of them, waiting ones included: however much one
//! asks for, another waits for no more than what is running and one of each tenant.

use std::sync::Arc;

use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// The turns of all tenants.
#[derive(Clone)]
pub(crate) struct Turns {
    all: Arc<Semaphore>,
    of_one: usize,
}

/// One tenant's part of them.
pub(crate) struct TurnQueue {
    all: Arc<Semaphore>,
    own: Arc<Semaphore>,
}

/// A turn, until it is dropped.
#[derive(Debug)]
#[must_use = "a dropped turn is the next one's"]
pub struct Turn {
    _own: OwnedSemaphorePermit,
    _all: OwnedSemaphorePermit,
}

/// Two tenants find one each even on one processor; the system divides it between them.
const LEAST: usize = 2;

impl Turns {
    pub(crate) fn new(processors: usize) -> Turns {
        let count = processors.clamp(LEAST, Semaphore::MAX_PERMITS);
        Turns { all: Arc::new(Semaphore::new(count)), of_one: count / 2 }
    }

    pub(crate) fn queue(&self) -> TurnQueue {
        TurnQueue { all: Arc::clone(&self.all), own: Arc::new(Semaphore::new(self.of_one)) }
    }
}

impl TurnQueue {
    /// Waits for a turn: first among the tenant's own, then among one of each tenant. Nothing
    /// when there are none any more, which does not happen.
    pub(crate) async fn turn(&self) -> Option<Turn> {
        let own = Arc::clone(&self.own).acquire_owned().await.ok()?;
        let all = Arc::clone(&self.all).acquire_owned().await.ok()?;
        Some(Turn { _own: own, _all: all })
    }
}

#[cfg(test)]
mod tests {
    use std::future::Future;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};

    use super::*;

    /// A turn, if there is one now.
    fn now(queue: &TurnQueue) -> Option<Turn> {
        match pin!(queue.turn()).poll(&mut Context::from_waker(Waker::noop())) {
            Poll::Ready(turn) => turn,
            Poll::Pending => None,
        }
    }

    #[test]
    fn a_tenant_that_has_its_turns_does_not_make_another_wait() {
        for (processors, each) in [(1, 1), (2, 1), (8, 4)] {
            let turns = Turns::new(processors);
            let [greedy, other] = [turns.queue(), turns.queue()];
            let held: Vec<_> = std::iter::from_fn(|| now(&greedy)).collect();
            assert_eq!(held.len(), each);
            let others = now(&other);
            assert!(others.is_some(), "{processors}");
            drop(held);
            assert!(now(&greedy).is_some());
        }
    }
}
