//! Where a provider is: its base URL, taken apart once, and its addresses. Names are resolved here,
//! without blocking and kept for a while; Pingora's own constructor would block and panic.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::Uri;
use pingora_core::upstreams::peer::HttpPeer;

/// `http` or `https`, a host, and the path below which the API lies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct BaseUrl {
    pub(crate) tls: bool,
    pub(crate) host: String,
    pub(crate) port: u16,
    /// For the `host` header: without the port when it is the scheme's own.
    pub(crate) authority: String,
    /// Starts with `/` unless empty; does not end with one.
    pub(crate) path: String,
}

/// The text is not a base URL.
#[derive(Debug, thiserror::Error)]
#[error(
    "base_url must be http:// or https:// with a host and without credentials, query or fragment"
)]
pub(crate) struct BadBaseUrl;

impl FromStr for BaseUrl {
    type Err = BadBaseUrl;

    fn from_str(text: &str) -> Result<BaseUrl, BadBaseUrl> {
        let uri: Uri = text.parse().map_err(|_| BadBaseUrl)?;
        let tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(BadBaseUrl),
        };
        let authority = uri.authority().ok_or(BadBaseUrl)?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        if host.is_empty() || authority.as_str().contains('@') || uri.query().is_some() {
            return Err(BadBaseUrl);
        }
        if text.contains('#') {
            return Err(BadBaseUrl);
        }
        Ok(BaseUrl {
            tls,
            host: host.to_owned(),
            port: authority.port_u16().unwrap_or(if tls { 443 } else { 80 }),
            authority: authority.as_str().to_owned(),
            path: uri.path().trim_end_matches('/').to_owned(),
        })
    }
}

/// The peers of a provider, one for each of its addresses, kept for [`TTL`].
#[derive(Default)]
pub(crate) struct Resolver {
    kept: Mutex<Option<(Instant, Peers)>>,
}

pub(crate) type Peers = Arc<[Arc<HttpPeer>]>;

const TTL: Duration = Duration::from_secs(30);
const ADDRESSES_MAX: usize = 8;

impl Resolver {
    /// A peer for each address of `host`, or nothing if it has none.
    pub(crate) async fn resolve(
        &self,
        host: &str,
        port: u16,
        peer: impl Fn(SocketAddr) -> HttpPeer,
    ) -> Option<Peers> {
        if let Some(peers) = self.known() {
            return Some(peers);
        }
        let peer = |address| Arc::new(peer(address));
        let found: Peers = match host.parse::<IpAddr>() {
            Ok(ip) => Arc::new([peer(SocketAddr::new(ip, port))]),
            Err(_) => {
                let addresses = tokio::net::lookup_host((host, port)).await.ok()?;
                addresses.take(ADDRESSES_MAX).map(peer).collect()
            }
        };
        if found.is_empty() {
            return None;
        }
        *self.lock() = Some((Instant::now(), Arc::clone(&found)));
        Some(found)
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

    #[test]
    fn takes_a_base_url_apart() {
        let url: BaseUrl = "https://api.openai.com/v1/".parse().unwrap();
        assert!(url.tls);
        assert_eq!((url.host.as_str(), url.port), ("api.openai.com", 443));
        assert_eq!((url.authority.as_str(), url.path.as_str()), ("api.openai.com", "/v1"));

        let local: BaseUrl = "http://[::1]:8081".parse().unwrap();
        assert_eq!((local.tls, local.host.as_str(), local.port), (false, "::1", 8081));
        assert_eq!(local.path, "");
    }

    #[test]
    fn refuses_what_could_send_a_key_elsewhere() {
        for text in [
            "",
            "api.openai.com",
            "ftp://a/",
            "http://",
            "http://u:p@a/",
            "http://a/?q",
            "http://a/#f",
        ] {
            assert!(text.parse::<BaseUrl>().is_err(), "{text}");
        }
    }
}
