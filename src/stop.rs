//! How the gateway stops. SIGTERM, SIGINT or SIGQUIT says so on `/readyz`, closes the listener and
//! waits until nothing is being served, at most the grace period; then, or at a second signal, what
//! still runs is ended and told so. Pingora's own way is a fixed sleep, long when idle and too
//! short for a stream. SIGHUP reloads the configuration; SIGUSR1 and SIGUSR2 are logged and mean
//! nothing.

use std::io;
use std::sync::Arc;
use std::sync::mpsc;
use std::time::Duration;

use async_trait::async_trait;
use pingora_core::server::{ShutdownSignal, ShutdownSignalWatch};
use tokio::signal::unix::{Signal, SignalKind, signal};
use tokio::sync::watch;

use crate::generation::Current;
use crate::in_flight::InFlight;

/// How many times the process was asked to stop, and to reload. Listened to from the first line
/// on, so that a signal during a long start is not lost and does not kill.
#[derive(Clone)]
pub(crate) struct Signals {
    stops: watch::Receiver<u32>,
    reloads: watch::Receiver<u32>,
}

/// Asks for a stop in the place of a signal.
pub(crate) struct StopHandle(Senders);

/// The other ends of [`Signals`].
#[derive(Default)]
struct Senders {
    stops: watch::Sender<u32>,
    reloads: watch::Sender<u32>,
}

/// A stop under way, or to come.
pub(crate) struct Stop {
    signals: Signals,
    in_flight: Arc<InFlight>,
    current: Arc<Current>,
    closing: watch::Sender<bool>,
    over: watch::Sender<bool>,
}

/// Tells Pingora's server when it is over.
pub(crate) struct WhenStopped(pub(crate) Arc<Stop>);

/// How long requests that are ended may take to settle, record and say so.
const CUT_WITHIN: Duration = Duration::from_secs(5);

impl Signals {
    /// Listens from now on, on a thread of its own.
    pub(crate) fn listen() -> io::Result<Signals> {
        let senders = Senders::default();
        let signals = senders.signals();
        let (ready, listening) = mpsc::channel();
        std::thread::Builder::new().name("signals".to_owned()).spawn(move || {
            // A failure is told to the one who waits below.
            let _ = ready.send(count_signals(&senders, &ready));
        })?;
        listening.recv().map_err(io::Error::other)??;
        Ok(signals)
    }

    /// Listens to nobody but the handle.
    pub(crate) fn by_hand() -> (Signals, StopHandle) {
        let senders = Senders::default();
        (senders.signals(), StopHandle(senders))
    }

    /// Ends when a reload was asked for since it ended last.
    pub(crate) async fn reload(&mut self) {
        // The counting thread ends with the process only, a handle after the gateway.
        if self.reloads.changed().await.is_err() {
            std::future::pending().await
        }
    }

    async fn at_least(&mut self, count: u32) {
        // The counting thread ends with the process only, a handle after the gateway.
        let _ = self.stops.wait_for(|seen| *seen >= count).await;
    }
}

impl StopHandle {
    /// Asks once more: the second time nothing is waited for. Kept until the gateway has stopped.
    pub(crate) fn stop(&self) {
        self.0.stops.send_modify(|count| *count += 1);
    }
}

impl Senders {
    fn signals(&self) -> Signals {
        Signals { stops: self.stops.subscribe(), reloads: self.reloads.subscribe() }
    }
}

fn count_signals(senders: &Senders, ready: &mpsc::Sender<io::Result<()>>) -> io::Result<()> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_io().build()?;
    runtime.block_on(async {
        let mut term = signal(SignalKind::terminate())?;
        let mut int = signal(SignalKind::interrupt())?;
        let mut quit = signal(SignalKind::quit())?;
        let mut hup = signal(SignalKind::hangup())?;
        let mut others = Others::listen()?;
        let _ = ready.send(Ok(()));
        loop {
            tokio::select! {
                _ = term.recv() => {}
                _ = int.recv() => {}
                _ = quit.recv() => {}
                _ = hup.recv() => {
                    senders.reloads.send_modify(|count| *count += 1);
                    continue;
                }
                () = others.tell() => continue,
            }
            senders.stops.send_modify(|count| *count += 1);
        }
    })
}

/// Signals that end a process which does not listen to them, and mean nothing here.
struct Others {
    usr1: Signal,
    usr2: Signal,
}

impl Others {
    fn listen() -> io::Result<Others> {
        let (one, two) = (SignalKind::user_defined1(), SignalKind::user_defined2());
        Ok(Others { usr1: signal(one)?, usr2: signal(two)? })
    }

    async fn tell(&mut self) {
        tokio::select! {
            _ = self.usr1.recv() => tracing::warn!("SIGUSR1 means nothing here: nothing changes"),
            _ = self.usr2.recv() => tracing::warn!("SIGUSR2 means nothing here: nothing changes"),
        }
    }
}

impl Stop {
    pub(crate) fn new(signals: Signals, in_flight: Arc<InFlight>, current: Arc<Current>) -> Stop {
        Stop {
            signals,
            in_flight,
            current,
            closing: watch::Sender::new(false),
            over: watch::Sender::new(false),
        }
    }

    /// Turns true when no further client is served.
    pub(crate) fn closing(&self) -> watch::Receiver<bool> {
        self.closing.subscribe()
    }

    /// Turns true when the last one was served: metrics and the admin socket answer until then.
    pub(crate) fn over(&self) -> watch::Receiver<bool> {
        self.over.subscribe()
    }

    async fn drain(&self) {
        self.in_flight.stop();
        let generation = self.current.take();
        let listen = &generation.config.listen;
        let [lame_duck, grace] =
            [listen.lame_duck_seconds, listen.grace_seconds].map(Duration::from_secs);
        if !lame_duck.is_zero() {
            let seconds = lame_duck.as_secs();
            tracing::info!(seconds, "stopping: not ready any more, and still serving");
            tokio::time::sleep(lame_duck).await;
        }
        self.closing.send_replace(true);
        tracing::info!(requests = self.in_flight.count(), "stopping: waiting for running requests");
        if tokio::time::timeout(grace, self.in_flight.drain()).await.is_err() {
            tracing::warn!("the grace period is over");
        }
    }

    /// Ends what is still being served: streams by an error event, the rest by a 503.
    async fn cut(&self) {
        self.closing.send_replace(true);
        let requests = self.in_flight.count();
        if requests > 0 {
            tracing::warn!(requests, "running requests are ended");
        }
        self.in_flight.cut();
        if tokio::time::timeout(CUT_WITHIN, self.in_flight.drain()).await.is_err() {
            let requests = self.in_flight.count();
            tracing::warn!(requests, "some clients take no answer: their connections are closed");
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
        self.0.cut().await;
        self.0.over.send_replace(true);
        ShutdownSignal::FastShutdown
    }
}
