//! A base URL: where a server is, taken apart once.

use std::str::FromStr;

use http::Uri;

use crate::net::address::Reach;

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
}
