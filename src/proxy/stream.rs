//! A provider's event stream. Events pass as they come; where the caller speaks another dialect,
//! each becomes what it is there. The end mark waits until the outcome is durable; before it, a
//! comment carries the cost, the receipt and its proof. A stream that breaks ends in an error
//! event, because to a client a clean end is success.

use std::time::Duration;

use bytes::{Bytes, BytesMut};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use inferlayer_filter::exchange::Exchange;
use inferlayer_filter::{Refusal, ResponseHead};
use inferlayer_records::Ending;
use inferlayer_wire::{Meaning, Piece, sse};
use pingora_proxy::Session;
use pingora_timeout::fast_timeout::fast_timeout;

use crate::config::Limits;
use crate::proxy::client::Left;
use crate::proxy::{Failure, Run, client, respond};
use crate::upstream::EventStream;

/// Brings a stream to the client.
pub(crate) async fn relay(
    session: &mut Session,
    run: &mut Run<'_>,
    mut stream: EventStream,
    limits: &Limits,
) -> Result<(), Failure> {
    respond::begin(session, run, head(stream.status())).await?;
    let end = loop {
        let (ready, state) = pass(run, &mut stream, limits);
        write(session, ready, false).await?;
        if state != State::Open {
            break state;
        }
        if stream.has_ended() {
            if stream.is_finished() {
                break State::Done;
            }
            stream.broke();
            break State::Broken;
        }
        match next(session, run, &mut stream, limits).await? {
            Next::Filled => {}
            Next::Cut => break State::Broken,
            Next::Stopped => break State::Stopped,
            Next::ClientGone => {
                last_count(run, stream).await;
                return Err(Failure::Gone);
            }
        }
    };
    let last = close(run, end, &mut stream, limits).await;
    match end {
        // Dropped, it closes the connection: nothing of this answer is wanted any more.
        State::Overran => drop(stream),
        _ => stream.discard(),
    }
    write(session, last, true).await
}

/// What a stream may have beyond its cap before it is cut.
const OVERRUN_BYTES: u64 = 16 * 1024;

/// What the stream is at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Done,
    Broken,
    /// Broken, and the provider has said so itself.
    Told,
    /// Ended by the gateway, which stops.
    Stopped,
    /// Cut by us: it went on far beyond what was asked for and held.
    Overran,
}

/// What a stream was waited for until.
enum Next {
    Filled,
    Cut,
    ClientGone,
    Stopped,
}

/// How often a client that has ended its side is sent something, which tells whether it still
/// listens.
const ASKED_EVERY: Duration = Duration::from_millis(500);

/// Waits for more of the stream. A long silence is filled with comments where that is asked for.
async fn next(
    session: &mut Session,
    run: &Run<'_>,
    stream: &mut EventStream,
    limits: &Limits,
) -> Result<Next, Failure> {
    let mut filling = std::pin::pin!(stream.fill());
    loop {
        let asked = client::is_half_closed(session).then_some(ASKED_EVERY);
        let filled = tokio::select! {
            biased;
            filled = &mut filling => Some(filled),
            left = client::left(session) => match left {
                Left::HalfClosed => None,
                Left::Gone => return Ok(Next::ClientGone),
            },
            () = run.in_flight.until_cut() => return Ok(Next::Stopped),
            () = silence(asked.or(limits.heartbeat)) => None,
        };
        match filled {
            Some(filled) => return Ok(if filled.is_ok() { Next::Filled } else { Next::Cut }),
            None => write(session, run.x.dialect.heartbeat(), false).await?,
        }
    }
}

async fn silence(heartbeat: Option<Duration>) {
    match heartbeat {
        Some(heartbeat) => pingora_timeout::sleep(heartbeat).await,
        None => std::future::pending().await,
    }
}

/// Passes on what has come; the bytes go to the client in one write.
fn pass(run: &mut Run<'_>, stream: &mut EventStream, limits: &Limits) -> (Bytes, State) {
    let mut ready = BytesMut::new();
    while let Some(Piece { bytes, facts, meaning }) = stream.pop() {
        if let Some(facts) = &facts {
            run.x.answer.observe(facts);
        }
        if !bytes.is_empty()
            && meaning != Meaning::Garbage
            && let Some(bytes) = run.response_chunk(bytes, facts.as_ref())
        {
            run.x.answer.record(&bytes, limits.recorded_answer_bytes);
            ready.extend_from_slice(&bytes);
        }
        if overruns(&run.x, limits) {
            return (ready.freeze(), State::Overran);
        }
        match meaning {
            Meaning::Aside | Meaning::Content => {}
            Meaning::End => return (ready.freeze(), State::Done),
            Meaning::Error => return (ready.freeze(), State::Told),
            Meaning::Garbage => return (ready.freeze(), State::Broken),
        }
    }
    (ready.freeze(), State::Open)
}

/// A client that hangs up when all has been said does not take the provider's count along: that
/// comes last, and may tell of more than could be seen.
async fn last_count(run: &mut Run<'_>, mut stream: EventStream) {
    const PATIENCE: Duration = Duration::from_secs(1);
    let counting = async {
        while stream.is_finished() && run.x.answer.usage.is_none() && !stream.has_ended() {
            if stream.fill().await.is_err() {
                return;
            }
            while let Some(piece) = stream.pop() {
                piece.facts.iter().for_each(|facts| run.x.answer.observe(facts));
            }
        }
    };
    let _ = fast_timeout(PATIENCE, counting).await;
}

/// Settles and records; then what stands at the end of the stream.
async fn close(run: &mut Run<'_>, end: State, stream: &mut EventStream, limits: &Limits) -> Bytes {
    let ending = match end {
        State::Done => Ending::Complete,
        State::Stopped => Ending::Abandoned,
        State::Open | State::Broken | State::Told | State::Overran => Ending::UpstreamCut,
    };
    let mut last = BytesMut::new();
    if end == State::Done {
        stream.answered();
        let unsaid = stream.finish();
        run.x.answer.record(&unsaid, limits.recorded_answer_bytes);
        last.extend_from_slice(&unsaid);
    }
    run.end(ending, StatusCode::OK);
    if let Err(refusal) = run.response_end().await {
        return respond::error_event(&refusal, stream);
    }
    if run.x.dialect.skips_comments() {
        last.extend_from_slice(&facts(&run.x));
    }
    match end {
        State::Done => last.extend_from_slice(&stream.end_mark()),
        State::Told => {}
        State::Stopped => {
            last.extend_from_slice(&respond::error_event(&Refusal::Stopping, stream));
        }
        State::Open | State::Broken => {
            let attempts = "the provider broke off in the middle of its answer".to_owned();
            let broken = Refusal::UpstreamFailed { attempts };
            last.extend_from_slice(&respond::error_event(&broken, stream));
        }
        State::Overran => {
            let attempts = "the answer went on far beyond its cap and was cut".to_owned();
            let overran = Refusal::UpstreamFailed { attempts };
            last.extend_from_slice(&respond::error_event(&overran, stream));
        }
    }
    last.freeze()
}

/// Whether more text has come than the tokens that were held for can have.
fn overruns(x: &Exchange, limits: &Limits) -> bool {
    let tokens = x.most_output_tokens();
    let most = tokens.map(|tokens| tokens.saturating_mul(limits.output_token_bytes));
    most.is_some_and(|most| x.answer.output_bytes > most.saturating_add(OVERRUN_BYTES))
}

fn facts(x: &Exchange) -> Bytes {
    let facts = respond::closing_facts(x).chain(respond::proof(x));
    let lines: Vec<String> = facts.map(|(name, text)| format!("{name}: {text}")).collect();
    if lines.is_empty() { Bytes::new() } else { sse::comment(&lines.join("\n")) }
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
