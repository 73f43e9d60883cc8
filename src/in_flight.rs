//! How many requests are being served, and the way to wait until none is: a stop that waits for
//! running streams and not a second longer, and then ends those that still run.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

use tokio::sync::{Notify, watch};

/// Counts requests between head and last byte. Sequentially consistent: the last request to leave
/// and the stop that waits for it must not both miss the other.
#[derive(Default)]
pub(crate) struct InFlight {
    count: AtomicUsize,
    stopping: AtomicBool,
    idle: Notify,
    cut: watch::Sender<bool>,
}

/// One request being served.
pub(crate) struct Entered(Arc<InFlight>);

impl InFlight {
    /// Counts a request until the guard is dropped.
    pub(crate) fn enter(self: &Arc<InFlight>) -> Entered {
        self.count.fetch_add(1, Ordering::SeqCst);
        Entered(Arc::clone(self))
    }

    /// Requests being served now.
    pub(crate) fn count(&self) -> usize {
        self.count.load(Ordering::SeqCst)
    }

    /// Whether the gateway is on its way out.
    pub(crate) fn is_stopping(&self) -> bool {
        self.stopping.load(Ordering::SeqCst)
    }

    /// Says that the gateway is on its way out.
    pub(crate) fn stop(&self) {
        self.stopping.store(true, Ordering::SeqCst);
    }

    /// Waits until nothing is being served.
    pub(crate) async fn drain(&self) {
        self.stop();
        loop {
            let idle = self.idle.notified();
            if self.count() == 0 {
                return;
            }
            idle.await;
        }
    }

    /// Ends what is still being served.
    pub(crate) fn cut(&self) {
        self.cut.send_replace(true);
    }

    /// Ends when what is being served is to end.
    pub(crate) async fn until_cut(&self) {
        let mut cut = self.cut.subscribe();
        // Whoever counts requests keeps the sender.
        let _ = cut.wait_for(|cut| *cut).await;
    }
}

impl Drop for Entered {
    fn drop(&mut self) {
        if self.0.count.fetch_sub(1, Ordering::SeqCst) == 1 && self.0.is_stopping() {
            self.0.idle.notify_one();
        }
    }
}
