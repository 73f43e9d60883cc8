//! A provider's event stream. Events pass as they come; where the caller speaks another dialect,
//! each becomes what it is there. The end mark waits until the outcome is durable; before it, a
//! comment carries the cost and the receipt. A stream that breaks ends in an error event, because
//! to a client a clean end is success.

use bytes::{Bytes, BytesMut};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use inferlayer_accounts::record::Ending;
use inferlayer_filter::exchange::Exchange;
use inferlayer_filter::{Refusal, ResponseHead};
use inferlayer_wire::{Chunk, Meaning, Piece, sse};
use pingora_proxy::Session;

use crate::config::Limits;
use crate::proxy::{Failure, Run, body, respond};
use crate::upstream::EventStream;

/// Brings a stream to the client.
pub(crate) async fn relay(
    session: &mut Session,
    run: &mut Run<'_>,
    mut stream: EventStream,
    limits: &Limits,
) -> Result<(), Failure> {
    respond::begin(session, run, head(stream.status())).await?;
    let ending = loop {
        let (ready, state) = pass(run, &mut stream, limits);
        write(session, ready, false).await?;
        match state {
            State::Open => {}
            State::Done => break Ending::Complete,
            State::Broken => break Ending::UpstreamCut,
        }
        if stream.has_ended() {
            break if stream.is_finished() { Ending::Complete } else { Ending::UpstreamCut };
        }
        let filled = tokio::select! {
            biased;
            filled = stream.fill() => filled,
            () = body::client_gone(session) => return Err(Failure::Gone),
        };
        if filled.is_err() {
            break Ending::UpstreamCut;
        }
    };
    let end_mark = stream.end_mark();
    stream.discard();
    let end = close(run, ending, &end_mark).await;
    write(session, end, true).await
}

/// What the stream is at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Done,
    Broken,
}

/// Passes on what has come; the bytes go to the client in one write.
fn pass(run: &mut Run<'_>, stream: &mut EventStream, limits: &Limits) -> (Bytes, State) {
    let mut ready = BytesMut::new();
    while let Some(Piece { bytes, facts, meaning }) = stream.pop() {
        if let Some(facts) = &facts {
            observe(&mut run.x, facts);
        }
        if !bytes.is_empty()
            && meaning != Meaning::Garbage
            && let Some(bytes) = run.response_chunk(bytes, facts.as_ref())
        {
            run.x.answer.record(&bytes, limits.recorded_answer_bytes);
            ready.extend_from_slice(&bytes);
        }
        match meaning {
            Meaning::Aside | Meaning::Content => {}
            Meaning::End => return (ready.freeze(), State::Done),
            // The provider's own error event is its last word.
            Meaning::Error | Meaning::Garbage => return (ready.freeze(), State::Broken),
        }
    }
    (ready.freeze(), State::Open)
}

/// Settles and records; then what stands at the end of the stream.
async fn close(run: &mut Run<'_>, ending: Ending, end_mark: &[u8]) -> Bytes {
    run.end(ending, StatusCode::OK);
    if let Err(refusal) = run.response_end().await {
        return respond::error_event(&refusal, run.x.dialect);
    }
    let mut end = BytesMut::new();
    end.extend_from_slice(&facts(&run.x));
    match ending {
        Ending::Complete => end.extend_from_slice(end_mark),
        _ => {
            let attempts = "the provider broke off in the middle of its answer".to_owned();
            let broken = Refusal::UpstreamFailed { attempts };
            end.extend_from_slice(&respond::error_event(&broken, run.x.dialect));
        }
    }
    end.freeze()
}

fn facts(x: &Exchange) -> Bytes {
    let lines: Vec<String> =
        respond::closing_facts(x).map(|(name, text)| format!("{name}: {text}")).collect();
    if lines.is_empty() { Bytes::new() } else { sse::comment(&lines.join("\n")) }
}

fn observe(x: &mut Exchange, delta: &Chunk) {
    let answer = &mut x.answer;
    // Some servers count in every event; the last count is the total.
    answer.usage = delta.usage.or(answer.usage);
    answer.output_bytes += delta.output_bytes;
    answer.output_events += u64::from(delta.output_bytes > 0);
    if answer.model.is_none() {
        answer.model.clone_from(&delta.model);
    }
}

fn head(status: StatusCode) -> ResponseHead {
    const ACCEL: HeaderName = HeaderName::from_static("x-accel-buffering");
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(ACCEL, HeaderValue::from_static("no"));
    ResponseHead { status, headers }
}

async fn write(session: &mut Session, bytes: Bytes, end: bool) -> Result<(), Failure> {
    if bytes.is_empty() && !end {
        return Ok(());
    }
    session.write_response_body(Some(bytes), end).await.map_err(|_| Failure::Gone)
}
