//! One connection to a provider and the one request sent over it. Ends in a [`Reply`]: a head and
//! the first piece of the body, so that what fails before a client saw anything can be tried
//! elsewhere.

use std::sync::Arc;
use std::time::{Duration, Instant};

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Method, StatusCode, header};
use inferlayer_filter::exchange::AttemptResult;
use inferlayer_wire::UpstreamPath;
use pingora_core::protocols::Stream;
use pingora_core::protocols::http::client::HttpSession;
use pingora_core::protocols::http::v1::client::HttpSession as Http1Session;
use pingora_core::{Error, ErrorType, Result};
use pingora_http::{RequestHeader, ResponseHeader};

use crate::net::BaseUrl;
use crate::upstream::gather::Gather;
use crate::upstream::idle::Home;
use crate::upstream::provider::Upstream;

/// A connection on which nothing has been sent.
pub(crate) struct Connection {
    pub(super) upstream: Arc<Upstream>,
    /// Where it is kept once its answer is read; nowhere, if nobody will use it again.
    home: Option<Home>,
    pub(super) session: HttpSession,
    /// It was idle: the provider may have closed it in this moment.
    reused: bool,
    /// Heads that were read.
    informational: usize,
}

/// A final head and the first piece of its body.
pub(super) type Begun = (StatusCode, HeaderMap, Option<Bytes>);

/// A provider that refuses a body early often resets the connection; its answer may still be there.
pub(super) const EARLY_ANSWER_TIMEOUT: Duration = Duration::from_secs(1);
/// A connection that breaks later than this after a request may have been broken by it.
const AT_ONCE: Duration = Duration::from_secs(1);
/// Heads before the final one, such as 103.
const INFORMATIONAL_MAX: usize = 16;
const TOO_MANY_HEADS: ErrorType = ErrorType::Custom("heads before the final one");

impl Connection {
    /// Boxed, because it is handed from future to future and a session is large.
    pub(super) fn new(
        upstream: Arc<Upstream>,
        stream: Stream,
        home: Option<Home>,
        reused: bool,
    ) -> Box<Connection> {
        let mut session = HttpSession::H1(Http1Session::new(Box::new(Gather::new(stream))));
        session.set_write_timeout(Some(upstream.settings.idle_timeout));
        Box::new(Connection { upstream, home, session, reused, informational: 0 })
    }

    /// Keeps the connection for its tenant's next request, if its answer was read to the end.
    pub(super) async fn release(self: Box<Self>) {
        let Connection {
            upstream, home: Some(home), session: HttpSession::H1(mut session), ..
        } = *self
        else {
            return;
        };
        session.respect_keepalive();
        if let Some(stream) = session.reuse().await.and_then(Gather::into_inner) {
            upstream.idle.keep(stream, home);
        }
    }

    /// Whether it is kept for others of its tenant.
    pub(super) fn is_shared(&self) -> bool {
        self.home.is_some()
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
        let request = http::Request::builder().method(method).uri(format!("{base}{path}"));
        let request = request.body(())?;
        let (mut parts, ()) = request.into_parts();
        parts.headers = headers;
        Ok(Box::new(parts.into()))
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

    /// What came of a request whose answer did not begin. It was `sent` then, if all of it was.
    pub(super) fn failure(&self, error: &Error, sent: Option<Instant>) -> AttemptResult {
        // Who had no whole request, or no time for it, cannot bill for it; who spoke HTTP, or let
        // time pass, may.
        let at_once = sent.is_none_or(|sent| sent.elapsed() < AT_ONCE);
        let heard = self.session.response_header().is_some() || spoke_http(error);
        match error.etype() {
            ErrorType::ReadTimedout => AttemptResult::FirstByteTimeout,
            ErrorType::InvalidHTTPHeader if at_once && !heard => AttemptResult::NotHttp,
            _ if at_once && !heard && self.reused => AttemptResult::Stale,
            _ if at_once && !heard => AttemptResult::NoHttp,
            ErrorType::InvalidHTTPHeader | ErrorType::H1Error => AttemptResult::BadAnswer,
            error if *error == TOO_MANY_HEADS => AttemptResult::BadAnswer,
            _ => AttemptResult::Broken,
        }
    }

    /// What came of a request that nothing was heard of in time.
    pub(super) fn silence(&self, sent: Option<Instant>) -> AttemptResult {
        match sent {
            Some(_) => AttemptResult::FirstByteTimeout,
            None if self.session.response_header().is_some() => AttemptResult::Broken,
            None => AttemptResult::NoHttp,
        }
    }
}

/// Whether any of an HTTP answer had come when reading its head failed. Pingora tells by its words
/// alone; words that it does not use today are taken for yes, which may bill.
fn spoke_http(error: &Error) -> bool {
    let words = error.context.as_ref().map_or("", |words| words.as_str());
    match error.etype() {
        ErrorType::InvalidHTTPHeader => {
            !words.starts_with("buf: ") || words.starts_with("buf: HTTP/")
        }
        ErrorType::ConnectionClosed | ErrorType::ReadError => !words.ends_with("already read: 0"),
        _ => true,
    }
}

fn is_informational(head: &ResponseHeader) -> bool {
    head.status.is_informational()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_was_heard_before_a_failure_is_told_from_pingora_s_words() {
        let told = |kind: ErrorType, words: &'static str| spoke_http(&Error::explain(kind, words));
        let read = "while reading response headers, bytes already read: ";
        for (kind, words, spoke) in [
            (ErrorType::ConnectionClosed, format!("{read}0"), false),
            (ErrorType::ReadError, format!("{read}0"), false),
            (ErrorType::ReadError, format!("{read}10"), true),
            (ErrorType::InvalidHTTPHeader, r"buf: \x15\x03\x03".to_owned(), false),
            (ErrorType::InvalidHTTPHeader, "buf: HTTP/1.1 2x0".to_owned(), true),
            (ErrorType::InvalidHTTPHeader, "Response header larger than 1".to_owned(), true),
            (ErrorType::ReadError, "other words".to_owned(), true),
            (ErrorType::H2Error, format!("{read}0"), true),
        ] {
            assert_eq!(told(kind, words.leak()), spoke);
        }
    }
}
