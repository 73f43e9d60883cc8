//! The one place where answers of the gateway become HTTP: those of filters, and refusals in the
//! caller's dialect. Each plays through the response phases like a provider's answer.

use std::fmt::Write;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ALLOW, CONTENT_LENGTH, RETRY_AFTER, TRANSFER_ENCODING};
use http::{HeaderName, HeaderValue, StatusCode, Version};
use inferlayer_accounts::NanoUsd;
use inferlayer_filter::exchange::{Exchange, Refused};
use inferlayer_filter::{Answer, ErrorResponse, Plan, Refusal, ResponseHead};
use inferlayer_records::Ending;
use inferlayer_wire::{Dialect, ErrorParts, Vendor};
use pingora_core::protocols::http::HttpTask;
use pingora_http::ResponseHeader;
use pingora_proxy::Session;

use crate::config::Limits;
use crate::proxy::{Failure, Run, body, chunks};
use crate::upstream::EventStream;

/// The caller's own id of a request, or ours when it has none.
pub(crate) const REQUEST_ID: HeaderName = HeaderName::from_static("x-request-id");
/// The id in the ledger.
const LEDGER_ID: HeaderName = HeaderName::from_static("x-inferlayer-request-id");
const ROUTE: HeaderName = HeaderName::from_static("x-inferlayer-route");
const SIMULATED: HeaderName = HeaderName::from_static("x-inferlayer-simulated");
const COST: HeaderName = HeaderName::from_static("x-inferlayer-cost");
const RECEIPT: HeaderName = HeaderName::from_static("x-inferlayer-receipt");
/// Asked for by a request with the value `true`.
const PROOF: HeaderName = HeaderName::from_static("x-inferlayer-proof");
const SERVER_TIMING: HeaderName = HeaderName::from_static("server-timing");
const SHOULD_RETRY: HeaderName = HeaderName::from_static("x-should-retry");

/// Limits that Pingora leaves open: idle keep-alive, slow readers, draining. A gateway that stops
/// keeps no connection.
pub(crate) fn prepare(session: &mut Session, limits: &Limits, stopping: bool) {
    let downstream = session.as_downstream_mut();
    if downstream.get_keepalive().is_some() {
        downstream.set_keepalive((!stopping).then_some(limits.keep_alive.as_secs()));
    }
    downstream.set_write_timeout(Some(limits.write_idle));
    downstream.set_total_drain_timeout(Some(Duration::from_secs(5)));
}

/// An answer that no filter sees, such as health.
pub(crate) async fn plain(session: &mut Session, answer: Answer) -> pingora_core::Result<()> {
    let head = header(answer.head, Some(answer.body.len()));
    let asked_for_head = session.req_header().method == http::Method::HEAD;
    let body = if asked_for_head { Bytes::new() } else { answer.body };
    write(session, head, body).await
}

/// An answer that a filter gave.
pub(crate) async fn answer(
    session: &mut Session,
    run: &mut Run<'_>,
    answer: Answer,
    limits: &Limits,
) -> Result<(), Failure> {
    body::discard(session, limits).await;
    whole(session, run, answer, Recorded::Nothing).await
}

/// A refusal, in the caller's dialect. An inference that failed is recorded before it is told.
pub(crate) async fn refuse(
    session: &mut Session,
    run: &mut Run<'_>,
    refusal: Refusal,
    limits: &Limits,
) -> Result<(), Failure> {
    let refusal = match record(run, &refusal).await {
        Ok(()) => refusal,
        Err(worse) => worse,
    };
    if refusal.is_client_gone() {
        return Err(Failure::Gone);
    }
    body::discard(session, limits).await;
    let Answer { mut head, body } = refused(run, &refusal);
    run.response_headers(&mut head);
    let sent = send(session, &mut run.x, head, body).await;
    body::linger(session, limits).await;
    sent
}

/// What of a whole body goes into the record of the outcome.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Recorded {
    /// Nothing: it is not JSON or text, or a record of it is there already.
    Nothing,
    /// What the client gets, up to so many bytes.
    Bytes(usize),
}

/// A complete answer: read, ended, recorded, then sent with its cost and receipt in the head.
pub(crate) async fn whole(
    session: &mut Session,
    run: &mut Run<'_>,
    answer: Answer,
    recorded: Recorded,
) -> Result<(), Failure> {
    let Answer { mut head, body } = answer;
    run.x.answer.status = head.status.as_u16();
    run.response_headers(&mut head);
    let body = chunks::whole(run, &head, body)?;
    if let Recorded::Bytes(limit_bytes) = recorded {
        run.x.answer.record(&body, limit_bytes);
    }
    run.x.ending.fill(Ending::Complete)?;
    run.response_end().await?;
    send(session, &mut run.x, head, body).await
}

/// The head of an answer that is streamed; it may bring the length of what follows.
pub(crate) async fn begin(
    session: &mut Session,
    run: &mut Run<'_>,
    mut head: ResponseHead,
) -> Result<(), Failure> {
    run.x.answer.status = head.status.as_u16();
    run.response_headers(&mut head);
    mark(&mut run.x, &mut head);
    match session.req_header().version {
        _ if head.headers.contains_key(CONTENT_LENGTH) => {}
        Version::HTTP_11 => {
            let chunked = HeaderValue::from_static("chunked");
            head.headers.insert(TRANSFER_ENCODING, chunked);
        }
        Version::HTTP_2 => {}
        // HTTP/1.0 knows no chunks: the end of the connection is the end of the answer.
        _ => session.as_downstream_mut().set_keepalive(None),
    }
    session
        .write_response_header(Box::new(header(head, None)), false)
        .await
        .map_err(|_| Failure::Gone)
}

/// An error inside a stream that has begun: the only way its client can tell it from success.
pub(crate) fn error_event(refusal: &Refusal, stream: &EventStream) -> Bytes {
    stream.error_event(parts(&refusal.to_string(), refusal.response()))
}

/// What travels in the comment at the end of a stream, and in the head of a whole answer.
pub(crate) fn closing_facts(x: &Exchange) -> impl Iterator<Item = (HeaderName, String)> {
    let free = x.hit.peek().map(|_| NanoUsd::ZERO);
    let cost = x.cost.peek().map(|cost| cost.amount).or(free);
    let cost = cost.map(|amount| (COST, amount.to_string()));
    let receipt = x.receipt.peek().map(|receipt| (RECEIPT, receipt.reference()));
    cost.into_iter().chain(receipt)
}

/// That the outcome is in the log, as `<sequence> <size> <hash>,<hash>,…` in base64: the path of
/// RFC 6962 from the record to the root that the receipt names.
pub(crate) fn proof(x: &Exchange) -> Option<(HeaderName, String)> {
    let proof = x.receipt.peek()?.inclusion_proof().ok()?;
    let hashes: Vec<_> = proof.hashes().iter().map(|hash| STANDARD.encode(hash.0)).collect();
    let (sequence, size) = (proof.sequence(), proof.checkpoint().head.size);
    Some((PROOF, format!("{sequence} {size} {}", hashes.join(","))))
}

async fn record(run: &mut Run<'_>, refusal: &Refusal) -> Result<(), Refusal> {
    let ErrorResponse { status, code, blame, .. } = *refusal.response();
    let code = code.unwrap_or("invalid_request");
    run.x.refused = Some(Refused { status: status.as_u16(), code, blame });
    let ending = if refusal.is_client_gone() { Ending::ClientGone } else { Ending::Failed };
    run.end(ending, status);
    run.response_end().await
}

/// What the caller is told, past what reads texts; a filter that refuses that too is told of as it
/// is.
fn refused(run: &mut Run<'_>, refusal: &Refusal) -> Answer {
    let Answer { head, body } = told(refusal, run.x.dialect);
    match chunks::whole(run, &head, body) {
        Ok(body) => Answer { head, body },
        Err(refusal) => told(&refusal, run.x.dialect),
    }
}

fn told(refusal: &Refusal, dialect: Dialect) -> Answer {
    let (message, response) = (refusal.to_string(), refusal.response());
    let mut answer = Answer::json(response.status, dialect.error_body(parts(&message, response)));
    let headers = &mut answer.head.headers;
    if let Some(seconds) = response.retry_after_seconds {
        headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
    }
    if response.no_retry {
        headers.insert(SHOULD_RETRY, HeaderValue::from_static("false"));
    }
    if let Some(methods) = response.allow {
        headers.insert(ALLOW, HeaderValue::from_static(methods));
    }
    answer
}

fn parts<'a>(message: &'a str, response: &'a ErrorResponse) -> ErrorParts<'a> {
    let ErrorResponse { status, kind, param, code, .. } = response;
    ErrorParts { status: status.as_u16(), message, kind, param: param.as_deref(), code: *code }
}

async fn send(
    session: &mut Session,
    x: &mut Exchange,
    mut head: ResponseHead,
    body: Bytes,
) -> Result<(), Failure> {
    mark(x, &mut head);
    let header = header(head, Some(body.len()));
    write(session, header, body).await.map_err(|_| Failure::Gone)
}

/// Head and body in one write.
async fn write(
    session: &mut Session,
    header: ResponseHeader,
    body: Bytes,
) -> pingora_core::Result<()> {
    let tasks = vec![HttpTask::Header(Box::new(header), false), HttpTask::Body(Some(body), true)];
    session.write_response_tasks(tasks).await.map(drop)
}

/// Our own headers.
fn mark(x: &mut Exchange, head: &mut ResponseHead) {
    let added = x.arrived.elapsed().saturating_sub(x.waited);
    x.added = Some(added);
    let mut insert = |name, text: String| {
        if let Ok(value) = HeaderValue::try_from(text) {
            head.headers.insert(name, value);
        }
    };
    let id = x.id.to_string();
    insert(REQUEST_ID, x.client_request_id().unwrap_or(&id).to_owned());
    insert(LEDGER_ID, id);
    if x.hit.peek().is_some() {
        insert(ROUTE, route(x, "cache"));
    }
    if let Some(attempt) = x.answered() {
        insert(ROUTE, route(x, &format!("{}/{}", attempt.provider.name, attempt.model)));
        if attempt.provider.vendor == Vendor::Simulated {
            insert(SIMULATED, "true".to_owned());
        }
    }
    if x.hit.peek().is_some_and(|hit| hit.simulated) {
        insert(SIMULATED, "true".to_owned());
    }
    let asked = x.head.headers.get(PROOF).is_some_and(|value| value == "true");
    let proof = asked.then(|| proof(x)).flatten();
    for (name, text) in closing_facts(x).chain(proof) {
        insert(name, text);
    }
    insert(SERVER_TIMING, timing(added, x.waited));
    head.headers.extend(std::mem::take(&mut x.provider_headers));
}

/// Who answered, and why: `provider/model; tier=simple; by=rules; reason=short`, or `cache; …`.
fn route(x: &Exchange, who: &str) -> String {
    let mut route = who.to_owned();
    if let Some(Plan { tier, by, reason, .. }) = x.plan.peek() {
        let _ = write!(route, "; tier={}; by={}; reason={reason}", tier.name(), by.name());
    }
    route
}

/// How long the gateway took, and how long providers did, in milliseconds (W3C Server Timing).
fn timing(added: Duration, waited: Duration) -> String {
    let [(a, b), (c, d)] = [added, waited].map(|time| {
        let micros = time.as_micros();
        (micros / 1000, micros % 1000)
    });
    format!("gateway;dur={a}.{b:03}, provider;dur={c}.{d:03}")
}

fn header(head: ResponseHead, length: Option<usize>) -> ResponseHeader {
    let (mut parts, ()) = http::Response::new(()).into_parts();
    parts.status = head.status;
    parts.headers = head.headers;
    if let Some(length) = length.filter(|_| head.status != StatusCode::NO_CONTENT) {
        // An answer to HEAD tells the length of what it does not bring.
        parts.headers.entry(CONTENT_LENGTH).or_insert_with(|| HeaderValue::from(length));
    }
    parts.into()
}
