//! A request that passes through, tried once: its body cannot be sent again. Head and body leave
//! as they come, and a provider that answers before the body has ended is heard.

use std::sync::Arc;
use std::time::{Instant, SystemTime};

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, StatusCode};
use inferlayer_filter::exchange::{AttemptResult, Operation};
use inferlayer_filter::{Candidate, Exchange, GatewayError, Refusal, UpstreamRequest};
use inferlayer_ledger::Receipt;

use crate::config::Limits;
use crate::upstream::answer::cut_in;
use crate::upstream::attempts::{Course, Trial, enter, is_final, leave};
use crate::upstream::connection::Connection;
use crate::upstream::failure::{Patience, failure};
use crate::upstream::health::result_of;
use crate::upstream::provider::Upstream;
use crate::upstream::reply::{Cut, Reply};
use crate::upstream::request_body::RequestBody;
use crate::upstream::{Warrant, patience, streamed};

/// What a provider answers to a request that passes through.
pub(crate) enum Passing {
    /// All of it, without our key.
    Whole { status: StatusCode, headers: HeaderMap, body: Bytes },
    /// As far as it has come: too large to collect, or news.
    Flowing { reply: Reply, begun: Bytes },
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

impl Trial<'_> {
    /// Sends the request to its one candidate.
    pub(crate) async fn pass(
        &self,
        x: &mut Exchange,
        upload: &mut dyn RequestBody,
    ) -> Result<Passing, Refusal> {
        let candidate =
            x.candidates.need()?.get(0).cloned().ok_or(GatewayError::Fact("candidates"))?;
        let upstream = self.upstreams.permitted(x.tenant.need()?, &candidate)?;
        let mut patience = Patience::default();
        let mut course = match upstream.health().admit(&candidate.model, x.tenant.need()?) {
            Ok(pass) => Course::new(pass),
            Err(not_asked) => {
                enter(x, &candidate, result_of(not_asked.reason));
                patience.add(not_asked.left);
                return Err(failure(x, patience));
            }
        };
        enter(x, &candidate, AttemptResult::Connecting);
        let answer = self.pass_to(upstream, &candidate, x, upload, &mut course).await?;
        leave(x, answer.as_ref().map(Passing::status).map_err(|result| *result));
        answer.map_err(|result| {
            course.end(result, upstream, &mut patience);
            failure(x, patience)
        })
    }

    async fn pass_to(
        &self,
        upstream: &Arc<Upstream>,
        candidate: &Candidate,
        x: &mut Exchange,
        upload: &mut dyn RequestBody,
        course: &mut Course,
    ) -> Result<Result<Passing, AttemptResult>, Refusal> {
        let intent = x.intent.need_mut()?;
        let (connected, intent) = tokio::join!(upstream.connect_unshared(), intent.durable());
        let intent = intent?;
        let connection = match connected {
            Ok(connection) => connection,
            Err(result) => return Ok(Err(result)),
        };
        let request = self.passing_request(x, candidate)?;
        let sent = Instant::now();
        let reply = send(x, connection, request, upload, &intent).await?;
        x.waited += sent.elapsed();
        let reply = match reply {
            Ok(mut reply) if is_final(reply.status) => {
                reply.carry(course.pass.take());
                reply
            }
            Ok(reply) => {
                course.asked = patience::asked(&reply.headers, SystemTime::now());
                return Ok(Err(AttemptResult::Status { status: reply.status.as_u16() }));
            }
            Err(result) => return Ok(Err(result)),
        };
        tokio::select! {
            biased;
            answer = Passing::begin(reply, self.limits) => Ok(answer),
            ended = upload.interrupted() => Err(ended),
        }
    }

    fn passing_request(
        &self,
        x: &Exchange,
        candidate: &Candidate,
    ) -> Result<UpstreamRequest, Refusal> {
        let Operation::Passage(passage) = &x.operation else {
            return Err(GatewayError::Fact("passage").into());
        };
        let mut request = streamed::request(passage, &x.head.headers);
        self.pipeline.upstream_request(x, candidate, &mut request)?;
        Ok(request)
    }
}

async fn send(
    x: &mut Exchange,
    connection: Box<Connection>,
    request: UpstreamRequest,
    upload: &mut dyn RequestBody,
    intent: &Receipt,
) -> Result<Result<Reply, AttemptResult>, Refusal> {
    let warrant = Warrant::new(x.tenant.need()?, x.hold.need_mut()?, intent);
    if let Some(attempt) = x.attempts.last_mut() {
        attempt.result = AttemptResult::Sent;
    }
    connection.send_streamed(x.head.method.clone(), request, upload, warrant).await
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
                    true => Ok(Passing::Flowing { reply, begun: body.freeze() }),
                    false => Err(AttemptResult::Status { status: reply.status.as_u16() }),
                };
            }
        }
        reply.answered();
        Ok(Passing::Whole { status: reply.status, headers: reply.headers, body: body.freeze() })
    }

    fn status(&self) -> StatusCode {
        match self {
            Passing::Whole { status, .. } => *status,
            Passing::Flowing { reply, .. } => reply.status,
        }
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
