//! How the gateway stops. SIGTERM or SIGINT closes the listeners and waits until nothing is being
//! served, at most the grace period; a second signal does not wait. Pingora's own way is a fixed
//! sleep, long when idle and too short for a stream.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use pingora_core::server::{ShutdownSignal, ShutdownSignalWatch};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::proxy::InFlight;

/// A stop under way, or to come.
pub(crate) struct Stop {
    in_flight: Arc<InFlight>,
    grace: Duration,
    stopping: watch::Sender<bool>,
}

/// Waits for the signals.
pub(crate) struct Signals(pub(crate) Arc<Stop>);

impl Stop {
    pub(crate) fn new(in_flight: Arc<InFlight>, grace_seconds: u64) -> Stop {
        let (stopping, _) = watch::channel(false);
        Stop { in_flight, grace: Duration::from_secs(grace_seconds), stopping }
    }

    /// Turns true when the stop begins.
    pub(crate) fn watch(&self) -> watch::Receiver<bool> {
        self.stopping.subscribe()
    }

    async fn drain(&self) {
        self.stopping.send_replace(true);
        tracing::info!(requests = self.in_flight.count(), "stopping: waiting for running requests");
        if tokio::time::timeout(self.grace, self.in_flight.drain()).await.is_err() {
            let requests = self.in_flight.count();
            tracing::warn!(requests, "the grace period is over: running requests are cut");
        }
    }
}

#[async_trait]
impl ShutdownSignalWatch for Signals {
    async fn recv(&self) -> ShutdownSignal {
        let (Ok(mut term), Ok(mut int)) =
            (signal(SignalKind::terminate()), signal(SignalKind::interrupt()))
        else {
            tracing::error!("cannot listen for signals; stopping");
            return ShutdownSignal::FastShutdown;
        };
        either(&mut term, &mut int).await;
        tokio::select! {
            () = self.0.drain() => {}
            () = either(&mut term, &mut int) => tracing::warn!("second signal: not waiting"),
        }
        ShutdownSignal::FastShutdown
    }
}

async fn either(term: &mut Signal, int: &mut Signal) {
    tokio::select! {
        _ = term.recv() => {}
        _ = int.recv() => {}
    }
}
