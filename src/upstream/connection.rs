//! One connection to a provider and the one request sent over it. Ends in a [`Reply`]: a head and
//! the first piece of the body, so that what fails before a client saw anything can be tried
//! elsewhere.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, StatusCode, header};
use inferlayer_filter::UpstreamRequest;
use inferlayer_filter::exchange::AttemptResult;
use inferlayer_wire::UpstreamPath;
use pingora_core::protocols::http::client::HttpSession;
use pingora_core::upstreams::peer::HttpPeer;
use pingora_core::{ErrorType, Result};
use pingora_http::{RequestHeader, ResponseHeader};
use pingora_timeout::fast_timeout::fast_timeout;

use crate::upstream::Warrant;
use crate::upstream::endpoint::BaseUrl;
use crate::upstream::provider::Upstream;

/// A connection on which nothing has been sent.
pub(crate) struct Connection {
    pub(super) upstream: Arc<Upstream>,
    peer: Arc<HttpPeer>,
    pub(super) session: HttpSession,
    /// Taken from the pool: the provider may have closed it in this moment.
    reused: bool,
}

/// The beginning of an answer.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    first: Option<Bytes>,
    connection: Box<Connection>,
}

/// A final head and the first piece of its body.
type Begun = (StatusCode, HeaderMap, Option<Bytes>);

/// The answer broke off.
#[derive(Debug)]
pub(crate) struct Cut;

/// A provider that refuses a body early often resets the connection; its answer may still be there.
pub(super) const EARLY_ANSWER_TIMEOUT: Duration = Duration::from_secs(1);
/// A pooled connection that breaks later than this after a request was broken by it.
const STALE_WITHIN: Duration = Duration::from_secs(1);
/// What is read of an answer nobody wants, to keep its connection.
const DRAIN_MAX: usize = 64 * 1024;
const DRAIN_TIMEOUT: Duration = Duration::from_secs(2);

impl Connection {
    /// Boxed, because it is handed from future to future and a session is large.
    pub(crate) fn new(
        upstream: Arc<Upstream>,
        peer: Arc<HttpPeer>,
        session: HttpSession,
        reused: bool,
    ) -> Box<Connection> {
        Box::new(Connection { upstream, peer, session, reused })
    }

    /// Sends the request and waits for the first piece of its answer.
    pub(crate) async fn send(
        mut self: Box<Self>,
        request: UpstreamRequest,
        _warrant: Warrant<'_>,
    ) -> Result<Reply, AttemptResult> {
        let UpstreamRequest { path, mut headers, body } = request;
        headers.insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
        let head = self.head(Method::POST, &path, headers);
        let head = head.map_err(|_| AttemptResult::BadAnswer)?;
        let begun = Instant::now();
        let wrote = self.write(head, body).await;
        let patience = match wrote {
            Ok(()) => self.upstream.settings.first_byte_timeout,
            Err(_) => EARLY_ANSWER_TIMEOUT,
        };
        match fast_timeout(patience, self.begin()).await {
            Ok(Ok(begun)) => Ok(self.reply(begun)),
            Ok(Err(error)) => Err(self.failure(error.etype(), begun)),
            Err(_) if wrote.is_err() => Err(AttemptResult::Broken),
            Err(_) => Err(AttemptResult::FirstByteTimeout),
        }
    }

    /// The head of a request whose framing stands in its headers.
    pub(super) fn head(
        &self,
        method: Method,
        path: &UpstreamPath,
        mut headers: HeaderMap,
    ) -> http::Result<Box<RequestHeader>> {
        let BaseUrl { path: base, authority, .. } = &self.upstream.settings.base_url;
        headers.insert(header::HOST, HeaderValue::from_str(authority)?);
        if let Some((name, key)) = &self.upstream.credential {
            headers.insert(name, key.clone());
        }
        let request = http::Request::builder().method(method).uri(format!("{base}{path}"));
        let request = request.body(())?;
        let (mut parts, ()) = request.into_parts();
        parts.headers = headers;
        Ok(Box::new(parts.into()))
    }

    async fn write(&mut self, head: Box<RequestHeader>, body: Bytes) -> Result<()> {
        self.session.write_request_header(head).await?;
        self.session.write_request_body(body, true).await?;
        self.session.finish_request_body().await
    }

    /// The final head and the first piece of the body. A head alone is no answer yet.
    pub(super) async fn begin(&mut self) -> Result<Begun> {
        self.read_final_head().await?;
        let first = self.session.read_response_body().await?;
        let head = self.session.response_header();
        let status = head.map_or(StatusCode::BAD_GATEWAY, |head| head.status);
        Ok((status, head.map(|head| head.headers.clone()).unwrap_or_default(), first))
    }

    /// Reads heads until one is final; nothing where that was done before.
    pub(super) async fn read_final_head(&mut self) -> Result<()> {
        while self.session.response_header().is_none_or(is_informational) {
            self.session.read_response_header().await?;
        }
        Ok(())
    }

    pub(super) fn reply(self: Box<Self>, (status, headers, first): Begun) -> Reply {
        Reply { status, headers, first, connection: self }
    }

    pub(super) fn failure(&self, error: &ErrorType, begun: Instant) -> AttemptResult {
        // A provider that closed it before cannot have worked on this request for long.
        let at_once = begun.elapsed() < STALE_WITHIN;
        let stale = self.reused && at_once && self.session.response_header().is_none();
        match error {
            ErrorType::InvalidHTTPHeader | ErrorType::H1Error => AttemptResult::BadAnswer,
            ErrorType::ReadTimedout => AttemptResult::FirstByteTimeout,
            _ if stale => AttemptResult::Stale,
            _ => AttemptResult::Broken,
        }
    }
}

impl Reply {
    /// A header as text.
    pub(crate) fn header(&self, name: HeaderName) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// The next piece, nothing at the end. No total limit: only silence is cut.
    pub(crate) async fn next(&mut self) -> Result<Option<Bytes>, Cut> {
        if let Some(first) = self.first.take() {
            return Ok(Some(first));
        }
        let idle = self.connection.upstream.settings.idle_timeout;
        let read = self.connection.session.read_response_body();
        fast_timeout(idle, read).await.map_err(|_| Cut)?.map_err(|_| Cut)
    }

    /// Whether our key is in what the provider says.
    pub(crate) fn holds_key(&self, bytes: &[u8]) -> bool {
        self.connection.upstream.settings.key.as_ref().is_some_and(|key| key.is_in(bytes))
    }

    /// What the provider says went wrong, without our key.
    pub(crate) fn redacted(&self, error: Bytes) -> Bytes {
        match &self.connection.upstream.settings.key {
            Some(key) => key.redacted(error),
            None => error,
        }
    }

    /// Gives the connection back once the answer was read to its end.
    pub(crate) async fn release(mut self) {
        if self.connection.session.response_done() {
            let Connection { upstream, peer, session, .. } = *self.connection;
            let HttpSession::H1(session) = session else { return };
            upstream.connector().release_http_session(session, &*peer, None).await;
        }
    }

    /// Reads what is left of an answer nobody wants, beside the request that goes on.
    pub(crate) fn discard(mut self) {
        tokio::spawn(async move {
            let drained = async {
                let mut room = DRAIN_MAX;
                while let Ok(Some(bytes)) = self.next().await {
                    match room.checked_sub(bytes.len()) {
                        Some(left) => room = left,
                        None => return,
                    }
                }
                self.release().await;
            };
            // Past the time the connection is dropped, which closes it.
            let _ = fast_timeout(DRAIN_TIMEOUT, drained).await;
        });
    }
}

fn is_informational(head: &ResponseHeader) -> bool {
    head.status.is_informational()
}
