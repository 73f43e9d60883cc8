//! The inputs under `tests/golden/pairs/chat` are what SDKs and providers send: all are read.

use std::fs;
use std::path::Path;

use bytes::Bytes;

use crate::neutral::{Content, ReadSteps, Step};
use crate::sse::{DEFAULT_MAX_EVENT_BYTES, Decoder};
use crate::translate::chat::{Reader, read_prompt, read_reply, write_prompt};
use crate::{Api, ChatRequest, FinishReason, Target, Vendor};

/// Runs `check` on the name and bytes of each file.
fn each(folder: &str, check: impl Fn(&str, Bytes)) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/pairs/chat").join(folder);
    let mut cases = 0;
    for entry in fs::read_dir(root).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|extension| extension == "json" || extension == "sse") {
            let name = path.file_stem().unwrap().to_str().unwrap();
            check(name, fs::read(&path).unwrap().into());
            cases += 1;
        }
    }
    assert!(cases > 0);
}

#[test]
fn every_request_is_read_and_comes_back_the_same() {
    let to = Target { api: Api::Chat, ..Target::main(Vendor::OpenRouter, "m") };
    each("requests", |name, body| {
        let request = ChatRequest::parse(body).unwrap();
        let prompt = read_prompt(&request).unwrap_or_else(|refusal| panic!("{name}: {refusal}"));
        if ["thoughts_plain", "thoughts_signed", "sampling_all", "cache_marks"].contains(&name) {
            return; // Not all of it is within this vendor's reach.
        }
        let mut expected = prompt.clone();
        for part in expected.turns.iter_mut().flat_map(|turn| &mut turn.parts) {
            if let Content::Result { name, .. } = &mut part.content {
                *name = None;
            }
        }
        let written = ChatRequest::parse(write_prompt(&prompt, &to).unwrap().into()).unwrap();
        assert_eq!(read_prompt(&written), Ok(expected), "{name}");
    });
}

#[test]
fn every_answer_is_read_and_ends() {
    each("answers", |name, body| {
        let reply = read_reply(&body).unwrap_or_else(|_| panic!("{name}"));
        assert!(reply.choices.iter().all(|choice| choice.finish.is_some()), "{name}");
        let says = reply.choices.iter().any(|choice| !choice.contents.is_empty());
        assert_eq!(says, !["empty_answer", "content_filter"].contains(&name), "{name}");
        let calls = |content: &Content| matches!(content, Content::Call { .. });
        for choice in &reply.choices {
            let is_call = choice.contents.iter().any(calls);
            assert_eq!(is_call, choice.finish == Some(FinishReason::ToolCalls), "{name}");
        }
    });
}

#[test]
fn every_stream_is_read_and_says_something() {
    each("streams", |name, stream| {
        let mut decoder = Decoder::new(DEFAULT_MAX_EVENT_BYTES);
        decoder.push(stream).unwrap();
        let mut reader = Reader::default();
        let (mut begins, mut ends, mut said) = (0, 0, 0);
        while let Some(event) = decoder.next() {
            if event.is_done() || event.data().is_empty() {
                continue;
            }
            let mut tell = |step: Step<'_>| match step {
                Step::Begin { id, .. } => {
                    begins += 1;
                    assert!(id.is_some(), "{name}");
                }
                Step::Finish { .. } => ends += 1,
                Step::Usage(_) => {}
                _ => said += 1,
            };
            assert!(reader.read(&event, &mut tell).is_ok(), "{name}");
        }
        assert_eq!((begins, ends), (1, if name == "choices" { 2 } else { 1 }), "{name}");
        assert_eq!(said > 0, name != "empty_answer", "{name}");
    });
}
