//! One provider: its settings, and what it takes to connect to it. Every provider has a connector
//! of its own, so that pooled connections and trust roots are never shared between trust domains.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderMap;
use inferlayer_accounts::{Tenant, TenantName};
use inferlayer_balance::{HealthSettings, NotAsked};
use inferlayer_filter::exchange::AttemptResult;
use inferlayer_filter::{CallerError, Candidate, Provider, Refusal};
use pingora_core::ErrorType;
use pingora_core::connectors::{ConnectorOptions, TransportConnector};
use pingora_core::protocols::TcpKeepalive;
use pingora_core::upstreams::peer::{HttpPeer, Peer};
use pingora_timeout::fast_timeout::fast_timeout;

use crate::config::CaFile;
use crate::net::{AllowedAddresses, BaseUrl, ResolveError, Resolver};
use crate::secret::{Secret, UnsendableKey};
use crate::upstream::connection::Connection;
use crate::upstream::credential::{self, Credential};
use crate::upstream::health::{HealthBook, Pass, ProviderHealth};
use crate::upstream::idle::{Home, Idle};
use crate::upstream::shortage;

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
    connector: TransportConnector,
    idle: Arc<Idle>,
    resolver: Resolver,
}

/// The providers of one configuration, by their names.
pub(crate) struct Upstreams(HashMap<Arc<str>, Arc<Upstream>>);

/// Unanswered, they end a connection.
const KEEPALIVE_PROBES: u32 = 3;

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

    /// An idle connection of the tenant's, or a new one to the first address that takes it.
    pub(crate) async fn connect(
        self: &Arc<Upstream>,
        tenant: &Tenant,
    ) -> Result<Box<Connection>, AttemptResult> {
        let name = tenant.name();
        if let Some(connection) = self.idle(name) {
            return Ok(connection);
        }
        // Seldom, and some nine kilobytes of state that no other request should carry about.
        Box::pin(self.connect_anew(Some(name))).await
    }

    /// A new connection that nobody will use again.
    pub(crate) async fn connect_unshared(
        self: &Arc<Upstream>,
    ) -> Result<Box<Connection>, AttemptResult> {
        Box::pin(self.connect_anew(None)).await
    }

    fn idle(self: &Arc<Upstream>, tenant: &TenantName) -> Option<Box<Connection>> {
        let peers = self.resolver.known()?;
        let is_known = |address| peers.iter().any(|peer| address_of(peer) == Some(address));
        let (stream, home) = self.idle.take(tenant, is_known)?;
        Some(Connection::new(Arc::clone(self), stream, Some(home), true))
    }

    async fn connect_anew(
        self: &Arc<Upstream>,
        tenant: Option<&TenantName>,
    ) -> Result<Box<Connection>, AttemptResult> {
        let connecting = async {
            let BaseUrl { host, port, .. } = &self.settings.base_url;
            let peers = self.resolver.resolve(host, *port, |address| self.peer(address)).await;
            let peers = peers.map_err(|error| match error {
                ResolveError::Unresolved if shortage::is_there() => AttemptResult::OwnShortage,
                ResolveError::Unresolved => AttemptResult::Unresolved,
                ResolveError::NotAllowed => AttemptResult::AddressNotAllowed,
            })?;
            let mut result = Err(AttemptResult::Unresolved);
            for peer in peers.iter() {
                result = self.connect_to(peer, tenant).await;
                if result.is_ok() {
                    return result;
                }
            }
            result
        };
        let connected = fast_timeout(self.settings.connect_timeout, connecting).await;
        let result = connected.unwrap_or(Err(AttemptResult::ConnectTimeout));
        if result.is_err() {
            self.resolver.forget();
        }
        result
    }

    async fn connect_to(
        self: &Arc<Upstream>,
        peer: &HttpPeer,
        tenant: Option<&TenantName>,
    ) -> Result<Box<Connection>, AttemptResult> {
        match self.connector.new_stream(peer).await {
            Ok(stream) => {
                let tenant = tenant.cloned();
                let home = tenant.zip(address_of(peer));
                let home = home.map(|(tenant, address)| Home { tenant, address });
                Ok(Connection::new(Arc::clone(self), stream, home, false))
            }
            Err(error) if shortage::caused(&error) => Err(AttemptResult::OwnShortage),
            Err(error) => Err(connect_failure(error.etype())),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "an address needs no resolution")]
    fn peer(&self, address: SocketAddr) -> HttpPeer {
        let BaseUrl { tls, host, .. } = &self.settings.base_url;
        let mut peer = HttpPeer::new(address, *tls, host.clone());
        let timeout = self.settings.tcp_timeout;
        peer.options.tcp_keepalive = Some(TcpKeepalive {
            idle: timeout / 2,
            interval: (timeout / 2 / KEEPALIVE_PROBES).max(Duration::from_secs(1)),
            count: KEEPALIVE_PROBES as usize,
            #[cfg(target_os = "linux")]
            user_timeout: timeout,
        });
        peer
    }

    /// Leave to ask it for a model, or why there is none.
    pub(super) fn admit(&self, model: &Arc<str>, tenant: &Tenant) -> Result<Pass, NotAsked> {
        self.health.admit(model, &self.credential_name, tenant)
    }

    pub(super) fn idle_connections(&self) -> &Arc<Idle> {
        &self.idle
    }
}

fn address_of(peer: &HttpPeer) -> Option<SocketAddr> {
    peer.address().as_inet().copied()
}

fn connect_failure(error: &ErrorType) -> AttemptResult {
    match error {
        ErrorType::ConnectRefused => AttemptResult::Refused,
        ErrorType::ConnectTimedout | ErrorType::TLSHandshakeTimedout => {
            AttemptResult::ConnectTimeout
        }
        ErrorType::TLSHandshakeFailure | ErrorType::InvalidCert | ErrorType::HandshakeError => {
            AttemptResult::TlsFailed
        }
        _ => AttemptResult::ConnectFailed,
    }
}
