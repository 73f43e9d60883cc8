//! The answer to what passes through. What was collected goes out with its cost and receipt;
//! everything else flows, and its end waits until the outcome is durable: the last piece of a
//! body, or, where each piece is news, as in a stream of events, the end alone.

use bytes::Bytes;
use http::header::{
    CONTENT_DISPOSITION, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE,
};
use http::{HeaderMap, HeaderName, Method};
use inferlayer_filter::exchange::Exchange;
use inferlayer_filter::{Answer, ResponseHead};
use inferlayer_records::Ending;
use pingora_proxy::Session;

use crate::config::Limits;
use crate::proxy::respond::{self, Recorded};
use crate::proxy::{Failure, Run, body, relay};
use crate::upstream::{Kind, Passing, Reply};

/// What a client needs to read the body; of a provider's other headers nothing goes to the client.
const PASSED_ON: [HeaderName; 4] =
    [CONTENT_TYPE, CONTENT_DISPOSITION, CONTENT_RANGE, CONTENT_ENCODING];

/// Brings an answer to the client, whose own body may still be coming.
pub(crate) async fn answer(
    session: &mut Session,
    run: &mut Run<'_>,
    answer: Passing,
    limits: &Limits,
) -> Result<(), Failure> {
    if !session.as_downstream_mut().is_body_done() {
        // What nobody has read must not be taken for the next request.
        session.as_downstream_mut().set_keepalive(None);
    }
    match answer {
        Passing::Whole { status, headers, body } => {
            let mut head = ResponseHead { status, headers: passed_on(&headers) };
            if run.x.head.method == Method::HEAD {
                copy(&CONTENT_LENGTH, &headers, &mut head.headers);
            }
            pass(&mut run.x, &body);
            let recorded = match Kind::of(&headers) {
                Kind::Binary => Recorded::Nothing,
                _ => Recorded::Bytes(limits.recorded_answer_bytes),
            };
            respond::whole(session, run, Answer { head, body }, recorded).await?;
        }
        Passing::Flowing { reply, begun } => flow(session, run, *reply, begun, limits).await?,
    }
    body::linger(session, limits).await;
    Ok(())
}

async fn flow(
    session: &mut Session,
    run: &mut Run<'_>,
    mut reply: Reply,
    begun: Bytes,
    limits: &Limits,
) -> Result<(), Failure> {
    let kind = Kind::of(&reply.headers);
    let mut head = ResponseHead { status: reply.status, headers: passed_on(&reply.headers) };
    if kind != Kind::Events {
        copy(&CONTENT_LENGTH, &reply.headers, &mut head.headers);
    }
    respond::begin(session, run, head).await?;
    let (mut kept, mut next) = (Bytes::new(), Some(begun));
    while let Some(bytes) = next {
        count(&mut run.x, &bytes, kind, limits);
        let ready = match kind {
            Kind::Events => bytes,
            Kind::Text | Kind::Binary => std::mem::replace(&mut kept, bytes),
        };
        if !ready.is_empty() {
            relay::write(session, run, ready, false).await?;
        }
        next = relay::next(session, run, &mut reply).await?;
    }
    reply.answered();
    run.x.ending.fill(Ending::Complete)?;
    // Its head is out, so a ledger that fails now can only cut the answer short.
    run.response_end().await.map_err(|_| Failure::Gone)?;
    relay::write(session, run, kept, true).await
}

/// The record holds what can be read; of everything else the number of its bytes.
fn count(x: &mut Exchange, bytes: &Bytes, kind: Kind, limits: &Limits) {
    if kind != Kind::Binary {
        x.answer.record(bytes, limits.recorded_answer_bytes);
    }
    pass(x, bytes);
}

fn pass(x: &mut Exchange, bytes: &Bytes) {
    if let Some(passed) = &mut x.passed {
        passed.answer_bytes += bytes.len() as u64;
    }
}

fn passed_on(headers: &HeaderMap) -> HeaderMap {
    let mut passed = HeaderMap::with_capacity(16);
    PASSED_ON.iter().for_each(|name| copy(name, headers, &mut passed));
    passed
}

fn copy(name: &HeaderName, from: &HeaderMap, to: &mut HeaderMap) {
    if let Some(value) = from.get(name) {
        to.insert(name, value.clone());
    }
}
