//! From a configuration to a gateway that is ready to serve: sockets first, because a port in use
//! must not touch the ledger; then secrets, ledger, accounts; then the filters, which may use them.

use std::sync::Arc;

use crate::anchor::{Anchors, AnchorsError};
use crate::config::{Config, ConfigError, ProviderSettings, Source};
use crate::data_dir::DataDir;
use crate::front::{BindError, Listener};
use crate::generation::{Current, Means, Prepared, RecordError, Reloader, record};
use crate::net::BaseUrl;
use crate::state::{BooksError, Insist, State, open_books};
use crate::upstream::HealthBook;

/// A gateway that is ready to serve.
pub(crate) struct Built {
    pub(crate) state: Arc<State>,
    pub(crate) current: Arc<Current>,
    pub(crate) reloader: Arc<Reloader>,
    pub(crate) listeners: Listeners,
    pub(crate) anchors: Anchors,
    /// Of the simulated provider, when one is configured.
    pub(crate) simulated: Option<Listener>,
    pub(crate) data_dir: DataDir,
}

/// The bound sockets.
pub(crate) struct Listeners {
    pub(crate) http: Listener,
    pub(crate) metrics: Option<Listener>,
    pub(crate) admin: Listener,
}

/// Why the gateway does not start, or did not stop cleanly.
#[derive(Debug, thiserror::Error)]
pub(crate) enum StartError {
    #[error("{0}")]
    Config(#[from] ConfigError),
    #[error("{0}")]
    Bind(#[from] BindError),
    #[error("{cause}; that is {key} of the configuration: {way_out}")]
    Listen { cause: BindError, key: &'static str, way_out: &'static str },
    #[error("{0}")]
    Books(BooksError),
    #[error("{0}")]
    Record(#[from] RecordError),
    #[error("ledger: {0}")]
    Close(inferlayer_ledger::StoreError),
    #[error("metrics: {0}")]
    Metrics(#[from] prometheus::Error),
    #[error("{0}")]
    Internal(String),
}

impl From<AnchorsError> for StartError {
    fn from(error: AnchorsError) -> StartError {
        match error {
            AnchorsError::Config(error) => StartError::Config(error),
            AnchorsError::Metrics(error) => StartError::Metrics(error),
        }
    }
}

impl From<BooksError> for StartError {
    fn from(error: BooksError) -> StartError {
        match error {
            BooksError::Config(error) => StartError::Config(error),
            error => StartError::Books(error),
        }
    }
}

/// Builds everything; nothing serves yet.
pub(crate) fn build(config: Config, source: Source, insist: Insist) -> Result<Built, StartError> {
    let base = source.base();
    let data_dir = DataDir::at(&config.data_dir);
    let http = Listener::tcp(config.listen.http).map_err(|cause| StartError::Listen {
        cause,
        key: "listen.http",
        way_out: "name another there, or by --listen 127.0.0.1:8081",
    })?;
    let metrics = config.listen.metrics.map(Listener::tcp).transpose();
    let metrics = metrics.map_err(|cause| StartError::Listen {
        cause,
        key: "listen.metrics",
        way_out: "name another there, or by --metrics 127.0.0.1:9465; --metrics none turns it off",
    })?;
    // Secrets are read before the ledger is opened: a start that fails for one writes nothing.
    let (simulated, simulated_url) = simulated(&config)?;
    let health = HealthBook::default();
    let simulated_url = simulated_url.as_ref();
    let means = Means { base, simulated: simulated_url, health: &health, before: None };
    let prepared = Prepared::new(config, &means)?;
    let books = open_books(&prepared.config, &data_dir, base, insist)?;
    let admin = Listener::unix(&data_dir.admin_socket())?;
    let prices = &prepared.config.outline.prices;
    let knows_prices = books.price_book.as_deref() == Some(&**prices.canonical());
    record(&books.ledger, &prepared.config, None, knows_prices)?;

    let state = State::new(books, health)?;
    let generation = prepared.build(&state, state.books.accounts.tenants())?;
    let registry = state.metrics.registry();
    let anchors = Anchors::new(&generation.config, base, &data_dir, &state.books.ledger, registry)?;
    let current = Arc::new(Current::new(generation, &state));
    let state = Arc::new(state);
    let reloader = Reloader::new(source, simulated_url.cloned(), &state, &current)?;
    let reloader = Arc::new(reloader);
    let listeners = Listeners { http, metrics, admin };
    Ok(Built { state, current, reloader, listeners, anchors, simulated, data_dir })
}

fn simulated(config: &Config) -> Result<(Option<Listener>, Option<BaseUrl>), StartError> {
    if !config.providers.iter().any(ProviderSettings::is_simulated) {
        return Ok((None, None));
    }
    tracing::warn!("a simulated provider is configured: its answers are made up");
    let listener = Listener::tcp(([127, 0, 0, 1], 0).into())?;
    let address = listener.address().map(|a| a.to_string()).unwrap_or_default();
    let url = format!("http://{address}/v1").parse();
    let url = url.map_err(|error| StartError::Internal(format!("simulated provider: {error}")))?;
    Ok((Some(listener), Some(url)))
}
