//! A provider's answer that is not a stream. Up to a limit it was collected, so that its cost and
//! receipt can stand in its head; beyond that it flows, its last piece kept back until the outcome
//! is durable.

use bytes::Bytes;
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use inferlayer_filter::exchange::Exchange;
use inferlayer_filter::{Answer, ChunkForm, ResponseHead};
use inferlayer_records::Ending;
use pingora_proxy::Session;

use crate::config::Limits;
use crate::proxy::respond::{self, Recorded};
use crate::proxy::{Failure, Run, chunks, client};
use crate::upstream::{Long, Reply, Whole, read_answer};

/// Brings a whole answer to the client.
pub(crate) async fn whole(
    session: &mut Session,
    run: &mut Run<'_>,
    answer: Whole,
    limits: &Limits,
) -> Result<(), Failure> {
    if let Some(facts) = answer.facts {
        run.x.answer.take(facts);
    }
    let head = head(answer.status, answer.content_type);
    let answer = Answer { head, body: answer.body };
    respond::whole(session, run, answer, Recorded::Bytes(limits.recorded_answer_bytes)).await
}

/// Brings an answer too large to collect to the client.
pub(crate) async fn long(
    session: &mut Session,
    run: &mut Run<'_>,
    answer: Long,
    limits: &Limits,
) -> Result<(), Failure> {
    let Long { mut reply, begun: mut kept } = answer;
    let content_type = reply.headers.get(CONTENT_TYPE).cloned();
    respond::begin(session, run, head(reply.status, content_type)).await?;
    while let Some(bytes) = next(session, run, &mut reply).await? {
        keep(&mut run.x, &kept, limits);
        write(session, run, std::mem::replace(&mut kept, bytes), false).await?;
    }
    keep(&mut run.x, &kept, limits);
    reply.answered();
    reply.release().await;
    if !run.x.answer.content_cut {
        let all = run.x.answer.content.clone().freeze();
        let call = run.x.call.need()?;
        // Only answers in the caller's own dialect are not collected.
        if let Ok(read) = read_answer(run.x.tenant.need()?, call, call.api(), all).await {
            run.x.answer.take(read.facts);
        }
    }
    run.x.ending.fill(Ending::Complete)?;
    // Its head is out, so a ledger that fails now can only cut the answer short.
    run.response_end().await.map_err(|_| Failure::Gone)?;
    write(session, run, kept, true).await
}

/// For the record; counted too, in case it grows too long to be read in the end.
fn keep(x: &mut Exchange, bytes: &[u8], limits: &Limits) {
    x.answer.record(bytes, limits.recorded_answer_bytes);
    x.answer.output_bytes += bytes.len() as u64;
}

pub(crate) async fn write(
    session: &mut Session,
    run: &mut Run<'_>,
    bytes: Bytes,
    end: bool,
) -> Result<(), Failure> {
    let mut out = Vec::new();
    // The head is out, so a filter that refuses can only cut the answer short.
    run.chunk(bytes, ChunkForm::Part, &mut out).map_err(|_| Failure::Gone)?;
    session.write_response_body(Some(chunks::joined(out)), end).await.map_err(|_| Failure::Gone)
}

pub(crate) async fn next(
    session: &mut Session,
    run: &mut Run<'_>,
    reply: &mut Reply,
) -> Result<Option<Bytes>, Failure> {
    let next = tokio::select! {
        biased;
        next = reply.next() => next,
        () = client::gone(session) => return Err(Failure::Gone),
        () = run.in_flight.until_cut() => {
            let sent = StatusCode::from_u16(run.x.answer.status);
            run.end(Ending::Abandoned, sent.unwrap_or(StatusCode::SERVICE_UNAVAILABLE));
            return Err(Failure::Gone);
        }
    };
    next.map_err(|_| {
        // The head is out: its status is what the client got.
        let sent = StatusCode::from_u16(run.x.answer.status);
        run.end(Ending::UpstreamCut, sent.unwrap_or(StatusCode::BAD_GATEWAY));
        Failure::Gone
    })
}

/// Of the provider's headers only the type of the body goes to the client, and where the body was
/// understood the type is ours.
fn head(status: StatusCode, content_type: Option<HeaderValue>) -> ResponseHead {
    let mut headers = HeaderMap::new();
    let json = HeaderValue::from_static("application/json");
    headers.insert(CONTENT_TYPE, content_type.unwrap_or(json));
    ResponseHead { status, headers }
}
