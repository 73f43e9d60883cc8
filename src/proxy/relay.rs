//! A provider's answer that is not a stream. Up to a limit it is collected, so that its cost and
//! receipt can stand in its head; beyond that it flows, its last piece kept back until the outcome
//! is durable.

use bytes::{Bytes, BytesMut};
use http::header::CONTENT_TYPE;
use http::{HeaderMap, HeaderValue, StatusCode};
use inferlayer_accounts::record::Ending;
use inferlayer_filter::exchange::Exchange;
use inferlayer_filter::{Refusal, ResponseHead};
use inferlayer_wire::Completion;
use pingora_proxy::Session;

use crate::config::Limits;
use crate::proxy::{Failure, Run, body, respond};
use crate::upstream::Reply;

/// Brings a whole answer to the client.
pub(crate) async fn relay(
    session: &mut Session,
    run: &mut Run<'_>,
    mut reply: Reply,
    limits: &Limits,
) -> Result<(), Failure> {
    let mut answer = BytesMut::new();
    while let Some(bytes) = next(session, run, &mut reply).await? {
        answer.extend_from_slice(&bytes);
        if answer.len() > limits.collected_answer_bytes {
            return flow(session, run, reply, answer.freeze(), limits).await;
        }
    }
    let (head, answer) = (head(&reply), answer.freeze());
    reply.release().await;
    run.x.answer.record(&answer, limits.recorded_answer_bytes);
    observe(&mut run.x, &answer);
    run.x.ending.fill(Ending::Complete)?;
    respond::whole(session, run, head, answer).await
}

/// An answer too large to collect.
async fn flow(
    session: &mut Session,
    run: &mut Run<'_>,
    mut reply: Reply,
    begun: Bytes,
    limits: &Limits,
) -> Result<(), Failure> {
    respond::begin(session, run, head(&reply)).await?;
    let mut kept = begun;
    while let Some(bytes) = next(session, run, &mut reply).await.map_err(|_| Failure::Gone)? {
        keep(&mut run.x, &kept, limits);
        write(session, run, std::mem::replace(&mut kept, bytes), false).await?;
    }
    keep(&mut run.x, &kept, limits);
    reply.release().await;
    if !run.x.answer.content_cut {
        let all = run.x.answer.content.clone();
        observe(&mut run.x, &all);
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

async fn write(
    session: &mut Session,
    run: &mut Run<'_>,
    bytes: Bytes,
    end: bool,
) -> Result<(), Failure> {
    let bytes = run.response_chunk(bytes, None);
    session.write_response_body(bytes, end).await.map_err(|_| Failure::Gone)
}

async fn next(
    session: &mut Session,
    run: &mut Run<'_>,
    reply: &mut Reply,
) -> Result<Option<Bytes>, Failure> {
    let next = tokio::select! {
        biased;
        next = reply.next() => next,
        () = body::client_gone(session) => return Err(Failure::Gone),
    };
    next.map_err(|_| {
        // A long answer's head is out: its status is what the client got.
        let sent = StatusCode::from_u16(run.x.answer.status);
        run.end(Ending::UpstreamCut, sent.unwrap_or(StatusCode::BAD_GATEWAY));
        let attempts = "the provider broke off in the middle of its answer".to_owned();
        Failure::Refused(Refusal::UpstreamFailed { attempts })
    })
}

/// Of the provider's headers only the type of the body goes to the client; an allow-list cannot
/// leak a credential that a provider echoes.
fn head(reply: &Reply) -> ResponseHead {
    let mut headers = HeaderMap::new();
    let json = HeaderValue::from_static("application/json");
    headers.insert(CONTENT_TYPE, reply.headers.get(CONTENT_TYPE).cloned().unwrap_or(json));
    ResponseHead { status: reply.status, headers }
}

/// What the answer says of itself: tokens, model, length of the text.
fn observe(x: &mut Exchange, answer: &[u8]) {
    if let Ok(completion) = Completion::parse(answer) {
        x.answer.usage = completion.usage;
        x.answer.model = completion.model;
        x.answer.output_bytes = completion.output_bytes;
    }
}
