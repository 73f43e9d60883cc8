//! Golden files under `golden/openai`: one loop per folder, a file is a case.
//!
//! - `requests/NAME.json` → `NAME.provider`: the body for the provider's model `provider/model`
//! - `streams/NAME.sse` → `NAME.facts`: a line per event
//! - `completions/NAME.json` → `NAME.facts`
//!
//! `UPDATE_GOLDEN=1 cargo test` writes the results anew; then read the diff.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "common/golden.rs"]
mod golden;

use bytes::Bytes;
use golden::{each, usage};
use inferlayer_wire::sse::{DEFAULT_MAX_EVENT_BYTES, Decoder, Event, EventKind};
use inferlayer_wire::{ChatRequest, Chunk, Completion};

#[test]
fn requests_become_provider_bodies() {
    each("openai/requests", "json", "provider", |_, body| {
        ChatRequest::parse(body.into()).unwrap().for_provider("provider/model", true).to_vec()
    });
}

#[test]
fn streams_are_decoded_into_facts() {
    each("openai/streams", "sse", "facts", |_, stream| {
        let mut decoder = Decoder::new(DEFAULT_MAX_EVENT_BYTES);
        decoder.push(Bytes::from(stream)).unwrap();
        let mut lines: Vec<String> =
            std::iter::from_fn(|| decoder.next()).map(|event| event_line(&event)).collect();
        lines.extend(decoder.finish().map(|event| format!("unterminated {}", event_line(&event))));
        (lines.join("\n") + "\n").into_bytes()
    });
}

#[test]
fn completions_are_read_into_facts() {
    each("openai/completions", "json", "facts", |_, body| {
        let facts = Completion::parse(&body).unwrap();
        let reasons: Vec<&str> =
            facts.finish_reasons.iter().map(|reason| reason.as_str()).collect();
        format!(
            "id {:?}\nmodel {:?}\nfinish {reasons:?}\noutput_bytes {}\nis_error {}\nusage {}\n",
            facts.id,
            facts.model,
            facts.output_bytes,
            facts.is_error,
            usage(facts.usage),
        )
        .into_bytes()
    });
}

fn event_line(event: &Event) -> String {
    if event.kind == EventKind::Comment {
        return "comment".to_owned();
    }
    if event.is_done() {
        return "done".to_owned();
    }
    let name = event.name().map(|name| format!("[{name}] ")).unwrap_or_default();
    let Ok(chunk) = Chunk::parse(&event.data()) else {
        return format!("{name}not a chunk");
    };
    let reasons: Vec<&str> = chunk.finish_reasons.iter().map(|reason| reason.as_str()).collect();
    let mut line = format!("{name}chunk output_bytes={}", chunk.output_bytes);
    for (word, holds) in
        [("usage_only", chunk.usage_only), ("finished", chunk.finished), ("error", chunk.error)]
    {
        line += &if holds { format!(" {word}") } else { String::new() };
    }
    format!("{line} {reasons:?} usage {}", usage(chunk.usage))
}
