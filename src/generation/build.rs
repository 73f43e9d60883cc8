//! From a configuration to a generation, in two steps: all that may fail for want of a file first,
//! so that a start that lacks a secret has written nothing; then the filters, which use the ledger.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use inferlayer_filter::{Filter, Provider, Site};

use crate::config::{Config, ConfigError, Configured, ProviderSettings};
use crate::generation::Generation;
use crate::net::BaseUrl;
use crate::pipeline::Pipeline;
use crate::state::State;
use crate::upstream::{HealthBook, Upstream, Upstreams};

/// A configuration whose files were all read.
pub(crate) struct Prepared {
    pub(crate) config: Config,
    upstreams: Upstreams,
}

impl Prepared {
    /// Reads every secret that the configuration names; relative paths start at `base`.
    pub(crate) fn new(
        config: Config,
        base: &Path,
        simulated: Option<&BaseUrl>,
        health: &HealthBook,
    ) -> Result<Prepared, ConfigError> {
        let upstreams = upstreams(&config, base, simulated, health)?;
        Ok(Prepared { config, upstreams })
    }

    /// Makes the filters.
    pub(crate) fn build(self, state: &State) -> Result<Generation, ConfigError> {
        let Prepared { mut config, upstreams } = self;
        let books = &state.books;
        let mut remembered = books.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let site = Site {
            providers: config.outline.providers.clone(),
            offers: config.outline.offers.clone(),
            config_sha256: config.sha256.clone(),
            accounts: Arc::clone(&books.accounts),
            prices: Arc::clone(&config.outline.prices),
            ledger: books.ledger.clone(),
            remembered: Mutex::new(std::mem::take(&mut *remembered)),
        };
        let pipeline = Pipeline::new(filters(&mut config, &site)?);
        Ok(Generation { config, pipeline, upstreams })
    }
}

fn upstreams(
    config: &Config,
    base: &Path,
    simulated: Option<&BaseUrl>,
    health: &HealthBook,
) -> Result<Upstreams, ConfigError> {
    let upstream = |(provider, settings): (&Arc<Provider>, &ProviderSettings)| {
        let at = |field: &str, problem: String| {
            config.error_at(&format!("providers[{}].{field}", provider.index), problem)
        };
        let settings = settings
            .upstream(Arc::clone(provider), simulated, base)
            .map_err(|(field, problem)| at(field, problem))?;
        Upstream::new(settings, health).map_err(|error| at("key", error.to_string()))
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
