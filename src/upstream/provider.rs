//! One provider: its settings, its health, and what it takes to connect to it. Every provider has a
//! connector of its own, so that pooled connections and trust roots are never shared between trust
//! domains.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use inferlayer_accounts::Tenant;
use inferlayer_balance::{HealthSettings, NotAsked};
use inferlayer_filter::{CallerError, Candidate, Provider, Refusal};
use pingora_core::connectors::{ConnectorOptions, TransportConnector};

use crate::config::CaFile;
use crate::net::{AllowedAddresses, BaseUrl, Resolver};
use crate::secret::{Secret, UnsendableKey};
use crate::upstream::credential::{self, Credential};
use crate::upstream::health::{HealthBook, Pass, ProviderHealth};
use crate::upstream::idle::Idle;

/// How to reach a provider.
#[derive(PartialEq)]
pub(crate) struct UpstreamSettings {
    pub(crate) provider: Arc<Provider>,
    pub(crate) base_url: BaseUrl,
    pub(crate) key: Option<Secret>,
    /// Sent with every request.
    pub(crate) headers: HeaderMap,
    pub(crate) ca: Option<CaFile>,
    /// Where it may be found.
    pub(crate) addresses: AllowedAddresses,
    pub(crate) connect_timeout: Duration,
    pub(crate) first_byte_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) idle_connections_max: usize,
    /// How long a connection may be idle and still be used again.
    pub(crate) pool_idle_timeout: Duration,
    /// How long a connection may go without a sign of life from the other side's TCP.
    pub(crate) tcp_timeout: Duration,
    pub(crate) health: HealthSettings,
}

/// A provider that can be connected to.
pub(crate) struct Upstream {
    pub(crate) settings: UpstreamSettings,
    pub(super) credential: Box<dyn Credential>,
    /// What its state is found by.
    credential_name: Arc<str>,
    health: Arc<ProviderHealth>,
    pub(super) connector: TransportConnector,
    pub(super) idle: Arc<Idle>,
    pub(super) resolver: Resolver,
}

/// The providers of one configuration, by their names.
pub(crate) struct Upstreams(HashMap<Arc<str>, Arc<Upstream>>);

impl Upstreams {
    pub(crate) fn new(upstreams: impl IntoIterator<Item = Arc<Upstream>>) -> Upstreams {
        let by_name =
            |upstream: Arc<Upstream>| (Arc::clone(&upstream.settings.provider.name), upstream);
        Upstreams(upstreams.into_iter().map(by_name).collect())
    }

    /// The provider of this name.
    pub(crate) fn get(&self, name: &str) -> Option<&Arc<Upstream>> {
        self.0.get(name)
    }

    /// Lets health be counted as this configuration, which follows `before`, has it.
    pub(crate) fn adopt(&self, before: Option<&Upstreams>, book: &HealthBook) {
        for (name, upstream) in &self.0 {
            let before = before.and_then(|before| before.get(name));
            let key_changed = before.is_some_and(|b| b.settings.key != upstream.settings.key);
            upstream.health.adopt(upstream.settings.health, key_changed);
            book.adopt(&upstream.settings.provider, &upstream.health);
        }
    }

    /// The provider of a candidate, if the tenant may go there. Asked for every attempt, whatever
    /// chose the candidate.
    pub(crate) fn permitted(
        &self,
        tenant: &Tenant,
        candidate: &Candidate,
    ) -> Result<&Arc<Upstream>, Refusal> {
        let upstream = self.get(&candidate.provider.name);
        let upstream = upstream.ok_or_else(|| Refusal::internal("provider"))?;
        if upstream.settings.provider.may_serve(tenant) {
            Ok(upstream)
        } else {
            Err(CallerError::NotLocal { model: candidate.model.to_string() }.into())
        }
    }

    /// Name and health of each provider.
    pub(crate) fn health(&self) -> impl Iterator<Item = (&str, &ProviderHealth)> {
        self.0.iter().map(|(name, upstream)| (&**name, &*upstream.health))
    }
}

impl Upstream {
    pub(crate) fn new(
        settings: UpstreamSettings,
        health: &HealthBook,
    ) -> Result<Upstream, UnsendableKey> {
        let Provider { name, vendor, key_name, .. } = &*settings.provider;
        let credential = credential::of(settings.key.as_ref(), vendor.quirks().key, name)?;
        let credential_name = key_name.clone().unwrap_or_default();
        let mut options = ConnectorOptions::new(0);
        options.ca_file = settings.ca.as_ref().map(|ca| ca.path.display().to_string());
        Ok(Upstream {
            credential,
            credential_name,
            health: health.of(&settings.provider, settings.health),
            connector: TransportConnector::new(Some(options)),
            idle: Idle::new(settings.idle_connections_max, settings.pool_idle_timeout),
            resolver: Resolver::new(settings.addresses.clone()),
            settings,
        })
    }

    /// Leave to ask it for a model, or why there is none.
    pub(super) fn admit(&self, model: &Arc<str>, tenant: &Tenant) -> Result<Pass, NotAsked> {
        self.health.admit(model, &self.credential_name, tenant)
    }
}
