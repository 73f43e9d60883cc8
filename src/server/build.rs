//! From a configuration to a gateway that is ready to serve: sockets first, because a port in use
//! must not touch the ledger; then secrets, ledger, accounts; then the filters, which may use them.

use std::path::Path;
use std::sync::Arc;

use inferlayer_ledger::{Content, Entry, Kind};
use inferlayer_records::record;

use crate::anchor::{Anchors, AnchorsError};
use crate::config::{Config, ConfigError, ProviderSettings};
use crate::data_dir::DataDir;
use crate::front::{BindError, Listener};
use crate::generation::{Current, Prepared};
use crate::net::BaseUrl;
use crate::state::{Books, BooksError, Insist, State, open_books};
use crate::upstream::HealthBook;

/// A gateway that is ready to serve.
pub(crate) struct Built {
    pub(crate) state: Arc<State>,
    pub(crate) current: Arc<Current>,
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
    #[error("ledger: {0}")]
    Unavailable(#[from] inferlayer_ledger::Unavailable),
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
pub(crate) fn build(config: Config, base: &Path, insist: Insist) -> Result<Built, StartError> {
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
    let prepared = Prepared::new(config, base, simulated_url.as_ref(), &health)?;
    let books = open_books(&prepared.config, &data_dir, base, insist)?;
    let admin = Listener::unix(&data_dir.admin_socket())?;
    record_config(&prepared.config, &books)?;

    let state = State::new(books, health)?;
    let generation = prepared.build(&state)?;
    let registry = state.metrics.registry();
    let anchors = Anchors::new(&generation.config, base, &data_dir, &state.books.ledger, registry)?;
    let (state, current) = (Arc::new(state), Arc::new(Current::new(generation)));
    let listeners = Listeners { http, metrics, admin };
    Ok(Built { state, current, listeners, anchors, simulated, data_dir })
}

/// With the price book, unless the log has it as its newest already.
fn record_config(config: &Config, books: &Books) -> Result<(), StartError> {
    let price_book = &**config.outline.prices.canonical();
    let is_known = books.price_book.as_deref() == Some(price_book);
    let loaded = record::ConfigLoaded {
        source: config.source.as_str().into(),
        config_sha256: config.sha256.as_str().into(),
        prices_sha256: config.outline.prices.digest().into(),
        price_book: (!is_known).then(|| price_book.into()),
    };
    let metadata =
        serde_json::to_vec(&loaded).map_err(|error| StartError::Internal(error.to_string()))?;
    let entry =
        Entry { kind: Kind::Config, request: None, tenant: None, metadata, content: Content::None };
    books.ledger.append(entry)?.wait_blocking()?;
    Ok(())
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
