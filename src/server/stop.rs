//! How the gateway stops. SIGTERM or SIGINT closes the listeners and waits until nothing is being
//! served, at most the grace period; a second signal does not wait. Pingora's own way is a fixed
//! sleep, long when idle and too short for a stream.

use std::io;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use async_trait::async_trait;
use pingora_core::server::{ShutdownSignal, ShutdownSignalWatch};
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;

use crate::in_flight::InFlight;

/// How many times the process was asked to stop. Listened to from the first line on, so that a
/// signal during a long start is not lost and does not kill.
#[derive(Clone)]
pub(crate) struct Signals(watch::Receiver<u32>);

/// Asks for a stop in the place of a signal.
pub(crate) struct StopHandle(watch::Sender<u32>);

/// A stop under way, or to come.
pub(crate) struct Stop {
    signals: Signals,
    in_flight: Arc<InFlight>,
    grace: Duration,
    stopping: watch::Sender<bool>,
}

/// Tells Pingora's server when it is over.
pub(crate) struct WhenStopped(pub(crate) Arc<Stop>);

impl Signals {
    /// Listens from now on, on a thread of its own.
    pub(crate) fn listen() -> io::Result<Signals> {
        let (sender, receiver) = watch::channel(0);
        let (ready, listening) = mpsc::channel();
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            // A failure is told to the one who waits below.
            let _ = ready.send(count_signals(&sender, &ready));
        })?;
        listening.recv().map_err(io::Error::other)??;
        Ok(Signals(receiver))
    }

    /// Listens to nobody but the handle.
    pub(crate) fn by_hand() -> (Signals, StopHandle) {
        let (sender, receiver) = watch::channel(0);
        (Signals(receiver), StopHandle(sender))
    }

    async fn at_least(&mut self, count: u32) {
        // The counting thread ends with the process only, a handle after the gateway.
        let _ = self.0.wait_for(|seen| *seen >= count).await;
    }
}

impl StopHandle {
    /// Asks once more: the second time nothing is waited for. Kept until the gateway has stopped.
    pub(crate) fn stop(&self) {
        self.0.send_modify(|count| *count += 1);
    }
}

fn count_signals(
    count: &watch::Sender<u32>,
    ready: &mpsc::Sender<io::Result<()>>,
) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let mut term = signal(SignalKind::terminate())?;
        let mut int = signal(SignalKind::interrupt())?;
        let _ = ready.send(Ok(()));
        loop {
            tokio::select! {
                _ = term.recv() => {}
                _ = int.recv() => {}
            }
            count.send_modify(|count| *count += 1);
        }
    })
}

impl Stop {
    pub(crate) fn new(signals: Signals, in_flight: Arc<InFlight>, grace_seconds: u64) -> Stop {
        let (stopping, _) = watch::channel(false);
        Stop { signals, in_flight, grace: Duration::from_secs(grace_seconds), stopping }
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
impl ShutdownSignalWatch for WhenStopped {
    async fn recv(&self) -> ShutdownSignal {
        let (mut first, mut second) = (self.0.signals.clone(), self.0.signals.clone());
        first.at_least(1).await;
        tokio::select! {
            () = self.0.drain() => {}
            () = second.at_least(2) => tracing::warn!("second signal: not waiting"),
        }
        ShutdownSignal::FastShutdown
    }
}
