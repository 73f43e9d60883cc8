//! The values in an anchor's settings, each of a type that holds nothing else.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use http::{HeaderName, Uri, header};
use serde::Deserialize;

use crate::net::{BadBaseUrl, BaseUrl};

/// 1 to 64 of `a-z 0-9 . _ -`, the first a letter or digit: also the name of a file.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct AnchorName(Arc<str>);

/// Where a collector listens.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) enum SyslogAddress {
    /// Host and port; RFC 5426.
    Udp(String),
    /// Host and port; RFC 6587, octets counted.
    Tcp(String),
    /// A datagram socket, such as `/dev/log`.
    Unix(PathBuf),
}

/// Who speaks, by RFC 5424 table 1; numbered as there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Facility {
    User = 1,
    Daemon = 3,
    Auth = 4,
    Authpriv = 10,
    #[default]
    Audit = 13,
    Local0 = 16,
    Local1,
    Local2,
    Local3,
    Local4,
    Local5,
    Local6,
    Local7,
}

/// 1 to 48 of printable ASCII without space, as RFC 5424 has it.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct AppName(String);

/// Where a POST goes. Its path is taken to the letter.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct PostUrl {
    pub(crate) base: BaseUrl,
    /// Begins with `/`.
    pub(crate) path: String,
}

/// The name of a header that is not ours to set.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Deserialize)]
#[serde(try_from = "String")]
pub(crate) struct HeaderKey(String);

impl AnchorName {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for AnchorName {
    type Error = String;

    fn try_from(text: String) -> Result<AnchorName, String> {
        let alphanumeric = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit();
        let allowed = |b: u8| alphanumeric(b) || b"._-".contains(&b);
        let begins = text.bytes().next().is_some_and(alphanumeric);
        if begins && text.len() <= 64 && text.bytes().all(allowed) {
            Ok(AnchorName(text.into()))
        } else {
            Err(format!(
                "anchor name `{text}` is not 1 to 64 of a-z 0-9 . _ -, starting with a letter or \
                 digit"
            ))
        }
    }
}

impl TryFrom<String> for SyslogAddress {
    type Error = String;

    fn try_from(text: String) -> Result<SyslogAddress, String> {
        if text.starts_with('/') {
            return Ok(SyslogAddress::Unix(text.into()));
        }
        let wrong =
            || format!("`{text}` is not udp://HOST:PORT, tcp://HOST:PORT or the path of a socket");
        let (scheme, address) = text.split_once("://").ok_or_else(wrong)?;
        let (host, port) = address.rsplit_once(':').ok_or_else(wrong)?;
        let port = port.parse::<u16>().is_ok_and(|port| port > 0);
        if host.is_empty() || host.contains(['/', '@', ' ']) || !port {
            return Err(wrong());
        }
        match scheme {
            "udp" => Ok(SyslogAddress::Udp(address.to_owned())),
            "tcp" => Ok(SyslogAddress::Tcp(address.to_owned())),
            _ => Err(wrong()),
        }
    }
}

impl fmt::Display for AppName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl Default for AppName {
    fn default() -> AppName {
        AppName("inferlayer".to_owned())
    }
}

impl TryFrom<String> for AppName {
    type Error = String;

    fn try_from(text: String) -> Result<AppName, String> {
        if (1..=48).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic()) {
            Ok(AppName(text))
        } else {
            Err("an app name is 1 to 48 printable ASCII characters without space".to_owned())
        }
    }
}

impl TryFrom<String> for PostUrl {
    type Error = String;

    fn try_from(text: String) -> Result<PostUrl, String> {
        let wrong = "url must be http:// or https:// with a host and without credentials, query or \
                     fragment";
        let base = text.parse().map_err(|error| match error {
            BadBaseUrl::Form => wrong.to_owned(),
            error => error.to_string(),
        })?;
        let uri: Uri = text.parse().map_err(|_| wrong.to_owned())?;
        Ok(PostUrl { base, path: uri.path().to_owned() })
    }
}

impl HeaderKey {
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }
}

impl TryFrom<String> for HeaderKey {
    type Error = String;

    fn try_from(text: String) -> Result<HeaderKey, String> {
        const OURS: [HeaderName; 5] = [
            header::HOST,
            header::CONTENT_LENGTH,
            header::CONTENT_TYPE,
            header::TRANSFER_ENCODING,
            header::CONNECTION,
        ];
        let name: HeaderName =
            text.parse().map_err(|_| format!("`{text}` is not the name of a header"))?;
        if OURS.contains(&name) {
            return Err(format!("the header `{text}` is not to be set"));
        }
        Ok(HeaderKey(name.as_str().to_owned()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_says_how_it_is_spoken_to() {
        let read = |text: &str| SyslogAddress::try_from(text.to_owned());
        assert_eq!(read("udp://[::1]:514"), Ok(SyslogAddress::Udp("[::1]:514".to_owned())));
        assert_eq!(read("tcp://log.example:601"), Ok(SyslogAddress::Tcp("log.example:601".into())));
        assert_eq!(read("/dev/log"), Ok(SyslogAddress::Unix("/dev/log".into())));
        for text in ["", "log:514", "udp://log", "udp://:514", "tcp://log:0", "tls://log:6514"] {
            assert!(read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn the_path_of_a_url_is_taken_to_the_letter() {
        let path = |text: &str| PostUrl::try_from(text.to_owned()).map(|url| url.path);
        assert_eq!(path("https://a.example/in/").as_deref(), Ok("/in/"));
        assert_eq!(path("http://a.example").as_deref(), Ok("/"));
        assert!(path("https://user:word@a.example/").is_err());
    }

    #[test]
    fn names_are_fit_for_files_and_headers_for_requests() {
        for name in ["", ".", "../x", "a/b", "A", &"a".repeat(65)] {
            assert!(AnchorName::try_from(name.to_owned()).is_err(), "{name}");
        }
        for name in ["Host", "content-length", "a b", ""] {
            assert!(HeaderKey::try_from(name.to_owned()).is_err(), "{name}");
        }
        assert_eq!(HeaderKey::try_from("X-Token".to_owned()).unwrap().as_str(), "x-token");
    }
}
