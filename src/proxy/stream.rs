//! A provider's event stream. Events pass as they come; where the caller speaks another dialect,
//! each becomes what it is there. The end mark waits until the outcome is durable; before it, a
//! comment carries the cost, the receipt and its proof. A stream that breaks ends in an error
//! event, because to a client a clean end is success.

mod close;

use std::time::Duration;

use bytes::Bytes;
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue, StatusCode};
use inferlayer_filter::exchange::Exchange;
use inferlayer_filter::{Refusal, ResponseHead};
use inferlayer_wire::{Dialect, Meaning, Piece};
use pingora_proxy::Session;
use pingora_timeout::fast_timeout::fast_timeout;

use crate::config::Limits;
use crate::in_flight::InFlight;
use crate::proxy::client::Left;
use crate::proxy::{Failure, Run, chunks, client, respond};
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
        if !matches!(state, State::Open) {
            break state;
        }
        if stream.has_ended() {
            if stream.is_finished() {
                break State::Done;
            }
            stream.broke();
            break State::Broken;
        }
        match next(session, run.in_flight, run.x.dialect, &mut stream, limits).await? {
            Next::Filled => {}
            Next::Cut => break State::Broken,
            Next::Stopped => break State::Stopped,
            Next::ClientGone => {
                last_count(run, stream).await;
                return Err(Failure::Gone);
            }
        }
    };
    // Nothing more is wanted of an answer that is cut.
    let is_cut = matches!(end, State::Overran | State::Refused(_));
    let last = close::close(run, end, &mut stream, limits).await;
    match is_cut {
        // Dropped, it closes the connection.
        true => drop(stream),
        false => stream.discard(),
    }
    write(session, last, true).await
}

/// What a stream may have beyond its cap before it is cut.
const OVERRUN_BYTES: u64 = 16 * 1024;

/// What the stream is at.
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
    /// Cut by a filter that read it.
    Refused(Refusal),
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
    in_flight: &InFlight,
    dialect: Dialect,
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
            () = in_flight.until_cut() => return Ok(Next::Stopped),
            () = silence(asked.or(limits.heartbeat)) => None,
        };
        match filled {
            Some(filled) => return Ok(if filled.is_ok() { Next::Filled } else { Next::Cut }),
            None => write(session, dialect.heartbeat(), false).await?,
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
    let mut ready = Vec::new();
    let mut state = State::Open;
    while matches!(state, State::Open)
        && let Some(piece) = stream.pop()
    {
        state = match pass_piece(run, piece, limits, &mut ready) {
            Ok(state) => state,
            Err(refusal) => State::Refused(refusal),
        };
    }
    (recorded(run, ready, limits), state)
}

/// One event of the provider, and what it is to its caller: none, one or several.
fn pass_piece(
    run: &mut Run<'_>,
    piece: Piece,
    limits: &Limits,
    ready: &mut Vec<Bytes>,
) -> Result<State, Refusal> {
    let Piece { bytes, facts, meaning } = piece;
    if let Some(facts) = &facts {
        run.x.answer.observe(facts);
    }
    if meaning != Meaning::Garbage {
        chunks::events(run, bytes, ready)?;
    }
    Ok(match meaning {
        _ if overruns(&run.x, limits) => State::Overran,
        Meaning::Aside | Meaning::Content => State::Open,
        Meaning::End => State::Done,
        Meaning::Error => State::Told,
        Meaning::Garbage => State::Broken,
    })
}

/// What goes to the client, and into the record as it does.
fn recorded(run: &mut Run<'_>, ready: Vec<Bytes>, limits: &Limits) -> Bytes {
    let ready = chunks::joined(ready);
    run.x.answer.record(&ready, limits.recorded_answer_bytes);
    ready
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

/// Whether more text has come than the tokens that were held for can have.
fn overruns(x: &Exchange, limits: &Limits) -> bool {
    let tokens = x.most_output_tokens();
    let most = tokens.map(|tokens| tokens.saturating_mul(limits.output_token_bytes));
    most.is_some_and(|most| x.answer.output_bytes > most.saturating_add(OVERRUN_BYTES))
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
