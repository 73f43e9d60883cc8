//! From a provider's entry in the configuration to what it takes to reach it.

use std::path::Path;
use std::sync::Arc;

use inferlayer_filter::Provider;

use crate::config::{ProviderSettings, ca_file};
use crate::net::BaseUrl;
use crate::upstream::provider::UpstreamSettings;

/// Its listener is bound at a start.
const NO_SIMULATED: &str = "the gateway began without a simulated provider; restart it to have one";

impl UpstreamSettings {
    /// Reads the key and the roots; relative files start at `base`. An error names the field and
    /// what is wrong with it.
    pub(crate) fn of(
        settings: &ProviderSettings,
        provider: Arc<Provider>,
        simulated: Option<&BaseUrl>,
        base: &Path,
    ) -> Result<UpstreamSettings, (&'static str, String)> {
        let own = settings.address().map_err(|problem| ("base_url", problem))?;
        let base_url = own.or_else(|| simulated.cloned());
        let base_url = base_url.ok_or(("kind", NO_SIMULATED.to_owned()))?;
        let key = settings.key.as_ref().map(|key| key.read(base).map_err(|error| ("key", error)));
        let ca = settings.ca_file.as_ref().map(|path| ca_file(base.join(path)));
        let ca = ca.transpose().map_err(|problem| ("ca_file", problem))?;
        Ok(UpstreamSettings {
            provider,
            base_url,
            key: key.transpose()?,
            headers: settings.headers.0.clone(),
            ca,
            addresses: settings.addresses(),
            connect_timeout: settings.connect_timeout,
            first_byte_timeout: settings.first_byte_timeout,
            idle_timeout: settings.idle_timeout,
            idle_connections_max: settings.idle_connections_max,
            pool_idle_timeout: settings.pool_idle_timeout,
            tcp_timeout: settings.tcp_timeout,
            health: settings.health(),
        })
    }
}
