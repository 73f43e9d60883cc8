//! One POST and its whole answer, by Pingora's connector as providers are reached: names resolved
//! without blocking, TLS verified, no redirect followed. A connection for each, since a hand-over
//! every few seconds seldom finds the last one open.

use std::net::SocketAddr;
use std::path::Path;

use bytes::{Bytes, BytesMut};
use http::{HeaderMap, HeaderValue, StatusCode, header};
use pingora_core::connectors::ConnectorOptions;
use pingora_core::connectors::http::v1::Connector;
use pingora_core::protocols::http::client::HttpSession;
use pingora_core::upstreams::peer::HttpPeer;
use pingora_http::RequestHeader;

use crate::anchor::sink::SendError;
use crate::upstream::{BaseUrl, Resolver};

/// Posts to one server.
pub(crate) struct Poster {
    url: BaseUrl,
    headers: HeaderMap,
    connector: Connector,
    resolver: Resolver,
}

/// A whole answer.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: StatusCode,
    pub(crate) body: Bytes,
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
        let connector = Connector::new(Some(options));
        Poster { url, headers, connector, resolver: Resolver::default() }
    }

    /// Posts text to `path`. Has no time limit of its own.
    pub(crate) async fn post(&self, path: &str, body: Bytes) -> Result<Answer, SendError> {
        let head = self.head(path, body.len()).map_err(|error| failed(&error))?;
        let session = self.connect().await.inspect_err(|_| self.resolver.forget())?;
        exchange(session, head, body).await
    }

    async fn connect(&self) -> Result<HttpSession, SendError> {
        let BaseUrl { host, port, .. } = &self.url;
        let peers = self.resolver.resolve(host, *port, |address| self.peer(address)).await;
        let unresolved = || SendError::Unresolved(host.clone());
        let peers = peers.map_err(|_| unresolved())?;
        let mut result = Err(unresolved());
        for peer in peers.iter() {
            match self.connector.get_http_session(&**peer).await {
                Ok((session, _)) => return Ok(HttpSession::H1(session)),
                Err(error) => result = Err(failed(&error)),
            }
        }
        result
    }

    #[expect(clippy::disallowed_methods, reason = "an address needs no resolution")]
    fn peer(&self, address: SocketAddr) -> HttpPeer {
        HttpPeer::new(address, self.url.tls, self.url.host.clone())
    }

    fn head(&self, path: &str, length: usize) -> http::Result<Box<RequestHeader>> {
        let (mut parts, ()) = http::Request::post(path).body(())?.into_parts();
        parts.headers = self.headers.clone();
        parts.headers.insert(header::HOST, HeaderValue::from_str(&self.url.authority)?);
        parts.headers.insert(header::CONTENT_LENGTH, HeaderValue::from(length));
        parts.headers.insert(header::CONTENT_TYPE, TEXT);
        parts.headers.insert(header::USER_AGENT, AGENT);
        Ok(Box::new(parts.into()))
    }
}

async fn exchange(
    mut session: HttpSession,
    head: Box<RequestHeader>,
    body: Bytes,
) -> Result<Answer, SendError> {
    let failed = |error: Box<pingora_core::Error>| failed(&error);
    session.write_request_header(head).await.map_err(failed)?;
    session.write_request_body(body, true).await.map_err(failed)?;
    session.finish_request_body().await.map_err(failed)?;
    let status = loop {
        session.read_response_header().await.map_err(failed)?;
        let status = session.response_header().map(|head| head.status);
        match status.ok_or(SendError::BadAnswer("it answered without a status"))? {
            informational if informational.is_informational() => {}
            status => break status,
        }
    };
    let mut body = BytesMut::new();
    while let Some(piece) = session.read_response_body().await.map_err(failed)? {
        body.extend_from_slice(&piece);
        if body.len() > ANSWER_MAX_BYTES {
            return Err(SendError::BadAnswer("its answer is too long"));
        }
    }
    Ok(Answer { status, body: body.freeze() })
}

fn failed(error: &impl ToString) -> SendError {
    SendError::Http(error.to_string())
}
