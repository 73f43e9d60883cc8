//! Recorded answers given again, in both forms from both forms. Golden files under
//! `golden/openai/replay`: `NAME.json` or `NAME.sse` is a record, `NAME.completion` and `NAME.events`
//! what becomes of it. `UPDATE_GOLDEN=1 cargo test` writes them anew; then read the diff.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::fs;
use std::path::Path;

use bytes::Bytes;
use inferlayer_wire::openai::{Fresh, NotReplayable, Replay};
use inferlayer_wire::{Chunk, Completion, Usage, sse};
use serde_json::Value;

const COUNTED: Usage = Usage {
    input_tokens: 7,
    cached_input_tokens: 2,
    cache_write_input_tokens: 0,
    output_tokens: 5,
    reasoning_tokens: 1,
};
const FRESH: Fresh<'_> = Fresh { id: "chatcmpl-fresh", created: 1_800_000_000, usage: COUNTED };

fn read(recorded: impl Into<Bytes>) -> Replay {
    Replay::read(recorded.into()).ok().unwrap()
}

/// Name, record, and its replay.
fn cases() -> Vec<(String, Vec<u8>, Replay)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/openai/replay");
    let mut cases = Vec::new();
    for path in fs::read_dir(root).unwrap().map(|entry| entry.unwrap().path()) {
        if path.extension().is_some_and(|ending| ending == "json" || ending == "sse") {
            let recorded = fs::read(&path).unwrap();
            let replay = read(recorded.clone());
            cases.push((path.to_str().unwrap().to_owned(), recorded, replay));
        }
    }
    assert!(cases.len() >= 6);
    cases
}

fn compare(case: &str, ending: &str, got: &[u8]) {
    let golden = Path::new(case).with_extension(ending);
    if std::env::var_os("UPDATE_GOLDEN").is_some() {
        fs::write(&golden, got).unwrap();
    }
    let expected = fs::read(&golden).unwrap();
    assert_eq!(String::from_utf8_lossy(got), String::from_utf8_lossy(&expected), "{case}");
}

#[test]
fn records_become_completions_and_streams() {
    for (case, _, replay) in cases() {
        let mut completion = replay.completion(&FRESH);
        completion.push(b'\n');
        compare(&case, "completion", &completion);
        compare(&case, "events", &replay.events(&FRESH, true));
    }
}

/// The one message of a completion, or of a stream whose deltas are added up by a plain client.
fn said(body: &[u8]) -> (Value, Value) {
    if let Ok(completion) = serde_json::from_slice::<Value>(body) {
        let choice = &completion["choices"][0];
        let mut message = choice["message"].clone();
        message.as_object_mut().unwrap().retain(|_, value| value.is_string());
        return (message, choice["finish_reason"].clone());
    }
    let mut message = serde_json::Map::new();
    let mut reason = Value::Null;
    for event in events(body) {
        let Ok(chunk) = serde_json::from_slice::<Value>(&event.data()) else { continue };
        let Some(choice) = chunk["choices"].get(0) else { continue };
        for (name, value) in choice["delta"].as_object().into_iter().flatten() {
            let Some(text) = value.as_str() else { continue };
            let all = message.entry(name.clone()).or_insert_with(|| "".into());
            let more = if name == "role" { "" } else { all.as_str().unwrap() };
            *all = format!("{more}{text}").into();
        }
        if choice["finish_reason"].as_str().is_some_and(|reason| !reason.is_empty()) {
            reason = choice["finish_reason"].clone();
        }
    }
    (message.into(), reason)
}

fn events(stream: &[u8]) -> Vec<sse::Event> {
    let mut decoder = sse::Decoder::new(sse::DEFAULT_MAX_EVENT_BYTES);
    decoder.push(Bytes::copy_from_slice(stream)).unwrap();
    std::iter::from_fn(|| decoder.next()).collect()
}

#[test]
fn every_form_says_the_same_and_can_be_given_again_itself() {
    for (case, recorded, replay) in cases() {
        let original = said(&recorded);
        let (completion, stream) = (replay.completion(&FRESH), replay.events(&FRESH, true));
        assert_eq!(said(&completion), original, "{case}");
        assert_eq!(said(&stream), original, "{case}");
        assert_eq!(said(&read(completion.clone()).events(&FRESH, false)), original, "{case}");
        assert_eq!(said(&read(stream).completion(&FRESH)), original, "{case}");
    }
}

#[test]
fn a_usage_frame_comes_only_to_those_who_asked() {
    for (case, _, replay) in cases() {
        let (with, without) = (replay.events(&FRESH, true), replay.events(&FRESH, false));
        let frames = |stream: &[u8]| -> Vec<Chunk> {
            events(stream).iter().map(|event| Chunk::parse(&event.data()).unwrap()).collect()
        };
        assert!(frames(&without).iter().all(|chunk| chunk.usage.is_none()), "{case}");
        let with = frames(&with);
        let (last, others) = with.split_last().unwrap();
        assert!(last.usage_only && last.usage.is_some(), "{case}");
        assert!(others.iter().all(|chunk| !chunk.usage_only && chunk.usage.is_none()), "{case}");
        assert_eq!(Completion::parse(&replay.completion(&FRESH)).unwrap().usage, last.usage);
    }
}

#[test]
fn nothing_of_the_old_answers_identity_is_left() {
    for (case, _, replay) in cases() {
        for given in [replay.completion(&FRESH), replay.events(&FRESH, true)] {
            let text = String::from_utf8(given).unwrap();
            for old in ["chatcmpl-1\"", "chatcmpl-B9", "1741569952", "heartbeat", "[DONE]", "cost"]
            {
                assert!(!text.contains(old), "{case}: {old}");
            }
        }
    }
}

#[test]
fn what_is_not_one_whole_answer_of_text_is_not_given_again() {
    let choice = |choice: &str| format!(r#"{{"choices":[{choice}]}}"#);
    let whole = r#"{"index":0,"message":{"content":"a"},"finish_reason":"stop"}"#;
    assert!(Replay::read(choice(whole).into()).is_ok());
    for recorded in [
        String::new(),
        "<html>".to_owned(),
        "data: {\n\n".to_owned(),
        "data: [DONE]\n\n".to_owned(),
        r#"{"error":{"message":"m"}}"#.to_owned(),
        choice(""),
        choice(&format!("{whole},{whole}")),
        choice(&whole.replace(":0", ":1")),
        choice(&whole.replace(r#""stop""#, "null")),
        choice(&whole.replace(r#""content""#, r#""tool_calls":[{}],"content""#)),
        choice(&whole.replace(r#""content""#, r#""function_call":{"name":"f"},"content""#)),
        choice(&whole.replace(r#""content""#, r#""audio":{"id":"a"},"content""#)),
        format!("{}x", choice(whole)),
        format!(
            r#"data: {}{}"#,
            choice(&whole.replace("message", "delta")),
            "\n\ndata: {\"error\":1}\n\n"
        ),
        format!("data: {}\n\n", choice(r#"{"delta":{"content":"cut"}}"#)),
        format!("data: {}\n\n", choice(r#"{"index":1,"delta":{},"finish_reason":"stop"}"#)),
    ] {
        assert_eq!(Replay::read(recorded.clone().into()).err(), Some(NotReplayable), "{recorded}");
    }
}
