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
#[path = "common/told.rs"]
mod told;

use bytes::Bytes;
use golden::each;
use inferlayer_wire::{Api, Call, Target, Vendor};
use told::{CREATED, facts, told};

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
    each("anthropic/streams", "sse", "chat", |_, stream| told(&chat(), Api::Messages, stream).0);
    each("anthropic/streams", "sse", "facts", |_, stream| told(&chat(), Api::Messages, stream).1);
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
        let (passed, facts) = told(&messages(), Api::Messages, stream.clone());
        if !["cut_off_behind_the_end", "unterminated_end"].contains(&name) {
            let whole = &stream[..passed.len().min(stream.len())];
            assert_eq!(String::from_utf8_lossy(&passed), String::from_utf8_lossy(whole), "{name}");
        }
        facts
    });
}
