//! One request, tried on its candidates in order until one answers. A candidate is given up only
//! before the first byte of its answer: what a client may have seen is never repeated.

use std::sync::Arc;

use http::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_TYPE, RETRY_AFTER, USER_AGENT};
use http::{HeaderMap, HeaderValue, StatusCode};
use inferlayer_accounts::NanoUsd;
use inferlayer_filter::exchange::{Attempt, AttemptResult};
use inferlayer_filter::{Candidate, Exchange, Refusal, UpstreamRequest};

use crate::proxy::Pipeline;
use crate::upstream::Warrant;
use crate::upstream::connection::{Connection, Reply};
use crate::upstream::provider::Upstreams;

const AGENT: &str = concat!("inferlayer/", env!("CARGO_PKG_VERSION"));
/// A client told to wait longer than this gives up or hangs, so it is told to try again by then.
const RETRY_AFTER_MAX_SECONDS: u64 = 30;

/// Pooled connections that a provider may have closed before one is taken for broken.
const STALE_MAX: usize = 3;

/// Tries the candidates. The answer is the first that another provider could not do better.
pub(crate) async fn run(
    pipeline: &Pipeline,
    upstreams: &Upstreams,
    x: &mut Exchange,
) -> Result<Reply, Refusal> {
    let mut retry_after_seconds = None;
    for index in 0..x.candidates.need()?.len() {
        if !extend_hold(x, index)? {
            break;
        }
        let mut reply = attempt(pipeline, upstreams, x, index).await?;
        for _ in 0..STALE_MAX {
            if !matches!(reply, Err(AttemptResult::Stale)) {
                break;
            }
            reply = attempt(pipeline, upstreams, x, index).await?;
        }
        let Ok(reply) = reply else { continue };
        if is_final(reply.status) {
            end_attempt(x, AttemptResult::Answered { status: reply.status.as_u16() });
            return Ok(reply);
        }
        end_attempt(x, AttemptResult::Status { status: reply.status.as_u16() });
        retry_after_seconds = asked_patience(&reply);
        reply.discard();
    }
    Err(failure(x, retry_after_seconds))
}

/// One attempt, entered in `x.attempts` before anything is sent, so that a torn-down request
/// still tells what was under way.
async fn attempt(
    pipeline: &Pipeline,
    upstreams: &Upstreams,
    x: &mut Exchange,
    index: usize,
) -> Result<Result<Reply, AttemptResult>, Refusal> {
    let candidate = x.candidates.need()?.get(index).cloned();
    let candidate = candidate.ok_or(Refusal::Fact("candidates"))?;
    let upstream = upstreams.of(&candidate).ok_or(Refusal::Internal("provider"))?;
    x.attempts.push(Attempt {
        candidate: index,
        provider: Arc::clone(&candidate.provider),
        model: Arc::clone(&candidate.model),
        result: AttemptResult::Connecting,
    });

    let (connected, intent) = tokio::join!(upstream.connect(), x.intent.need_mut()?.durable());
    let intent = intent?;
    let result = match connected {
        Err(result) => Err(result),
        Ok(connection) => {
            let request = request_for(pipeline, x, &candidate)?;
            send(x, connection, request, &intent).await?
        }
    };
    if let Err(result) = &result {
        end_attempt(x, *result);
    }
    Ok(result)
}

async fn send(
    x: &mut Exchange,
    connection: Box<Connection>,
    request: UpstreamRequest,
    intent: &inferlayer_ledger::Receipt,
) -> Result<Result<Reply, AttemptResult>, Refusal> {
    let warrant = Warrant::new(x.tenant.need()?, x.hold.need_mut()?, intent);
    if let Some(attempt) = x.attempts.last_mut() {
        attempt.result = AttemptResult::Sent;
    }
    Ok(connection.send(request, warrant).await)
}

/// The request as this candidate gets it. Nothing of the client's headers goes along.
fn request_for(
    pipeline: &Pipeline,
    x: &Exchange,
    candidate: &Candidate,
) -> Result<UpstreamRequest, Refusal> {
    let call = x.call.need()?;
    let accept = if call.stream() { "text/event-stream" } else { "application/json" };
    let mut headers = HeaderMap::with_capacity(8);
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/json"));
    headers.insert(ACCEPT, HeaderValue::from_static(accept));
    headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("identity"));
    headers.insert(USER_AGENT, HeaderValue::from_static(AGENT));
    let mut request = UpstreamRequest {
        path: "/chat/completions".to_owned(),
        headers,
        body: call.for_provider(&candidate.model),
    };
    pipeline.upstream_request(x, candidate, &mut request)?;
    Ok(request)
}

/// Makes room for this attempt beside those that may be billed already; it is not made without.
fn extend_hold(x: &mut Exchange, index: usize) -> Result<bool, Refusal> {
    let quotes = x.quotes.need()?;
    let worst_case = |index: usize| quotes.get(index).map(|quote| quote.worst_case);
    let billable = x.attempts.iter().filter(|attempt| attempt.result.may_be_billed());
    let needed = billable
        .filter_map(|attempt| worst_case(attempt.candidate))
        .chain(worst_case(index))
        .fold(NanoUsd::ZERO, NanoUsd::saturating_add);
    let hold = x.hold.need_mut()?;
    let missing = needed.saturating_sub(hold.amount());
    Ok(missing == NanoUsd::ZERO || hold.extend(missing).is_ok())
}

/// Whether no other provider could do better. A redirect is never followed: it names a host that
/// the configuration does not.
fn is_final(status: StatusCode) -> bool {
    status.is_success()
        || (status.is_client_error() && !matches!(status.as_u16(), 401 | 403 | 408 | 429))
}

fn end_attempt(x: &mut Exchange, result: AttemptResult) {
    if let Some(attempt) = x.attempts.last_mut() {
        attempt.result = result;
    }
}

fn asked_patience(reply: &Reply) -> Option<u64> {
    let seconds: u64 = reply.header(RETRY_AFTER)?.trim().parse().ok()?;
    Some(seconds.min(RETRY_AFTER_MAX_SECONDS))
}

fn failure(x: &Exchange, retry_after_seconds: Option<u64>) -> Refusal {
    let attempts = x.attempts.iter().map(describe).collect::<Vec<_>>().join(", ");
    match x.attempts.last().map(|attempt| attempt.result) {
        Some(AttemptResult::FirstByteTimeout | AttemptResult::ConnectTimeout) => {
            Refusal::UpstreamTimeout { attempts }
        }
        Some(AttemptResult::Status { status: 429 }) => Refusal::UpstreamBusy {
            attempts,
            retry_after_seconds: retry_after_seconds.unwrap_or(1),
        },
        _ => Refusal::UpstreamFailed { attempts },
    }
}

fn describe(attempt: &Attempt) -> String {
    match attempt.result.status() {
        Some(status) => format!("{} answered {status}", attempt.provider.name),
        None => format!("{} {}", attempt.provider.name, attempt.result.name().replace('_', " ")),
    }
}
