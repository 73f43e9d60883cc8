//! How a provider is connected to: by an idle connection of the tenant's, or by a new one to the
//! first of its addresses that takes it.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use inferlayer_accounts::{Tenant, TenantName};
use inferlayer_filter::exchange::AttemptResult;
use pingora_core::ErrorType;
use pingora_core::protocols::TcpKeepalive;
use pingora_core::upstreams::peer::{HttpPeer, Peer};
use pingora_timeout::fast_timeout::fast_timeout;

use crate::net::{BaseUrl, ResolveError};
use crate::upstream::connection::Connection;
use crate::upstream::idle::Home;
use crate::upstream::provider::Upstream;
use crate::upstream::shortage;

/// Unanswered, they end a connection.
const KEEPALIVE_PROBES: u32 = 3;

impl Upstream {
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
