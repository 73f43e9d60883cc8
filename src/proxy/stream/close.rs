//! The end of a stream: what was held back, the comment with cost and receipt, and the end mark or
//! the error event that stands in its place.

use bytes::Bytes;
use http::StatusCode;
use inferlayer_filter::Refusal;
use inferlayer_filter::exchange::Exchange;
use inferlayer_records::Ending;
use inferlayer_wire::sse;

use super::{State, recorded};
use crate::config::Limits;
use crate::pipeline::Run;
use crate::proxy::refusal::RequestError;
use crate::proxy::{chunks, respond};
use crate::upstream::{EventStream, UpstreamError};

/// Settles and records; then what stands at the end of the stream.
pub(super) async fn close(
    run: &mut Run<'_>,
    end: State,
    stream: &mut EventStream,
    limits: &Limits,
) -> Bytes {
    let mut last = Last::default();
    let end = match last.fill(run, &end, stream) {
        Ok(()) => end,
        Err(refusal) => State::Refused(refusal),
    };
    if matches!(end, State::Refused(_)) {
        run.stop_reading();
        last = Last::default();
    }
    let before = recorded(run, last.before, limits);
    let end_mark = recorded(run, last.end_mark, limits);
    run.end(ending(&end), StatusCode::OK);
    if let Err(refusal) = run.response_end().await {
        return [before, error_event(run, &refusal, stream)].concat().into();
    }
    let facts = match run.x.dialect.skips_comments() {
        true => facts(&run.x),
        false => Bytes::new(),
    };
    let error = match refusal(end) {
        Some(refusal) => error_event(run, &refusal, stream),
        None => Bytes::new(),
    };
    [before, facts, end_mark, error].concat().into()
}

/// The last events of the answer itself.
#[derive(Default)]
struct Last {
    before: Vec<Bytes>,
    /// Its end, which waits for the record.
    end_mark: Vec<Bytes>,
}

impl Last {
    /// What was held back, what is still to be said where all came, and the end mark.
    fn fill(
        &mut self,
        run: &mut Run<'_>,
        end: &State,
        stream: &mut EventStream,
    ) -> Result<(), Refusal> {
        let mut marks = 0;
        match end {
            State::Done => {
                stream.answered();
                chunks::events(run, stream.finish(), &mut self.before)?;
                marks = chunks::events(run, stream.end_mark(), &mut self.before)?;
            }
            State::Refused(_) => return Ok(()),
            _ => {}
        }
        run.flush(&mut self.before)?;
        // As many chunks come out as went in, so the marks are the last.
        self.end_mark = self.before.split_off(self.before.len().saturating_sub(marks));
        Ok(())
    }
}

fn ending(end: &State) -> Ending {
    match end {
        State::Done => Ending::Complete,
        State::Stopped | State::Refused(_) => Ending::Abandoned,
        State::Open | State::Broken | State::Told | State::Overran => Ending::UpstreamCut,
    }
}

/// What the client is told of an end that is none.
fn refusal(end: State) -> Option<Refusal> {
    let failed = |attempts: &str| UpstreamError::Failed { attempts: attempts.to_owned() }.into();
    match end {
        State::Done | State::Told => None,
        State::Stopped => Some(RequestError::Stopping.into()),
        State::Open | State::Broken => {
            Some(failed("the provider broke off in the middle of its answer"))
        }
        State::Overran => Some(failed("the answer went on far beyond its cap and was cut")),
        State::Refused(refusal) => Some(refusal),
    }
}

/// The error event, past what reads texts; a filter that refuses that too says no more.
fn error_event(run: &mut Run<'_>, refusal: &Refusal, stream: &EventStream) -> Bytes {
    let mut out = Vec::new();
    let read = chunks::events(run, respond::error_event(refusal, stream), &mut out);
    match read.and_then(|_| run.flush(&mut out)) {
        Ok(()) => chunks::joined(out),
        Err(_) => Bytes::new(),
    }
}

fn facts(x: &Exchange) -> Bytes {
    let facts = respond::closing_facts(x).chain(respond::proof(x));
    let lines: Vec<String> = facts.map(|(name, text)| format!("{name}: {text}")).collect();
    if lines.is_empty() { Bytes::new() } else { sse::comment(&lines.join("\n")) }
}
