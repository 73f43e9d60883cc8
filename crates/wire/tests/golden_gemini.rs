//! Golden files of Gemini's dialect, where caller and provider both speak it: bytes pass, and
//! `NAME.facts` says what was understood. The inputs, under `golden/pairs/generate`, are those that
//! the other dialects are told of as well.
//!
//! `UPDATE_GOLDEN=1 cargo test` writes the results anew; then read the diff.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "common/golden.rs"]
mod golden;
#[path = "common/told.rs"]
mod told;

use bytes::Bytes;
use golden::each;
use inferlayer_wire::{Api, Asked, Call, Target, Vendor};
use told::{CREATED, facts, told};

fn parse(body: Vec<u8>) -> Call {
    let asked = Asked { api: Api::Generate, model: Some("alias".to_owned()), stream: true };
    Call::parse(asked, body.into()).unwrap()
}

fn generate(candidates: u32) -> Call {
    let body = format!(
        r#"{{"contents":[{{"parts":[{{"text":"Hi"}}]}}],
            "generationConfig":{{"candidateCount":{candidates}}}}}"#
    );
    parse(body.into_bytes())
}

#[test]
fn requests_are_understood_and_pass() {
    each("pairs/generate/requests", "json", "facts", |name, body| {
        let call = parse(body.clone());
        let sent = call.for_provider(&Target::main(Vendor::Gemini, "alias")).unwrap();
        assert_eq!(sent, body, "{name}");
        let (choices, cap) = (call.choices(), call.max_output_tokens());
        let remote = call.has_remote_input();
        format!("choices {choices}\ncap {cap:?}\nremote {remote}\n{:#?}\n", call.shape()).into()
    });
}

#[test]
fn answers_pass_and_their_facts_are_read() {
    each("pairs/generate/answers", "json", "facts", |name, body| {
        let body = Bytes::from(body);
        let answer = generate(1).read_answer(Api::Generate, CREATED, body.clone()).unwrap();
        assert_eq!(answer.body, body, "{name}");
        facts(&answer.facts)
    });
}

#[test]
fn streams_pass_and_their_facts_are_read() {
    each("pairs/generate/streams", "sse", "facts", |name, stream| {
        let candidates = if name == "choices" { 2 } else { 1 };
        let (passed, facts) = told(&generate(candidates), Api::Generate, stream.clone());
        assert_eq!(String::from_utf8_lossy(&passed), String::from_utf8_lossy(&stream), "{name}");
        facts
    });
}

#[test]
fn what_is_no_answer_does_not_pass() {
    for body in ["", "{}", "[]", "<html>", r#"{"candidates":[{"#, r#"{"usageMetadata":{}}"#] {
        let read = generate(1).read_answer(Api::Generate, CREATED, body.into());
        assert!(read.is_err(), "{body}");
    }
    for odd in [r#"{"candidates":7}"#, r#"{"promptFeedback":"no"}"#] {
        let answer = generate(1).read_answer(Api::Generate, CREATED, odd.into()).unwrap();
        assert_eq!(answer.facts.output_bytes, odd.len() as u64);
    }
    for error in [r#"{"error":{"code":500}}"#, r#"[{"error":{"code":500}}]"#] {
        let answer = generate(1).read_answer(Api::Generate, CREATED, error.into()).unwrap();
        assert!(answer.facts.is_error);
    }
}
