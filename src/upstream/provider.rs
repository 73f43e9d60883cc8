//! One provider: its settings, and what it takes to connect to it. Every provider has a connector
//! of its own, so that pooled connections and trust roots are never shared between trust domains.

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use http::HeaderValue;
use inferlayer_filter::exchange::AttemptResult;
use inferlayer_filter::{Candidate, Provider};
use pingora_core::ErrorType;
use pingora_core::connectors::ConnectorOptions;
use pingora_core::connectors::http::Connector;
use pingora_core::upstreams::peer::HttpPeer;
use pingora_timeout::fast_timeout::fast_timeout;
use zeroize::Zeroizing;

use crate::upstream::connection::Connection;
use crate::upstream::endpoint::{BaseUrl, Resolver};

/// A provider's key. Has neither `Debug` nor `Display`, and is wiped.
pub(crate) struct Secret(Zeroizing<String>);

/// How to reach a provider.
pub(crate) struct UpstreamSettings {
    pub(crate) provider: Arc<Provider>,
    pub(crate) base_url: BaseUrl,
    pub(crate) key: Option<Secret>,
    pub(crate) ca_file: Option<PathBuf>,
    pub(crate) connect_timeout: Duration,
    pub(crate) first_byte_timeout: Duration,
    pub(crate) idle_timeout: Duration,
    pub(crate) idle_connections_max: usize,
}

/// A provider that can be connected to.
pub(crate) struct Upstream {
    pub(crate) settings: UpstreamSettings,
    /// `Bearer <key>`, marked sensitive.
    pub(crate) authorization: Option<HeaderValue>,
    connector: Connector,
    resolver: Resolver,
}

/// All providers, by their place in the configuration.
pub(crate) struct Upstreams(Vec<Arc<Upstream>>);

/// A key with bytes that no header can carry.
#[derive(Debug, thiserror::Error)]
#[error("the key has characters that cannot stand in a header")]
pub(crate) struct UnsendableKey;

impl Secret {
    pub(crate) fn new(text: String) -> Secret {
        Secret(Zeroizing::new(text))
    }

    fn bearer(&self) -> Result<HeaderValue, UnsendableKey> {
        let text = Zeroizing::new(format!("Bearer {}", self.0.as_str()));
        let mut value = HeaderValue::from_str(&text).map_err(|_| UnsendableKey)?;
        value.set_sensitive(true);
        Ok(value)
    }
}

impl Upstreams {
    pub(crate) fn new(upstreams: Vec<Upstream>) -> Upstreams {
        Upstreams(upstreams.into_iter().map(Arc::new).collect())
    }

    pub(crate) fn of(&self, candidate: &Candidate) -> Option<&Arc<Upstream>> {
        self.0.get(candidate.provider.index)
    }
}

impl Upstream {
    pub(crate) fn new(settings: UpstreamSettings) -> Result<Upstream, UnsendableKey> {
        let authorization = settings.key.as_ref().map(Secret::bearer).transpose()?;
        let mut options = ConnectorOptions::new(settings.idle_connections_max);
        options.ca_file = settings.ca_file.as_ref().map(|path| path.display().to_string());
        Ok(Upstream {
            authorization,
            connector: Connector::new(Some(options)),
            resolver: Resolver::default(),
            settings,
        })
    }

    /// A pooled connection, or a new one to the first address that takes it.
    pub(crate) async fn connect(self: &Arc<Upstream>) -> Result<Box<Connection>, AttemptResult> {
        let connecting = async {
            let BaseUrl { host, port, .. } = &self.settings.base_url;
            let peers = self.resolver.resolve(host, *port, |address| self.peer(address)).await;
            let mut result = Err(AttemptResult::Unresolved);
            for peer in peers.iter().flat_map(|peers| peers.iter()) {
                result = self.connect_to(peer).await;
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
        peer: &Arc<HttpPeer>,
    ) -> Result<Box<Connection>, AttemptResult> {
        match self.connector.get_http_session(&**peer).await {
            Ok((session, reused)) => {
                Ok(Connection::new(Arc::clone(self), Arc::clone(peer), session, reused))
            }
            Err(error) => Err(connect_failure(error.etype())),
        }
    }

    #[expect(clippy::disallowed_methods, reason = "an address needs no resolution")]
    fn peer(&self, address: SocketAddr) -> HttpPeer {
        let BaseUrl { tls, host, .. } = &self.settings.base_url;
        let mut peer = HttpPeer::new(address, *tls, host.clone());
        peer.group_key = self.settings.provider.index as u64;
        peer.options.write_timeout = Some(self.settings.idle_timeout);
        peer
    }

    pub(crate) fn connector(&self) -> &Connector {
        &self.connector
    }
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
