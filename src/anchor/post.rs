//! One POST and its whole answer, to a server that is reached as providers are: names resolved
//! without blocking, TLS verified, no redirect followed. A connection for each, since a hand-over
//! every few seconds seldom finds the last one open.

use std::net::SocketAddr;
use std::path::Path;

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, header};
use pingora_core::connectors::ConnectorOptions;
use pingora_core::upstreams::peer::HttpPeer;
use pingora_http::RequestHeader;

use crate::anchor::sink::SendError;
use crate::net::{BaseUrl, HttpAnswer, HttpClient, HttpConnection, HttpError, Resolver};

/// Posts to one server.
pub(crate) struct Poster {
    url: BaseUrl,
    headers: HeaderMap,
    client: HttpClient,
    resolver: Resolver,
}

/// A witness answers with a few lines.
const ANSWER_MAX_BYTES: usize = 16 * 1024;
const TEXT: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");
const AGENT: HeaderValue =
    HeaderValue::from_static(concat!("inferlayer/", env!("CARGO_PKG_VERSION")));

impl Poster {
    /// `headers` go along with every request.
    pub(crate) fn new(url: BaseUrl, headers: HeaderMap, ca_file: Option<&Path>) -> Poster {
        let mut options = ConnectorOptions::new(1);
        options.ca_file = ca_file.map(|path| path.display().to_string());
        let client = HttpClient::new(Some(options), ANSWER_MAX_BYTES);
        Poster { url, headers, client, resolver: Resolver::default() }
    }

    /// Posts text to `path`. Has no time limit of its own.
    pub(crate) async fn post(&self, path: &str, body: Bytes) -> Result<HttpAnswer, SendError> {
        let head = self.head(path, body.len()).map_err(|error| failed(&error))?;
        let session = self.connect().await.inspect_err(|_| self.resolver.forget())?;
        self.client.exchange(session, head, body).await.map_err(broken)
    }

    async fn connect(&self) -> Result<HttpConnection, SendError> {
        let BaseUrl { host, port, .. } = &self.url;
        let peers = self.resolver.resolve(host, *port, |address| self.peer(address)).await;
        let unresolved = || SendError::Unresolved(host.clone());
        let peers = peers.map_err(|_| unresolved())?;
        let mut result = Err(unresolved());
        for peer in peers.iter() {
            match self.client.connect(peer).await {
                Ok(connection) => return Ok(connection),
                Err(error) => result = Err(broken(error)),
            }
        }
        result
    }

    #[expect(clippy::disallowed_methods, reason = "an address needs no resolution")]
    fn peer(&self, address: SocketAddr) -> HttpPeer {
        HttpPeer::new(address, self.url.tls, self.url.host.clone())
    }

    fn head(&self, path: &str, length: usize) -> http::Result<RequestHeader> {
        let (mut parts, ()) = http::Request::post(path).body(())?.into_parts();
        parts.headers = self.headers.clone();
        parts.headers.insert(header::HOST, HeaderValue::from_str(&self.url.authority)?);
        parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        parts.headers.insert(header::CONTENT_TYPE, TEXT);
        parts.headers.insert(header::USER_AGENT, AGENT);
        Ok(parts.into())
    }
}

fn broken(error: HttpError) -> SendError {
    match error {
        HttpError::Failed(error) => failed(&error),
        HttpError::NoStatus => SendError::BadAnswer("it answered without a status"),
        HttpError::TooLong => SendError::BadAnswer("its answer is too long"),
    }
}

fn failed(error: &impl ToString) -> SendError {
    SendError::Http(error.to_string())
}
