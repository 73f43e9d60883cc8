//! A provider's event stream. Events pass as they come, byte for byte; only two are touched: the
//! usage frame that we asked for and the client did not is taken out, and `[DONE]` waits until the
//! outcome is durable. Before it, a comment carries the cost and the receipt. A stream that breaks
//! ends in an error event, because to a client a clean end is success.

use bytes::{Bytes, BytesMut};
use http::header::{CACHE_CONTROL, CONTENT_TYPE};
use http::{HeaderMap, HeaderName, HeaderValue};
use inferlayer_accounts::record::Ending;
use inferlayer_filter::exchange::Exchange;
use inferlayer_filter::{Refusal, ResponseHead};
use inferlayer_wire::{ChatRequest, Chunk, sse};
use pingora_proxy::Session;

use crate::config::Limits;
use crate::proxy::{Failure, Run, body, respond};
use crate::upstream::Reply;

/// Whether an answer is a stream of events.
pub(crate) fn is_event_stream(reply: &Reply) -> bool {
    let content_type = reply.header(CONTENT_TYPE).unwrap_or_default();
    reply.status.is_success() && content_type.starts_with("text/event-stream")
}

/// Brings a stream to the client.
pub(crate) async fn relay(
    session: &mut Session,
    run: &mut Run<'_>,
    mut reply: Reply,
    limits: &Limits,
) -> Result<(), Failure> {
    respond::begin(session, run, head(&reply)).await?;
    let mut stream = Stream::new(limits, run.x.call.need()?);
    let ending = loop {
        let next = tokio::select! {
            biased;
            next = reply.next() => next,
            () = body::client_gone(session) => return Err(Failure::Gone),
        };
        let state = match next {
            Ok(Some(bytes)) => stream.take(run, bytes),
            Ok(None) => stream.end(run),
            Err(_) => State::Broken,
        };
        write(session, stream.ready(), false).await?;
        match state {
            State::Open => {}
            State::Done => break Ending::Complete,
            State::Broken => break Ending::UpstreamCut,
        }
    };
    reply.discard();
    let end = close(run, ending).await;
    write(session, end, true).await
}

/// What the stream is at.
#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    Open,
    Done,
    Broken,
}

struct Stream {
    decoder: sse::Decoder,
    wants_usage: bool,
    recorded_max_bytes: usize,
    /// Choices without a finish reason yet. At none, an end without `[DONE]` is still an end.
    unfinished: usize,
    ready: BytesMut,
}

impl Stream {
    fn new(limits: &Limits, call: &ChatRequest) -> Stream {
        Stream {
            decoder: sse::Decoder::new(limits.event_bytes),
            wants_usage: call.wants_usage(),
            recorded_max_bytes: limits.recorded_answer_bytes,
            unfinished: call.choices() as usize,
            ready: BytesMut::new(),
        }
    }

    /// Takes the next bytes of the provider.
    fn take(&mut self, run: &mut Run<'_>, bytes: Bytes) -> State {
        if self.decoder.push(bytes).is_err() {
            return State::Broken;
        }
        while let Some(event) = self.decoder.next() {
            match self.event(run, &event) {
                State::Open => {}
                state => return state,
            }
        }
        State::Open
    }

    /// The provider has closed the stream.
    fn end(&mut self, run: &mut Run<'_>) -> State {
        let last = self.decoder.finish().map(|event| self.unterminated(run, &event));
        match last {
            Some(State::Done) => State::Done,
            _ if self.unfinished == 0 => State::Done,
            _ => State::Broken,
        }
    }

    /// An event that the end of the stream cut: passed on if it is whole, with the end it lacks, so
    /// that nothing of ours runs into it.
    fn unterminated(&mut self, run: &mut Run<'_>, event: &sse::Event) -> State {
        if !event.is_done() && Chunk::parse(&event.data()).is_err() {
            return State::Broken;
        }
        let state = self.event(run, event);
        if !self.ready.is_empty() {
            self.ready.extend_from_slice(b"\n\n");
        }
        state
    }

    /// What is to be sent now.
    fn ready(&mut self) -> Bytes {
        self.ready.split().freeze()
    }

    fn event(&mut self, run: &mut Run<'_>, event: &sse::Event) -> State {
        if event.is_done() {
            return State::Done;
        }
        let delta = Chunk::parse(&event.data()).ok();
        if let Some(delta) = &delta {
            observe(&mut run.x, delta);
            self.unfinished = self.unfinished.saturating_sub(delta.finish_reasons.len());
            if delta.usage_only && !self.wants_usage {
                return State::Open;
            }
        }
        if let Some(bytes) = run.response_chunk(event.raw.clone(), delta.as_ref()) {
            run.x.answer.record(&bytes, self.recorded_max_bytes);
            self.ready.extend_from_slice(&bytes);
        }
        // The provider's own error event is its last word.
        if delta.is_some_and(|delta| delta.error) { State::Broken } else { State::Open }
    }
}

/// Settles and records; then what stands at the end of the stream.
async fn close(run: &mut Run<'_>, ending: Ending) -> Bytes {
    run.end(ending, http::StatusCode::OK);
    if let Err(refusal) = run.response_end().await {
        return respond::error_event(&refusal, run.x.dialect);
    }
    let mut end = BytesMut::new();
    end.extend_from_slice(&facts(&run.x));
    match ending {
        Ending::Complete => end.extend_from_slice(b"data: [DONE]\n\n"),
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

fn head(reply: &Reply) -> ResponseHead {
    const ACCEL: HeaderName = HeaderName::from_static("x-accel-buffering");
    let mut headers = HeaderMap::new();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/event-stream; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-cache"));
    headers.insert(ACCEL, HeaderValue::from_static("no"));
    ResponseHead { status: reply.status, headers }
}

async fn write(session: &mut Session, bytes: Bytes, end: bool) -> Result<(), Failure> {
    if bytes.is_empty() && !end {
        return Ok(());
    }
    session.write_response_body(Some(bytes), end).await.map_err(|_| Failure::Gone)
}
