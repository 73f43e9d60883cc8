//! One sink and how it is kept level: the newest checkpoint every few seconds, again and again
//! after a failure, and one log line for each turn of events rather than for each try.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use inferlayer_ledger::Ledger;
use prometheus::IntCounter;
use tokio::time::{sleep, timeout};

use crate::anchor::metrics::AnchorMetrics;
use crate::anchor::progress::Progress;
use crate::anchor::sink::{Note, SendError, Sink};
use crate::config::{AnchorName, AnchorSettings};

/// Keeps one sink level with the ledger.
pub(crate) struct Follower {
    name: AnchorName,
    sink: Box<dyn Sink>,
    every: Duration,
    timeout: Duration,
    /// How far behind it may be while new work is taken.
    tolerated_lag: Option<Duration>,
    progress: Mutex<Progress>,
    failures: IntCounter,
}

/// Waits after failures: doubled from one to the next.
const FIRST_PAUSE: Duration = Duration::from_secs(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

impl Follower {
    /// An error names the field and what is wrong with it.
    pub(crate) fn new(
        settings: &AnchorSettings,
        sink: Box<dyn Sink>,
        metrics: &AnchorMetrics,
    ) -> Result<Follower, (String, String)> {
        let tolerated_lag = settings.tolerated_lag();
        Ok(Follower {
            name: settings.name.clone(),
            sink,
            every: settings.every(),
            timeout: settings.timeout,
            tolerated_lag: tolerated_lag.map_err(|(field, problem)| (field.to_owned(), problem))?,
            progress: Mutex::new(Progress::new(Instant::now())),
            failures: metrics.failures(settings.name.as_str()),
        })
    }

    pub(crate) fn name(&self) -> &str {
        self.name.as_str()
    }

    /// Whether it can take checkpoints of an open ledger only.
    pub(crate) fn needs_proofs(&self) -> bool {
        self.sink.needs_proofs()
    }

    pub(crate) fn progress(&self) -> MutexGuard<'_, Progress> {
        self.progress.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether it has accepted the checkpoint of size `newest`.
    pub(crate) fn is_level(&self, newest: u64) -> bool {
        self.progress().accepted() == Some(newest)
    }

    /// Whether it is required and too far behind. Notes whether it is level, too.
    pub(crate) fn is_late(&self, newest: u64, now: Instant) -> bool {
        let mut progress = self.progress();
        progress.observe(newest, now);
        let lag = progress.standing(newest, now).lag;
        self.tolerated_lag.is_some_and(|tolerated| lag > tolerated)
    }

    /// Keeps the sink level until it is dropped, or the sink holds another history.
    pub(crate) async fn follow(&self, ledger: &Ledger) {
        let mut pause = FIRST_PAUSE;
        loop {
            let wait = match self.hand_over(ledger).await {
                Ok(()) => {
                    pause = FIRST_PAUSE;
                    self.every
                }
                Err(SendError::Conflict(_)) => return,
                Err(_) => {
                    let wait = pause;
                    pause = LONGEST_PAUSE.min(pause * 2);
                    wait
                }
            };
            sleep(wait).await;
        }
    }

    /// Hands the newest checkpoint over, unless the sink has it.
    pub(crate) async fn hand_over(&self, ledger: &Ledger) -> Result<(), SendError> {
        let taken = Instant::now();
        let note = Note::newest(ledger);
        if self.is_level(note.head.size) {
            return Ok(());
        }
        let sent = timeout(self.timeout, self.sink.send(&note)).await;
        let sent = sent.unwrap_or(Err(SendError::Late));
        match &sent {
            Ok(()) => self.accepted(note.head.size, taken),
            Err(error) => self.failed(error, ledger),
        }
        sent
    }

    fn accepted(&self, size: u64, taken: Instant) {
        let recovered = self.progress().accept(size, taken);
        if recovered {
            tracing::info!(anchor = self.name(), size, "the anchor takes checkpoints again");
        }
    }

    fn failed(&self, error: &SendError, ledger: &Ledger) {
        self.failures.inc();
        if let SendError::Conflict(_) = error {
            ledger.hold_back_for_good();
        }
        let worse = self.progress().fail(error);
        if worse {
            self.tell(error);
        }
    }

    fn tell(&self, error: &SendError) {
        let anchor = self.name();
        match error {
            SendError::Conflict(_) => {
                tracing::error!(anchor, %error, "rolled back or forked: no more work is taken");
            }
            SendError::Unknown(_) => {
                tracing::error!(anchor, %error, "the anchor refuses this log: see to its settings");
            }
            _ => tracing::warn!(anchor, %error, "the anchor does not take checkpoints"),
        }
    }
}
