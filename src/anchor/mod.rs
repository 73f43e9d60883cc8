//! Checkpoints leave the machine. Whoever can write to the journal can shorten it to any earlier
//! commit, and the log alone still holds; so its newest checkpoint goes, again and again, to those
//! who keep it elsewhere: a file on another volume, a log collector, a server, a witness.
//!
//! ```text
//! ledger ─ newest checkpoint ─► one task a sink ─► file │ syslog │ http │ witness
//!    ▲                              └─ accepted, lag, failures ─► metrics
//!    └─ held back ◄── every second: is one that is required too far behind?
//! ```
//!
//! Only the newest checkpoint is ever handed over: it speaks for all before it. So nothing queues,
//! and a sink that was away for a day is level after one message.

mod file;
mod follow;
mod http;
mod metrics;
mod post;
mod progress;
mod rfc5424;
mod sink;
mod sinks;
mod syslog;
mod whole_file;
mod witness;

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use async_trait::async_trait;
use inferlayer_ledger::{Ledger, StoreError};
use pingora_core::server::ShutdownWatch;
use pingora_core::services::background::BackgroundService;
use prometheus::Registry;
use tokio::task::JoinSet;

use self::follow::Follower;
use self::metrics::AnchorMetrics;
use crate::config::{Config, ConfigError};
use crate::data_dir::DataDir;

/// All that keep the ledger's checkpoints. A cheap clone.
#[derive(Clone)]
pub(crate) struct Anchors {
    ledger: Ledger,
    followers: Arc<[Arc<Follower>]>,
    metrics: AnchorMetrics,
}

/// How often lags are looked at: the error that a lag may have.
const WATCH_EVERY: Duration = Duration::from_secs(1);
/// How long a stop waits for the last checkpoint to be handed over.
const LAST_WITHIN: Duration = Duration::from_secs(3);

impl Anchors {
    /// Builds what the configuration names; nothing is sent yet.
    pub(crate) fn new(
        config: &Config,
        base: &Path,
        data_dir: &DataDir,
        ledger: &Ledger,
        registry: &Registry,
    ) -> Result<Anchors, AnchorsError> {
        let metrics = AnchorMetrics::register(registry)?;
        let (mut followers, mut mistakes) = (Vec::new(), Vec::new());
        for (index, settings) in config.ledger.anchors.iter().enumerate() {
            let place = |field: &str| format!("ledger.anchors[{index}].{field}");
            let sink = sinks::build(settings, base, data_dir, ledger);
            let built = sink.and_then(|sink| Follower::new(settings, sink, &metrics));
            match built.map_err(|(field, problem)| config.error_at(&place(&field), problem)) {
                Ok(follower) => followers.push(Arc::new(follower)),
                Err(error) => mistakes.extend(error.mistakes),
            }
        }
        if !mistakes.is_empty() {
            return Err(ConfigError { file: config.source.clone(), mistakes }.into());
        }
        Ok(Anchors { ledger: ledger.clone(), followers: followers.into(), metrics })
    }

    /// Whether nobody keeps any.
    pub(crate) fn is_empty(&self) -> bool {
        self.followers.is_empty()
    }

    /// Sets the gauges to what is so now.
    pub(crate) fn export(&self) {
        let (newest, now) = (self.ledger.head().size, Instant::now());
        for follower in self.followers.iter() {
            self.metrics.export(follower.name(), &follower.progress().standing(newest, now));
        }
    }

    /// Closes the ledger and hands its last checkpoint over. Witnesses get the one before the close
    /// record: they ask for proofs, which a closed ledger does not give. Blocks, if sinks do not
    /// answer for a few seconds; not inside an async runtime.
    pub(crate) fn close_ledger(&self) -> Result<(), StoreError> {
        self.hand_over_last(|follower| follower.needs_proofs());
        let closed = self.ledger.close();
        self.hand_over_last(|follower| !follower.needs_proofs());
        closed
    }

    fn hand_over_last(&self, is_meant: impl Fn(&Follower) -> bool) {
        let newest = self.ledger.head().size;
        let lacks = |follower: &&Arc<Follower>| is_meant(follower) && !follower.is_level(newest);
        let lacking: Vec<_> = self.followers.iter().filter(lacks).map(Arc::clone).collect();
        if lacking.is_empty() {
            return;
        }
        let runtime = match tokio::runtime::Builder::new_current_thread().enable_all().build() {
            Ok(runtime) => runtime,
            Err(error) => return tracing::warn!(%error, "the last checkpoint is not handed over"),
        };
        runtime.block_on(async {
            let mut tasks = self.spawn(&lacking, |follower, ledger| async move {
                let _ = follower.hand_over(&ledger).await;
            });
            let all = async { while tasks.join_next().await.is_some() {} };
            let _ = tokio::time::timeout(LAST_WITHIN, all).await;
        });
        // A file system that hangs must not hang the stop.
        runtime.shutdown_background();
        for follower in lacking.iter().filter(|follower| !follower.is_level(newest)) {
            tracing::warn!(anchor = follower.name(), newest, "stops without the last checkpoint");
        }
    }

    fn spawn<F>(
        &self,
        followers: &[Arc<Follower>],
        task: impl Fn(Arc<Follower>, Ledger) -> F,
    ) -> JoinSet<()>
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let mut tasks = JoinSet::new();
        for follower in followers {
            tasks.spawn(task(Arc::clone(follower), self.ledger.clone()));
        }
        tasks
    }

    /// Notes who is level, and holds new work back while one that is required is too far behind.
    async fn watch(&self) {
        let mut held = false;
        loop {
            let (newest, now) = (self.ledger.head().size, Instant::now());
            let late = self.followers.iter().filter(|follower| follower.is_late(newest, now));
            let late: Vec<_> = late.map(|follower| follower.name()).collect();
            if held == late.is_empty() {
                held = !held;
                self.ledger.hold_back(held);
                match held {
                    true => {
                        tracing::error!(?late, "new work is refused: anchors are too far behind")
                    }
                    false => tracing::info!("the anchors have caught up: new work is taken again"),
                }
            }
            tokio::time::sleep(WATCH_EVERY).await;
        }
    }
}

#[async_trait]
impl BackgroundService for Anchors {
    /// Runs through a drain as well: what is recorded then is handed over then.
    async fn start(&self, mut shutdown: ShutdownWatch) {
        let tasks = self.spawn(&self.followers, |follower, ledger| async move {
            follower.follow(&ledger).await;
        });
        tokio::select! {
            () = self.watch() => {}
            _ = shutdown.changed() => {}
        }
        drop(tasks);
    }
}

/// Why the anchors cannot be built.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AnchorsError {
    #[error("{0}")]
    Config(#[from] ConfigError),
    #[error("metrics: {0}")]
    Metrics(#[from] prometheus::Error),
}
