//! From a configuration to a gateway that is ready to serve: sockets first, because a port in use
//! must not touch the ledger; then keys, ledger, accounts; then the filters, which may use them.

use std::path::Path;
use std::sync::{Arc, Mutex};

use inferlayer_filter::{Filter, Provider, Site};
use inferlayer_ledger::{Content, Damage, Entry, KeyError, Kind, OpenError};
use inferlayer_records::record;

use crate::anchor::{self, Anchors, AnchorsError};
use crate::config::{Config, ConfigError, Configured, ProviderSettings};
use crate::front::{BindError, Listener};
use crate::metrics::Metrics;
use crate::proxy::{Gateway, Pipeline};
use crate::server::books::{Books, Insist, open_books};
use crate::server::{CutShort, DataDir};
use crate::upstream::{BaseUrl, Upstream, Upstreams};

/// A gateway that is ready to serve.
pub(crate) struct Built {
    pub(crate) gateway: Gateway,
    pub(crate) config: Config,
    pub(crate) listeners: Listeners,
    pub(crate) books: Books,
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
    #[error("data folder {folder}: {cause}")]
    DataDir { folder: String, cause: std::io::Error },
    #[error("{0}")]
    Key(#[from] KeyError),
    #[error(
        "the log in the data folder cannot go on without the key that signs it: bring {0} back"
    )]
    NoSigningKey(std::path::PathBuf),
    #[error("{0}")]
    ReadBack(#[from] anchor::ReadBackError),
    #[error("{0}")]
    CutShort(#[from] CutShort),
    #[error("ledger: {0}{hint}", hint = what_to_do(.0))]
    Ledger(#[from] OpenError),
    #[error("ledger: {0}")]
    Unavailable(#[from] inferlayer_ledger::Unavailable),
    #[error("ledger: {0}")]
    Close(inferlayer_ledger::StoreError),
    #[error("{0}")]
    NoRandomness(#[from] inferlayer_accounts::key::NoRandomness),
    #[error("metrics: {0}")]
    Metrics(#[from] prometheus::Error),
    #[error("{0}")]
    Internal(String),
}

/// The next step of an operator whose ledger does not open.
fn what_to_do(error: &OpenError) -> &'static str {
    match error {
        OpenError::NoJournal { .. } => {
            ". Is its volume mounted? Bring the journal back, or restore a backup with `inferlayer \
             ledger restore`; `inferlayer serve --new-log` begins without it"
        }
        OpenError::OtherHistory { .. } => {
            ". Bring the right journal back. To go on with this one, move the folder `journal` \
             away and restore from there with `inferlayer ledger restore --from`: a record then \
             says what is lost"
        }
        OpenError::SameIdentity => ": give another `ledger.signing_key` or `ledger.origin`",
        OpenError::Corrupt(fault) if !matches!(fault.what, Damage::Empty) => {
            ". Bring the journal's files back from a backup. What is wrong before its last two \
             files can be accepted with `inferlayer serve --accept-damage`"
        }
        _ => "",
    }
}

impl From<AnchorsError> for StartError {
    fn from(error: AnchorsError) -> StartError {
        match error {
            AnchorsError::Config(error) => StartError::Config(error),
            AnchorsError::Metrics(error) => StartError::Metrics(error),
        }
    }
}

/// Builds everything; nothing serves yet.
pub(crate) fn build(mut config: Config, base: &Path, insist: Insist) -> Result<Built, StartError> {
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
    let upstreams = upstreams(&config, simulated_url.as_ref(), base)?;
    let mut books = open_books(&config, &data_dir, base, insist)?;
    let admin = Listener::unix(&data_dir.admin_socket())?;
    record_config(&config, &books)?;

    let site = Site {
        providers: config.outline.providers.clone(),
        offers: config.outline.offers.clone(),
        config_sha256: config.sha256.clone(),
        accounts: Arc::clone(&books.accounts),
        prices: Arc::clone(&config.outline.prices),
        ledger: books.ledger.clone(),
        remembered: Mutex::new(std::mem::take(&mut books.remembered)),
    };
    let pipeline = Pipeline::new(filters(&mut config, &site)?);
    let metrics_set = Metrics::new()?;
    let anchors = Anchors::new(&config, base, &data_dir, &books.ledger, metrics_set.registry())?;

    let gateway = Gateway {
        pipeline: Arc::new(pipeline),
        upstreams,
        limits: config.limits.clone(),
        metrics: Arc::new(metrics_set),
        in_flight: Arc::default(),
        ledger: books.ledger.clone(),
    };
    let listeners = Listeners { http, metrics, admin };
    Ok(Built { gateway, config, listeners, books, anchors, simulated, data_dir })
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

fn upstreams(
    config: &Config,
    simulated: Option<&BaseUrl>,
    base: &Path,
) -> Result<Upstreams, ConfigError> {
    let upstream = |(provider, settings): (&Arc<Provider>, &ProviderSettings)| {
        let at = |field: &str, problem: String| {
            config.error_at(&format!("providers[{}].{field}", provider.index), problem)
        };
        let settings = settings
            .upstream(Arc::clone(provider), simulated, base)
            .map_err(|(field, problem)| at(field, problem))?;
        Upstream::new(settings).map_err(|error| at("key", error.to_string()))
    };
    let (mut upstreams, mut mistakes) = (Vec::new(), Vec::new());
    for provider in config.outline.providers.iter().zip(&config.providers) {
        match upstream(provider) {
            Ok(upstream) => upstreams.push(upstream),
            Err(error) => mistakes.extend(error.mistakes),
        }
    }
    if mistakes.is_empty() {
        Ok(Upstreams::new(upstreams))
    } else {
        Err(ConfigError { file: config.source.clone(), mistakes })
    }
}

fn filters(config: &mut Config, site: &Site) -> Result<Vec<Box<dyn Filter>>, ConfigError> {
    let unbuilt = std::mem::take(&mut config.filters);
    let build = |Configured { settings, path }| {
        settings.build(site).map_err(|error| config.error_in(&path, error))
    };
    unbuilt.into_iter().map(build).collect()
}
