//! What is written is read back as the same, and is what SDKs expect.

mod arbitrary;
mod compliance;
mod pairs;
mod prompts;
mod refusals;
mod round_trips;
mod schema;
mod streams;

#[path = "../../../tests/common/mod.rs"]
mod common;

use std::borrow::Cow;

use bytes::Bytes;

use super::{Reader, Writer};
use crate::ResponsesRequest;
use crate::neutral::{ReadSteps, Step, Untold, WriteSteps};
use crate::sse::{DEFAULT_MAX_EVENT_BYTES, Decoder};

/// A request with these members beside what it needs.
fn request(members: &str) -> ResponsesRequest {
    let body = format!(r#"{{"model":"asked","input":"hi"{members}}}"#);
    ResponsesRequest::parse(Bytes::from(body)).unwrap()
}

/// The whole stream that these steps become, end mark included.
fn written(to: &ResponsesRequest, steps: &[Step<'_>]) -> Vec<u8> {
    let mut writer = Writer::new(to, 1_792_540_800);
    let mut out = Vec::new();
    for step in steps {
        writer.write(step, &mut out);
    }
    writer.finish(&mut out);
    let finished = out.len();
    writer.finish(&mut out);
    assert_eq!(out.len(), finished, "finished twice");
    out.extend_from_slice(&writer.end_mark());
    out
}

/// The steps that a stream tells.
fn read(stream: &[u8]) -> Result<Vec<Step<'static>>, Untold> {
    let mut decoder = Decoder::new(DEFAULT_MAX_EVENT_BYTES);
    decoder.push(Bytes::copy_from_slice(stream)).unwrap();
    let mut reader = Reader::default();
    let mut steps = Vec::new();
    while let Some(event) = decoder.next() {
        reader.read(&event, &mut |step| steps.push(owned(step)))?;
    }
    Ok(steps)
}

fn owned(step: Step<'_>) -> Step<'static> {
    let own = |text: Cow<'_, str>| text.into_owned().into();
    match step {
        Step::Begin { id, model, usage } => {
            Step::Begin { id: id.map(own), model: model.map(own), usage }
        }
        Step::Text { choice, text } => Step::Text { choice, text: own(text) },
        Step::Refusal { choice, text } => Step::Refusal { choice, text: own(text) },
        Step::Thought { choice, text } => Step::Thought { choice, text: own(text) },
        Step::Signature { choice, signature } => {
            Step::Signature { choice, signature: own(signature) }
        }
        Step::SealedThought { choice, data } => Step::SealedThought { choice, data: own(data) },
        Step::CallBegin { choice, call, id, name } => {
            Step::CallBegin { choice, call, id: own(id), name: own(name) }
        }
        Step::CallInput { choice, call, json } => Step::CallInput { choice, call, json: own(json) },
        Step::Logprobs { choice, tokens } => {
            Step::Logprobs { choice, tokens: tokens.into_iter().map(arbitrary::owned).collect() }
        }
        Step::Finish { choice, reason, stop_sequence } => {
            Step::Finish { choice, reason, stop_sequence: stop_sequence.map(own) }
        }
        Step::Usage(usage) => Step::Usage(usage),
    }
}
