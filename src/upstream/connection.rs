//! One connection to a provider and the one request sent over it. Ends in a [`Reply`]: a head and
//! the first piece of the body, so that what fails before a client saw anything can be tried
//! elsewhere.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use inferlayer_filter::UpstreamRequest;
use inferlayer_filter::exchange::AttemptResult;
use inferlayer_wire::UpstreamPath;
use pingora_core::protocols::http::client::HttpSession;
use pingora_core::upstreams::peer::HttpPeer;
use pingora_core::{Error, ErrorType, Result};
use pingora_http::{RequestHeader, ResponseHeader};
use pingora_timeout::fast_timeout::fast_timeout;

use crate::upstream::Warrant;
use crate::upstream::endpoint::BaseUrl;
use crate::upstream::provider::Upstream;
use crate::upstream::reply::Reply;

/// A connection on which nothing has been sent.
pub(crate) struct Connection {
    pub(super) upstream: Arc<Upstream>,
    pub(super) peer: Arc<HttpPeer>,
    pub(super) session: HttpSession,
    /// Taken from the pool: the provider may have closed it in this moment.
    reused: bool,
    /// Heads that were read.
    informational: usize,
}

/// A final head and the first piece of its body.
pub(super) type Begun = (StatusCode, HeaderMap, Option<Bytes>);

/// A provider that refuses a body early often resets the connection; its answer may still be there.
pub(super) const EARLY_ANSWER_TIMEOUT: Duration = Duration::from_secs(1);
/// A pooled connection that breaks later than this after a request was broken by it.
const STALE_WITHIN: Duration = Duration::from_secs(1);
/// Heads before the final one, such as 103.
const INFORMATIONAL_MAX: usize = 16;
const TOO_MANY_HEADS: ErrorType = ErrorType::Custom("heads before the final one");

impl Connection {
    /// Boxed, because it is handed from future to future and a session is large.
    pub(crate) fn new(
        upstream: Arc<Upstream>,
        peer: Arc<HttpPeer>,
        session: HttpSession,
        reused: bool,
    ) -> Box<Connection> {
        Box::new(Connection { upstream, peer, session, reused, informational: 0 })
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
        let head = head.map_err(|_| AttemptResult::Unsendable)?;
        self.is_silent().await?;
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

    /// That nothing has come before anything was sent. What came, such as a second answer to the
    /// request before, would be taken for the answer to this one.
    pub(super) async fn is_silent(&mut self) -> Result<(), AttemptResult> {
        let early = tokio::select! {
            biased;
            early = self.session.read_response_header() => early,
            () = std::future::ready(()) => return Ok(()),
        };
        Err(match early {
            Ok(()) => AttemptResult::SpokeFirst,
            Err(_) if self.reused => AttemptResult::Stale,
            Err(_) => AttemptResult::ConnectFailed,
        })
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
            self.informational += 1;
            let head = self.session.response_header();
            // Nobody asked for another protocol.
            let switches = head.is_some_and(|head| head.status == StatusCode::SWITCHING_PROTOCOLS);
            if switches || self.informational > INFORMATIONAL_MAX {
                return Err(Error::new_up(TOO_MANY_HEADS));
            }
        }
        Ok(())
    }

    pub(super) fn reply(self: Box<Self>, begun: Begun) -> Reply {
        Reply::new(begun, self)
    }

    pub(super) fn failure(&self, error: &ErrorType, begun: Instant) -> AttemptResult {
        // A provider that closed it before cannot have worked on this request for long.
        let at_once = begun.elapsed() < STALE_WITHIN;
        let stale = self.reused && at_once && self.session.response_header().is_none();
        match error {
            ErrorType::InvalidHTTPHeader | ErrorType::H1Error => AttemptResult::NotHttp,
            error if *error == TOO_MANY_HEADS => AttemptResult::BadAnswer,
            ErrorType::ReadTimedout => AttemptResult::FirstByteTimeout,
            _ if stale => AttemptResult::Stale,
            _ => AttemptResult::Broken,
        }
    }
}

fn is_informational(head: &ResponseHeader) -> bool {
    head.status.is_informational()
}
