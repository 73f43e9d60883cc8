//! Taking over another configuration while requests run: all of it or nothing. Whatever is wrong
//! with it, the last good one serves on; that is told once, and a metric tells it until it is
//! mended.

use std::path::PathBuf;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use inferlayer_filter::contract::Level;
use inferlayer_ledger::KeyError;
use serde::{Deserialize, Serialize};

use crate::config::{Change, Config, ConfigError, Source};
use crate::generation::build::{Means, Prepared};
use crate::generation::look::Look;
use crate::generation::metrics::ReloadMetrics;
use crate::generation::record::{RecordError, record};
use crate::generation::{Current, fixed};
use crate::net::BaseUrl;
use crate::state::State;

/// Takes configurations over, one at a time.
pub(crate) struct Reloader {
    source: Source,
    /// Where the simulated provider listens, if it runs.
    simulated: Option<BaseUrl>,
    state: Arc<State>,
    current: Arc<Current>,
    metrics: ReloadMetrics,
    /// The files as they were when they were read last.
    read: Mutex<Look>,
}

/// What came of a reload, for whoever asked for it.
#[derive(Debug, Serialize, Deserialize)]
#[serde(tag = "result", rename_all = "snake_case")]
pub(crate) enum Reloaded {
    /// The configuration that is there serves now.
    TakenOver {
        config_sha256: String,
        /// Each as a path and what has changed there.
        changes: Vec<String>,
    },
    /// It was the one that serves already.
    Unchanged,
    /// It cannot be taken over, and the one before serves on.
    Refused { mistakes: Vec<String> },
    /// It could be, and the ledger or the data folder did not let it.
    Failed { error: String },
}

/// Why a configuration was not taken over.
#[derive(Debug, thiserror::Error)]
enum ReloadError {
    #[error("{0}")]
    Config(#[from] ConfigError),
    #[error("the key of a tenant: {0}")]
    Key(#[from] KeyError),
    #[error("{0}")]
    Record(#[from] RecordError),
}

/// How often files are looked at. A change is taken over when it has stood still for as long.
const LOOK_EVERY: Duration = Duration::from_secs(1);
const NOT_TAKEN: &str = "the configuration is not taken over; the last one serves on";
/// More lines of one reload are not logged.
const CHANGES_TOLD: usize = 100;

impl Reloader {
    pub(crate) fn new(
        source: Source,
        simulated: Option<BaseUrl>,
        state: &Arc<State>,
        current: &Arc<Current>,
    ) -> prometheus::Result<Reloader> {
        let metrics = ReloadMetrics::register(state.metrics.registry())?;
        let (state, current) = (Arc::clone(state), Arc::clone(current));
        let files = files(&source, &current.take().config);
        let read = Mutex::new(Look::at(files));
        Ok(Reloader { source, simulated, state, current, metrics, read })
    }

    /// Reads the configuration and takes it over, if it can be.
    pub(crate) async fn reload(self: &Arc<Reloader>) -> Reloaded {
        let this = Arc::clone(self);
        let reloaded = tokio::task::spawn_blocking(move || this.reload_blocking()).await;
        reloaded.unwrap_or_else(|error| {
            self.metrics.failed();
            tracing::error!(%error, "{NOT_TAKEN}");
            Reloaded::Failed { error: error.to_string() }
        })
    }

    fn reload_blocking(&self) -> Reloaded {
        let mut read = self.lock();
        *read = read.again();
        let taken = self.take_over(&mut read);
        self.tell(&taken);
        match taken {
            Ok(Some(changes)) => Reloaded::TakenOver {
                config_sha256: self.current.take().config.sha256.clone(),
                changes: changes.iter().map(Change::to_string).collect(),
            },
            Ok(None) => Reloaded::Unchanged,
            Err(ReloadError::Config(error)) => {
                let mistakes = error.mistakes.iter().map(ToString::to_string).collect();
                Reloaded::Refused { mistakes }
            }
            Err(error) => Reloaded::Failed { error: error.to_string() },
        }
    }

    /// Ends when a file has changed, and stood still since, while the configuration wants that to
    /// be seen.
    pub(crate) async fn changed(&self) {
        let mut last = Look::default();
        loop {
            tokio::time::sleep(LOOK_EVERY).await;
            if !self.current.take().config.reload.watch {
                continue;
            }
            let read = self.lock().clone();
            let now = read.again();
            if now != read && now == last {
                return;
            }
            last = now;
        }
    }

    /// The changes; nothing when there are none.
    fn take_over(&self, read: &mut Look) -> Result<Option<Vec<Change>>, ReloadError> {
        let (state, before) = (&*self.state, self.current.take());
        let config = self.source.config()?;
        // Those of a configuration that fails are watched as well: they may be what has to change.
        let all = [files(&self.source, &config), files(&self.source, &before.config)].concat();
        *read = read.extended(all);
        fixed::check(&before.config, &config)?;
        let means = Means {
            base: self.source.base(),
            simulated: self.simulated.as_ref(),
            health: &state.health,
            before: Some(&before),
        };
        let prepared = Prepared::new(config, &means)?;
        let changes = prepared.changes(&before);
        if changes.is_empty() && prepared.config.sha256 == before.config.sha256 {
            return Ok(None);
        }
        // No key of a tenant is destroyed between its reading and its use.
        let _change = state.books.accounts.change();
        let tenants = state.books.accounts.prepare(state.books.tenants_of(&prepared.config)?);
        let next = prepared.build(state, tenants)?;
        let old = &before.config;
        let knows_prices = old.outline.prices.digest() == next.config.outline.prices.digest();
        record(&state.books.ledger, &next.config, Some(&old.sha256), knows_prices)?;
        self.current.replace(next, state);
        Ok(Some(changes))
    }

    fn tell(&self, taken: &Result<Option<Vec<Change>>, ReloadError>) {
        match taken {
            Ok(Some(changes)) => {
                self.metrics.succeeded();
                let current = self.current.take();
                let warned = current.config.warnings.iter();
                for warning in warned.filter(|warning| warning.level == Level::Warning) {
                    tracing::warn!("{warning}");
                }
                for change in changes.iter().take(CHANGES_TOLD) {
                    tracing::info!("configuration: {change}");
                }
                let (changes, sha256) = (changes.len(), &current.config.sha256);
                tracing::info!(changes, %sha256, "another configuration serves");
            }
            Ok(None) => {
                self.metrics.unchanged();
                tracing::info!("the configuration has not changed");
            }
            Err(error) => {
                self.metrics.failed();
                let error = error.to_string().replace('\n', "; ");
                tracing::error!(%error, "{NOT_TAKEN}");
            }
        }
    }

    // A look is replaced as a whole, so a poisoned lock is still true.
    fn lock(&self) -> MutexGuard<'_, Look> {
        self.read.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The configuration's own file, and those that it names.
fn files(source: &Source, config: &Config) -> Vec<PathBuf> {
    source.file.iter().cloned().chain(config.files(source.base())).collect()
}
