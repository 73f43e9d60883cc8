//! A request that passes through, tried once: its body cannot be sent again. Head and body leave
//! as they come, and a provider that answers before the body has ended is heard.

use std::sync::Arc;

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, Method, StatusCode};
use inferlayer_accounts::Tenant;
use inferlayer_filter::exchange::{AttemptResult, Operation};
use inferlayer_filter::{Candidate, Exchange, GatewayError, Refusal, UpstreamRequest};

use crate::config::Limits;
use crate::upstream::answer::cut_in;
use crate::upstream::attempts::{Payload, Trial};
use crate::upstream::connection::Connection;
use crate::upstream::credential::Authorized;
use crate::upstream::provider::Upstream;
use crate::upstream::reply::{Cut, Reply};
use crate::upstream::request_body::RequestBody;
use crate::upstream::{Warrant, streamed};

/// What a provider answers to a request that passes through.
pub(crate) enum Passing {
    /// All of it, without our key.
    Whole { status: StatusCode, headers: HeaderMap, body: Bytes },
    /// As far as it has come: too large to collect, or news.
    Flowing { reply: Box<Reply>, begun: Bytes },
}

/// What a body holds, told from its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// JSON or text.
    Text,
    /// Events, each of which is waited for.
    Events,
    /// Anything else.
    Binary,
}

/// The longest error that is passed on.
const ERROR_MAX_BYTES: usize = 1024 * 1024;

/// A body that is sent as its client brings it, once.
pub(crate) struct PassThrough<'a> {
    method: Method,
    upload: &'a mut dyn RequestBody,
    whole: bool,
}

impl<'a> PassThrough<'a> {
    /// The body of a request with this method.
    pub(crate) fn new(method: Method, upload: &'a mut dyn RequestBody) -> PassThrough<'a> {
        PassThrough { method, upload, whole: true }
    }
}

impl Payload for PassThrough<'_> {
    type Answer = Passing;

    const STREAMED: bool = true;

    fn method(&self) -> &Method {
        &self.method
    }

    /// Never a connection that was used before: what was sent cannot be sent again.
    async fn connect(
        &mut self,
        upstream: &Arc<Upstream>,
        _tenant: &Tenant,
    ) -> Result<Box<Connection>, AttemptResult> {
        upstream.connect_unshared().await
    }

    async fn request(
        &mut self,
        x: &Exchange,
        _candidate: &Candidate,
        _upstream: &Upstream,
    ) -> Result<UpstreamRequest, Refusal> {
        let Operation::Passage(passage) = &x.operation else {
            return Err(GatewayError::Fact("passage").into());
        };
        Ok(streamed::request(passage, &x.head.headers))
    }

    async fn send(
        &mut self,
        connection: Box<Connection>,
        request: Authorized,
        warrant: Warrant<'_>,
    ) -> Result<Result<Reply, AttemptResult>, Refusal> {
        self.whole = false;
        connection.send_streamed(self.method.clone(), request, self.upload, warrant).await
    }

    async fn answer(
        &mut self,
        trial: &Trial<'_>,
        _x: &mut Exchange,
        _candidate: &Candidate,
        reply: Reply,
    ) -> Result<Result<Passing, AttemptResult>, Refusal> {
        tokio::select! {
            biased;
            answer = Passing::begin(reply, trial.limits) => Ok(answer),
            ended = self.upload.interrupted() => Err(ended),
        }
    }

    fn is_whole(&self) -> bool {
        self.whole
    }

    fn status(answer: &Passing) -> StatusCode {
        match answer {
            Passing::Whole { status, .. } => *status,
            Passing::Flowing { reply, .. } => reply.status,
        }
    }
}

impl Passing {
    /// Collects what is short and read as a whole: errors, JSON, text, and what has no body.
    async fn begin(mut reply: Reply, limits: &Limits) -> Result<Passing, AttemptResult> {
        let success = reply.status.is_success();
        if reply.is_encoded() {
            return Err(reply.unreadable());
        }
        let text = Kind::of(&reply.headers) == Kind::Text;
        let max_bytes = match (success, text) {
            (false, _) => ERROR_MAX_BYTES,
            (true, true) => limits.collected_answer_bytes,
            (true, false) => 0,
        };
        let mut body = BytesMut::new();
        while let Some(bytes) = reply.next().await.map_err(|Cut| cut_in(reply.status))? {
            body.extend_from_slice(&bytes);
            if body.len() > max_bytes {
                return match success {
                    true => Ok(Passing::Flowing { reply: Box::new(reply), begun: body.freeze() }),
                    false => Err(AttemptResult::Status { status: reply.status.as_u16() }),
                };
            }
        }
        reply.answered();
        Ok(Passing::Whole { status: reply.status, headers: reply.headers, body: body.freeze() })
    }
}

impl Kind {
    /// By the content type of an answer.
    pub(crate) fn of(headers: &HeaderMap) -> Kind {
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let essence = content_type.unwrap_or_default().split(';').next().unwrap_or_default();
        let essence = essence.trim().to_ascii_lowercase();
        match essence.split_once('/').unwrap_or_default() {
            ("text", "event-stream") => Kind::Events,
            ("text", _) | ("application", "json") => Kind::Text,
            ("application", subtype) if subtype.ends_with("+json") => Kind::Text,
            _ => Kind::Binary,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_can_be_read_is_told_from_its_type() {
        for (content_type, kind) in [
            ("application/json", Kind::Text),
            ("Application/JSON; charset=utf-8", Kind::Text),
            ("application/problem+json", Kind::Text),
            ("text/vtt", Kind::Text),
            ("text/event-stream; charset=utf-8", Kind::Events),
            ("audio/mpeg", Kind::Binary),
            ("application/octet-stream", Kind::Binary),
            ("image/svg+json", Kind::Binary),
            ("", Kind::Binary),
        ] {
            let headers = HeaderMap::from_iter([(CONTENT_TYPE, content_type.parse().unwrap())]);
            assert_eq!(Kind::of(&headers), kind, "{content_type}");
        }
        assert_eq!(Kind::of(&HeaderMap::new()), Kind::Binary);
    }
}
