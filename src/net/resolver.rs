//! The addresses of a name. Resolved here, without blocking and kept for a while; Pingora's own
//! constructor of peers would block and panic.

use std::net::{IpAddr, SocketAddr};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use pingora_core::upstreams::peer::HttpPeer;

use crate::net::address::AllowedAddresses;

/// The peers of a provider, one for each of its addresses, kept for [`TTL`].
#[derive(Default)]
pub(crate) struct Resolver {
    allowed: AllowedAddresses,
    kept: Mutex<Option<(Instant, Peers)>>,
}

/// Why there is no peer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ResolveError {
    /// The name has no address.
    Unresolved,
    /// It has none that is allowed.
    NotAllowed,
}

pub(crate) type Peers = Arc<[Arc<HttpPeer>]>;

const TTL: Duration = Duration::from_secs(30);
const ADDRESSES_MAX: usize = 8;

impl Resolver {
    /// Of a name that may have these addresses.
    pub(crate) fn new(allowed: AllowedAddresses) -> Resolver {
        Resolver { allowed, kept: Mutex::default() }
    }

    /// A peer for each address of `host` that is allowed.
    pub(crate) async fn resolve(
        &self,
        host: &str,
        port: u16,
        peer: impl Fn(SocketAddr) -> HttpPeer,
    ) -> Result<Peers, ResolveError> {
        if let Some(peers) = self.known() {
            return Ok(peers);
        }
        let addresses: Vec<SocketAddr> = match host.parse::<IpAddr>() {
            Ok(ip) => vec![SocketAddr::new(ip, port)],
            Err(_) => {
                let found = tokio::net::lookup_host((host, port)).await;
                found.map_err(|_| ResolveError::Unresolved)?.collect()
            }
        };
        if addresses.is_empty() {
            return Err(ResolveError::Unresolved);
        }
        let allowed = addresses.into_iter().filter(|address| self.allowed.allows(address.ip()));
        let peers: Peers = allowed.take(ADDRESSES_MAX).map(|at| Arc::new(peer(at))).collect();
        if peers.is_empty() {
            return Err(ResolveError::NotAllowed);
        }
        *self.lock() = Some((Instant::now(), Arc::clone(&peers)));
        Ok(peers)
    }

    /// Forgets, so that a provider that moved is found again.
    pub(crate) fn forget(&self) {
        *self.lock() = None;
    }

    /// The peers as last found, unless that is too long ago.
    pub(crate) fn known(&self) -> Option<Peers> {
        let kept = self.lock();
        let (since, peers) = kept.as_ref()?;
        (since.elapsed() < TTL).then(|| Arc::clone(peers))
    }

    fn lock(&self) -> MutexGuard<'_, Option<(Instant, Peers)>> {
        self.kept.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    #[expect(clippy::disallowed_methods, reason = "an address needs no resolution")]
    async fn a_name_leads_only_where_its_provider_may_be() {
        let peer = |address| HttpPeer::new(address, false, String::new());
        let local = Resolver::new(AllowedAddresses::local(Vec::new()));
        assert_eq!(local.resolve("localhost", 1, peer).await.map(|_| ()), Ok(()));
        let local = Resolver::new(AllowedAddresses::local(Vec::new()));
        // Taken for an address of the documentation's network.
        for host in ["203.0.113.1", "3405803777"] {
            let resolved = local.resolve(host, 1, peer).await.map(|_| ());
            assert_eq!(resolved, Err(ResolveError::NotAllowed), "{host}");
        }
        let anywhere = Resolver::default();
        let resolved = anywhere.resolve("2852039166", 1, peer).await.map(|_| ());
        assert_eq!(resolved, Err(ResolveError::NotAllowed));
        assert!(anywhere.resolve("203.0.113.1", 1, peer).await.is_ok());
    }
}
