//! Where a provider is: its base URL, taken apart once, and its addresses. Names are resolved here,
//! without blocking and kept for a while; Pingora's own constructor would block and panic.

use std::net::{IpAddr, SocketAddr};
use std::str::FromStr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use http::Uri;
use pingora_core::upstreams::peer::HttpPeer;

use crate::upstream::address::{AllowedAddresses, Reach};

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

/// The text is not a base URL, or not one of a provider.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub(crate) enum BadBaseUrl {
    #[error(
        "base_url must be http:// or https:// with a host and without credentials, query or \
         fragment"
    )]
    Form,
    #[error("the port must be a number from 1 to 65535")]
    Port,
    #[error("the path must be plain segments: without `.`, `..`, an empty one, `\\`, `;` or `%`")]
    Path,
    #[error("the host looks like a number; write an IPv4 address as four decimal numbers")]
    Host,
    #[error(
        "link-local addresses and the metadata services of clouds are no providers: whoever asks \
         there gets the credentials of this machine"
    )]
    LinkLocal,
}

/// Names of metadata services.
const METADATA_HOSTS: [&str; 3] = ["metadata.google.internal", "metadata", "instance-data"];

impl FromStr for BaseUrl {
    type Err = BadBaseUrl;

    fn from_str(text: &str) -> Result<BaseUrl, BadBaseUrl> {
        let uri: Uri = text.parse().map_err(|_| BadBaseUrl::Form)?;
        let tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err(BadBaseUrl::Form),
        };
        let authority = uri.authority().ok_or(BadBaseUrl::Form)?;
        let whole = authority.as_str();
        if whole.contains('@') || uri.query().is_some() || text.contains('#') {
            return Err(BadBaseUrl::Form);
        }
        let port = port(whole.strip_prefix(authority.host()).unwrap_or_default())?;
        let host = authority.host().trim_start_matches('[').trim_end_matches(']');
        check_host(host)?;
        let path = uri.path().trim_end_matches('/');
        if !path.split('/').skip(1).all(is_plain) {
            return Err(BadBaseUrl::Path);
        }
        Ok(BaseUrl {
            tls,
            host: host.to_owned(),
            port: port.unwrap_or(if tls { 443 } else { 80 }),
            authority: whole.to_owned(),
            path: path.to_owned(),
        })
    }
}

/// What stands behind the host: nothing, or `:` and a port.
fn port(text: &str) -> Result<Option<u16>, BadBaseUrl> {
    let Some(digits) = text.strip_prefix(':') else { return Ok(None) };
    let port = digits.parse().ok().filter(|port| *port > 0);
    let is_number = digits.bytes().all(|b| b.is_ascii_digit());
    port.filter(|_| is_number).map(Some).ok_or(BadBaseUrl::Port)
}

/// Resolvers take `2852039166`, `0xa9fea9fe` and `169.254.43518` for addresses, as the C library
/// always has.
fn check_host(host: &str) -> Result<(), BadBaseUrl> {
    if let Ok(address) = host.parse() {
        let never = Reach::of(address) == Reach::Never;
        return if never { Err(BadBaseUrl::LinkLocal) } else { Ok(()) };
    }
    let name = host.trim_end_matches('.').to_ascii_lowercase();
    let last = name.rsplit('.').next().unwrap_or_default();
    let is_hex = last.strip_prefix("0x").is_some_and(|x| x.bytes().all(|b| b.is_ascii_hexdigit()));
    match name.as_str() {
        "" => Err(BadBaseUrl::Form),
        _ if is_hex || last.bytes().all(|b| b.is_ascii_digit()) => Err(BadBaseUrl::Host),
        name if METADATA_HOSTS.contains(&name) => Err(BadBaseUrl::LinkLocal),
        _ => Ok(()),
    }
}

/// Servers disagree about everything else.
fn is_plain(segment: &str) -> bool {
    let odd = |b: u8| matches!(b, b'\\' | b';' | b'%') || !b.is_ascii_graphic();
    !matches!(segment, "" | "." | "..") && !segment.bytes().any(odd)
}

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
        use BadBaseUrl::*;
        for (texts, expected) in [
            ("api.openai.com ftp://a/ http:// http://u:p@a/ http://a/?q http://a/#f", Form),
            ("https://a:99999 https://a:0 https://a: https://[::1]:65536/v1 http://a:00", Port),
            ("http://a/v1/.. http://a/../v1 http://a/./v1 http://a//v1 http://a/%2e%2e/v1", Path),
            ("http://a/v1/%2F http://a/;x http://a/v1%20", Path),
            ("http://2852039166/ http://0xa9fea9fe/v1 http://169.254.43518 http://1.0x7f", Host),
            ("http://127.1/v1 http://017700000001./", Host),
            ("http://169.254.169.254/v1 https://169.254.0.9:8080 http://[fe80::1]/v1", LinkLocal),
            ("http://[::ffff:169.254.169.254] http://[fd00:ec2::254]/v1", LinkLocal),
            ("http://metadata.google.internal/v1 http://Metadata.Google.Internal./v1", LinkLocal),
        ] {
            for text in texts.split(' ') {
                assert_eq!(text.parse::<BaseUrl>(), Err(expected), "{text}");
            }
        }
        for text in ["http://a:1", "https://a:65535/v1", "http://10.0.0.1/x.y/v1", "http://a1.b2c"]
        {
            assert!(text.parse::<BaseUrl>().is_ok(), "{text}");
        }
    }

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
