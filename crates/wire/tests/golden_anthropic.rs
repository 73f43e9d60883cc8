//! Golden files under `golden/anthropic`: one loop per folder, a file is a case.
//!
//! - `requests/NAME.json`, a chat request → `NAME.provider`: the messages request for `claude`
//! - `answers/NAME.json`, a message → `NAME.chat`, the completion; and `NAME.facts`
//! - `streams/NAME.sse`, events → `NAME.chat`, the chunks with usage and end; and `NAME.facts`
//! - `errors/STATUS_NAME.json`, whatever comes with an error status → `NAME.chat`
//! - `passthrough/NAME.json`, `.sse`, for callers of messages → `NAME.json.facts`, `.sse.facts`
//!
//! `UPDATE_GOLDEN=1 cargo test` writes the results anew; then read the diff.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "common/golden.rs"]
mod golden;

use bytes::Bytes;
use golden::{each, usage};
use inferlayer_wire::sse::{DEFAULT_MAX_EVENT_BYTES, Decoder};
use inferlayer_wire::{
    Api, Call, Chunk, Completion, FinishReason, Meaning, Piece, StreamReader, Target, Vendor,
};

/// The time of every answer here.
const CREATED: u64 = 1_792_540_800;

fn chat() -> Call {
    let body = br#"{"model":"alias","messages":[{"role":"user","content":"Hi"}],"stream":true,
        "stream_options":{"include_usage":true}}"#;
    Call::parse(Api::Chat, Bytes::from_static(body)).unwrap()
}

fn claude() -> Target<'static> {
    Target { max_output_tokens: Some(64_000), ..Target::main(Vendor::Anthropic, "claude") }
}

fn messages() -> Call {
    let body = br#"{"model":"alias","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}"#;
    Call::parse(Api::Messages, Bytes::from_static(body)).unwrap()
}

#[test]
fn chat_requests_become_messages_requests() {
    each("anthropic/requests", "json", "provider", |name, body| {
        let call = Call::parse(Api::Chat, body.into()).unwrap();
        assert_eq!(call.fits(&claude()), Ok(()), "{name}");
        let body = call.for_provider(&claude()).unwrap();
        // And it is a good messages request.
        Call::parse(Api::Messages, body.clone()).unwrap();
        [&body[..], b"\n"].concat()
    });
}

#[test]
fn messages_become_completions() {
    let read = |body: Vec<u8>| chat().read_answer(Api::Messages, CREATED, body.into());
    each("anthropic/answers", "json", "chat", |_, body| {
        [&read(body).unwrap().body[..], b"\n"].concat()
    });
    each("anthropic/answers", "json", "facts", |_, body| facts(&read(body).unwrap().facts));
}

#[test]
fn events_become_chunks() {
    each("anthropic/streams", "sse", "chat", |_, stream| told(&chat(), stream).0);
    each("anthropic/streams", "sse", "facts", |_, stream| told(&chat(), stream).1);
}

#[test]
fn errors_are_told_in_the_caller_s_dialect() {
    each("anthropic/errors", "json", "chat", |name, body| {
        let status = name.split('_').next().unwrap().parse().unwrap();
        let same = messages().read_error(Api::Messages, status, body.clone().into());
        assert_eq!(same, body);
        [&chat().read_error(Api::Messages, status, body.into())[..], b"\n"].concat()
    });
}

#[test]
fn between_messages_and_messages_bytes_pass() {
    each("anthropic/passthrough", "json", "json.facts", |_, body| {
        let body = Bytes::from(body);
        let answer = messages().read_answer(Api::Messages, CREATED, body.clone()).unwrap();
        assert_eq!(answer.body, body);
        facts(&answer.facts)
    });
    each("anthropic/passthrough", "sse", "sse.facts", |name, stream| {
        let (passed, facts) = told(&messages(), stream.clone());
        if !["cut_off_behind_the_end", "unterminated_end"].contains(&name) {
            let whole = &stream[..passed.len().min(stream.len())];
            assert_eq!(String::from_utf8_lossy(&passed), String::from_utf8_lossy(whole), "{name}");
        }
        facts
    });
}

/// What the caller gets of a stream, and a line of facts for each event.
fn told(call: &Call, stream: Vec<u8>) -> (Vec<u8>, Vec<u8>) {
    let mut reader = StreamReader::new(call, Api::Messages, CREATED);
    let mut decoder = Decoder::new(DEFAULT_MAX_EVENT_BYTES);
    decoder.push(Bytes::from(stream)).unwrap();
    let mut bytes = Vec::new();
    let mut lines = String::new();
    let mut ended = false;
    while let Some(event) = decoder.next().or_else(|| decoder.finish()) {
        let piece = reader.read(&event);
        bytes.extend_from_slice(&piece.bytes);
        lines += &line(&piece);
        ended |= piece.meaning == Meaning::End;
    }
    lines += &format!("finished {}\n", reader.is_finished());
    if ended || reader.is_finished() {
        bytes.extend_from_slice(&reader.end_mark());
    }
    (bytes, lines.into_bytes())
}

fn line(piece: &Piece) -> String {
    let Some(Chunk { id, model, output_bytes, finish_reasons, .. }) = &piece.facts else {
        return format!("{:?}\n", piece.meaning);
    };
    let chunk = piece.facts.as_ref().unwrap();
    let mut line = format!("{:?} output_bytes={output_bytes}", piece.meaning);
    for (word, holds) in
        [("tool_calls", chunk.tool_calls), ("finished", chunk.finished), ("error", chunk.error)]
    {
        line += &if holds { format!(" {word}") } else { String::new() };
    }
    if id.is_some() || model.is_some() {
        line += &format!(" {id:?} {model:?}");
    }
    format!("{line} {:?} usage {}\n", reasons(finish_reasons), usage(chunk.usage))
}

fn facts(facts: &Completion) -> Vec<u8> {
    format!(
        "id {:?}\nmodel {:?}\nfinish {:?}\noutput_bytes {}\ntool_calls {}\nis_error {}\nusage {}\n",
        facts.id,
        facts.model,
        reasons(&facts.finish_reasons),
        facts.output_bytes,
        facts.tool_calls,
        facts.is_error,
        usage(facts.usage),
    )
    .into_bytes()
}

fn reasons(reasons: &[FinishReason]) -> Vec<&'static str> {
    reasons.iter().map(|reason| reason.as_str()).collect()
}
