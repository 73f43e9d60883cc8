//! Golden files under `golden/pairs/DIALECT`: every feature of every dialect, told in each of the
//! others. A file is a feature as SDKs and providers of DIALECT really send it.
//!
//! - `requests/NAME.json` → `NAME.to_OTHER`: the request to a provider of OTHER, or its refusal
//! - `answers/NAME.json`, of a provider → `NAME.to_OTHER`: the answer to a caller of OTHER
//! - `streams/NAME.sse`, of a provider → `NAME.to_OTHER`: the stream to a caller of OTHER
//!
//! `UPDATE_GOLDEN=1 cargo test` writes the results anew; then read the diff.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

#[path = "common/golden.rs"]
mod golden;

use bytes::Bytes;
use golden::each;
use inferlayer_wire::sse::{DEFAULT_MAX_EVENT_BYTES, Decoder};
use inferlayer_wire::{Api, Asked, Call, Meaning, StreamReader, Target, Vendor};

const CREATED: u64 = 1_792_540_800;

/// The dialects by the names of their folders, each with a provider of it.
const DIALECTS: [(&str, Api, Vendor); 4] = [
    ("chat", Api::Chat, Vendor::OpenAi),
    ("responses", Api::Responses, Vendor::OpenAi),
    ("messages", Api::Messages, Vendor::Anthropic),
    ("generate", Api::Generate, Vendor::Gemini),
];

#[test]
fn requests_are_told_to_every_provider_or_refused_by_field() {
    pairs("requests", "json", |from, (_, to, vendor), name, body| {
        let stream = name.starts_with("stream");
        let call = Call::parse(asked(from, stream), body.into()).unwrap_or_else(|refused| {
            panic!("{name}: {refused}");
        });
        let target =
            Target { api: to, max_output_tokens: Some(64_000), ..Target::main(vendor, "m") };
        match call.for_provider(&target) {
            Ok(sent) => {
                // It is a good request of that dialect.
                Call::parse(asked(to, stream), sent.clone()).unwrap();
                sent.to_vec()
            }
            Err(refused) => {
                assert!(refused.param.is_some(), "{name}: {refused}");
                format!("{refused} ({})", refused.param.as_deref().unwrap_or_default()).into_bytes()
            }
        }
    });
}

#[test]
fn answers_are_told_to_every_caller() {
    pairs("answers", "json", |from, (_, to, _), name, body| {
        let answer = call(to, false).read_answer(from, CREATED, body.into());
        answer.unwrap_or_else(|none| panic!("{name}: {none}")).body.to_vec()
    });
}

#[test]
fn streams_are_told_to_every_caller() {
    pairs("streams", "sse", |from, (_, to, _), _, stream| told(&call(to, true), from, stream));
}

/// Every file of every dialect, for every other dialect.
fn pairs(
    folder: &str,
    extension: &str,
    tell: impl Fn(Api, (&'static str, Api, Vendor), &str, Vec<u8>) -> Vec<u8>,
) {
    for (from_name, from, _) in DIALECTS {
        for to in DIALECTS.into_iter().filter(|(name, ..)| *name != from_name) {
            let folder = format!("pairs/{from_name}/{folder}");
            each(&folder, extension, &format!("to_{}", to.0), |name, body| {
                [&tell(from, to, name, body)[..], b"\n"].concat()
            });
        }
    }
}

fn asked(api: Api, stream: bool) -> Asked {
    let model = (api == Api::Generate).then(|| "alias".to_owned());
    Asked { api, model, stream }
}

/// Who is told: somebody who asked for everything that can be asked for.
fn call(api: Api, stream: bool) -> Call {
    let body = match api {
        Api::Chat => {
            r#"{"model":"alias","messages":[{"role":"user","content":"Hi"}],
            "stream_options":{"include_usage":true}"#
        }
        Api::Responses => r#"{"model":"alias","input":"Hi""#,
        Api::Messages => {
            r#"{"model":"alias","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]"#
        }
        _ => r#"{"contents":[{"role":"user","parts":[{"text":"Hi"}]}]"#,
    };
    let stream_member = if stream && api != Api::Generate { r#","stream":true"# } else { "" };
    Call::parse(asked(api, stream), format!("{body}{stream_member}}}").into()).unwrap()
}

fn told(call: &Call, provider: Api, stream: Vec<u8>) -> Vec<u8> {
    let mut reader = StreamReader::new(call, provider, CREATED);
    let mut decoder = Decoder::new(DEFAULT_MAX_EVENT_BYTES);
    decoder.push(Bytes::from(stream)).unwrap();
    let mut bytes = Vec::new();
    while let Some(event) = decoder.next().or_else(|| decoder.finish()) {
        let piece = reader.read(&event);
        assert_ne!(piece.meaning, Meaning::Garbage);
        bytes.extend_from_slice(&piece.bytes);
        if piece.meaning == Meaning::End {
            bytes.extend_from_slice(&reader.end_mark());
            return bytes;
        }
    }
    if reader.is_finished() {
        bytes.extend_from_slice(&reader.finish());
        bytes.extend_from_slice(&reader.end_mark());
    }
    bytes
}
