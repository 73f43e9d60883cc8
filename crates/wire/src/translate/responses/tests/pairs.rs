//! The inputs of `golden/pairs/responses`: every request is read, and every answer says the same
//! whole and streamed, to the facts and to the translation.

use std::fs;
use std::path::{Path, PathBuf};

use bytes::Bytes;

use super::read;
use crate::neutral::{Choice, Content, Json, Logprob, Step};
use crate::sse::{DEFAULT_MAX_EVENT_BYTES, Decoder};
use crate::translate::responses::{read_prompt, read_reply};
use crate::{Api, Call, Meaning, ResponsesRequest, StreamReader, Usage};

/// The files of a folder, and what they hold.
fn files(folder: &str) -> Vec<(PathBuf, Vec<u8>)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/pairs/responses");
    let input = |path: &PathBuf| {
        path.extension().is_some_and(|extension| extension == "json" || extension == "sse")
    };
    let paths = fs::read_dir(root.join(folder)).unwrap().map(|entry| entry.unwrap().path());
    let files: Vec<_> =
        paths.filter(input).map(|path| (path.clone(), fs::read(path).unwrap())).collect();
    assert!(!files.is_empty());
    files
}

fn beside(answer: &Path) -> Vec<u8> {
    let name = Path::new(answer.file_name().unwrap()).with_extension("sse");
    fs::read(answer.parent().unwrap().with_file_name("streams").join(name)).unwrap()
}

#[test]
fn every_request_is_read() {
    for (path, body) in files("requests") {
        let request = ResponsesRequest::parse(body.into()).unwrap();
        read_prompt(&request).unwrap_or_else(|refused| panic!("{}: {refused}", path.display()));
    }
}

#[test]
fn answers_and_streams_have_the_same_facts() {
    let call = Call::parse(Api::Responses, r#"{"model":"m","input":"hi"}"#.into()).unwrap();
    for (path, body) in files("answers") {
        let whole = call.read_answer(Api::Responses, 0, body.into()).unwrap().facts;
        let mut reader = StreamReader::new(&call, Api::Responses, 0);
        let mut decoder = Decoder::new(DEFAULT_MAX_EVENT_BYTES);
        decoder.push(Bytes::from(beside(&path))).unwrap();
        let mut pieces = Vec::new();
        while let Some(event) = decoder.next() {
            pieces.push(reader.read(&event));
        }
        assert_eq!(pieces.last().unwrap().meaning, Meaning::End);
        let facts: Vec<_> = pieces.into_iter().filter_map(|piece| piece.facts).collect();
        let last = facts.last().unwrap();
        assert_eq!(last.usage, whole.usage, "{}", path.display());
        assert!(last.usage.is_some() && !whole.is_error);
        assert_eq!(last.finish_reasons, whole.finish_reasons);
        let bytes: u64 = facts.iter().map(|facts| facts.output_bytes).sum();
        assert_eq!(bytes, whole.output_bytes, "{}", path.display());
        assert_eq!(facts.iter().any(|facts| facts.tool_calls), whole.tool_calls);
    }
}

#[test]
fn answers_and_streams_say_the_same() {
    for (path, body) in files("answers") {
        let mut reply = read_reply(&body).unwrap();
        let (choice, usage) = told(read(&beside(&path)).unwrap());
        assert_eq!(usage, reply.usage, "{}", path.display());
        assert_eq!(choice, reply.choices.remove(0), "{}", path.display());
    }
}

/// What the steps come to.
fn told(steps: Vec<Step<'static>>) -> (Choice<'static>, Option<Usage>) {
    let mut choice = Choice::default();
    let mut usage = None;
    let mut likely: Vec<Logprob<'static>> = Vec::new();
    let mut inputs: Vec<String> = Vec::new();
    for step in steps {
        let contents = &mut choice.contents;
        match step {
            Step::Begin { .. } => {}
            Step::Text { text: more, .. } => match contents.last_mut() {
                Some(Content::Text(text)) => text.to_mut().push_str(&more),
                _ => contents.push(Content::Text(more)),
            },
            Step::Refusal { text: more, .. } => match contents.last_mut() {
                Some(Content::Refusal(text)) => text.to_mut().push_str(&more),
                _ => contents.push(Content::Refusal(more)),
            },
            Step::Thought { text: more, .. } => match contents.last_mut() {
                Some(Content::Thought { text, .. }) => text.to_mut().push_str(&more),
                _ => contents.push(Content::Thought { text: more, signature: None }),
            },
            Step::Signature { signature: seal, .. } => {
                if let Some(Content::Thought { signature, .. }) = contents.last_mut() {
                    *signature = Some(seal);
                }
            }
            Step::SealedThought { data, .. } => contents.push(Content::SealedThought(data)),
            Step::CallBegin { id, name, .. } => {
                let input: Json<'_> = serde_json::value::RawValue::NULL.to_owned().into();
                contents.push(Content::Call { id, name, input });
                inputs.push(String::new());
            }
            Step::CallInput { call, json, .. } => inputs[call as usize] += &json,
            Step::Logprobs { tokens, .. } => likely.extend(tokens),
            Step::Finish { reason, .. } => choice.finish = Some(reason),
            Step::Usage(counted) => usage = Some(counted),
        }
    }
    let mut inputs = inputs.into_iter();
    for content in &mut choice.contents {
        if let Content::Call { input, .. } = content {
            let told = serde_json::value::RawValue::from_string(inputs.next().unwrap());
            *input = told.unwrap().into();
        }
    }
    choice.logprobs = (!likely.is_empty()).then_some(likely);
    (choice, usage)
}
