//! From a configuration to a generation, in two steps: all that may fail for want of a file first,
//! so that a start that lacks a secret has written nothing; then the filters, which use the ledger.

use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use inferlayer_accounts::Tenants;
use inferlayer_filter::{Provider, Site};

use crate::config::{Change, Config, ConfigError, Configured, ProviderSettings};
use crate::generation::Generation;
use crate::net::BaseUrl;
use crate::pipeline::{Pipeline, Stage};
use crate::state::State;
use crate::upstream::{HealthBook, Upstream, UpstreamSettings, Upstreams};

/// A configuration whose files were all read.
pub(crate) struct Prepared {
    pub(crate) config: Config,
    upstreams: Upstreams,
}

/// What a configuration is prepared with.
pub(crate) struct Means<'a> {
    /// Where relative paths start.
    pub(crate) base: &'a Path,
    /// Where the simulated provider listens, if it runs.
    pub(crate) simulated: Option<&'a BaseUrl>,
    pub(crate) health: &'a HealthBook,
    /// The generation that goes before: of a provider that is the same the connections are kept.
    pub(crate) before: Option<&'a Generation>,
}

impl Prepared {
    /// Reads every secret and root that the configuration names.
    pub(crate) fn new(config: Config, means: &Means<'_>) -> Result<Prepared, ConfigError> {
        let upstreams = upstreams(&config, means)?;
        Ok(Prepared { config, upstreams })
    }

    /// How it differs from the generation that goes before: what it says otherwise, and the files
    /// that hold something else.
    pub(crate) fn changes(&self, before: &Generation) -> Vec<Change> {
        let mut changes = before.config.values.changes(&self.config.values);
        for name in self.config.outline.providers.iter().map(|provider| &provider.name) {
            let both = before.upstreams.get(name).zip(self.upstreams.get(name));
            let Some((old, new)) = both.map(|(a, b)| (&a.settings, &b.settings)) else { continue };
            let contents = [("key", old.key != new.key), ("ca_file", old.ca != new.ca)];
            for (field, _) in contents.into_iter().filter(|(_, changed)| *changed) {
                tell(&mut changes, format!("providers[{name}].{field}"));
            }
        }
        if before.config.outline.prices.digest() != self.config.outline.prices.digest() {
            tell(&mut changes, "prices.file".to_owned());
        }
        changes
    }

    /// Makes the filters.
    pub(crate) fn build(
        self,
        state: &State,
        tenants: Arc<Tenants>,
    ) -> Result<Generation, ConfigError> {
        let Prepared { mut config, upstreams } = self;
        let books = &state.books;
        let mut remembered = books.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        let site = Site {
            providers: config.outline.providers.clone(),
            offers: config.outline.offers.clone(),
            filters_sha256: config.filters_sha256.clone(),
            accounts: Arc::clone(&books.accounts),
            tenants: Arc::clone(&tenants),
            prices: Arc::clone(&config.outline.prices),
            ledger: books.ledger.clone(),
            remembered: Mutex::new(std::mem::take(&mut *remembered)),
            kept: Arc::clone(&state.kept),
        };
        let pipeline = Pipeline::new(filters(&mut config, &site)?);
        Ok(Generation { config, pipeline, upstreams, tenants })
    }
}

/// That the content of a file changed, unless it is told that another file is named.
fn tell(changes: &mut Vec<Change>, path: String) {
    if !changes.iter().any(|change| change.path.starts_with(&path)) {
        changes.push(Change::new(path, "holds something else"));
    }
}

fn upstreams(config: &Config, means: &Means<'_>) -> Result<Upstreams, ConfigError> {
    let (mut upstreams, mut mistakes) = (Vec::new(), Vec::new());
    let providers = config.outline.providers.iter().zip(&config.providers);
    for (index, (provider, settings)) in providers.enumerate() {
        match upstream(provider, settings, means) {
            Ok(upstream) => upstreams.push(upstream),
            Err((field, problem)) => {
                let at = format!("providers[{index}].{field}");
                mistakes.extend(config.error_at(&at, problem).mistakes);
            }
        }
    }
    match mistakes.is_empty() {
        true => Ok(Upstreams::new(upstreams)),
        false => Err(ConfigError { file: config.source.clone(), mistakes }),
    }
}

/// The one that there is, if nothing about it has changed. An error names the field.
fn upstream(
    provider: &Arc<Provider>,
    settings: &ProviderSettings,
    means: &Means<'_>,
) -> Result<Arc<Upstream>, (&'static str, String)> {
    let (own, simulated) = (Arc::clone(provider), means.simulated);
    let settings = UpstreamSettings::of(settings, own, simulated, means.base)?;
    let known = means.before.and_then(|before| before.upstreams.get(&provider.name));
    if let Some(known) = known.filter(|known| known.settings == settings) {
        return Ok(Arc::clone(known));
    }
    let upstream = Upstream::new(settings, means.health);
    upstream.map(Arc::new).map_err(|error| ("key", error.to_string()))
}

fn filters(config: &mut Config, site: &Site) -> Result<Vec<Stage>, ConfigError> {
    let unbuilt = std::mem::take(&mut config.filters);
    let build = |Configured { settings, path }| {
        let name = settings.name();
        let filter = settings.build(site).map_err(|error| config.error_in(&path, error))?;
        Ok(Stage { name, filter })
    };
    unbuilt.into_iter().map(build).collect()
}
