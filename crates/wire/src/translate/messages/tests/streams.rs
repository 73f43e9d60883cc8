//! Streams, written and read.

use std::collections::BTreeMap;

use bytes::Bytes;
use serde_json::Value;

use super::super::{Reader, Writer};
use super::{Chance, hi};
use crate::neutral::{ReadSteps, Step, Untold, WriteSteps};
use crate::sse::{DEFAULT_MAX_EVENT_BYTES, Decoder, Event};
use crate::{FinishReason, Usage};

/// What was heard of a stream, however it was cut into steps.
#[derive(Debug, Default, PartialEq)]
struct Heard {
    begun: bool,
    text: String,
    thoughts: String,
    signatures: Vec<String>,
    sealed: Vec<String>,
    calls: BTreeMap<u32, (String, String, String)>,
    finish: Option<(FinishReason, Option<String>)>,
    usage: Option<Usage>,
}

impl Heard {
    fn hear(&mut self, step: &Step<'_>) {
        match step {
            Step::Begin { .. } => self.begun = true,
            Step::Text { text, .. } | Step::Refusal { text, .. } => self.text += text,
            Step::Thought { text, .. } => self.thoughts += text,
            Step::Signature { signature, .. } => self.signatures.push(signature.to_string()),
            Step::SealedThought { data, .. } => self.sealed.push(data.to_string()),
            Step::CallBegin { call, id, name, .. } => {
                let begun = (id.to_string(), name.to_string(), String::new());
                assert!(self.calls.insert(*call, begun).is_none());
            }
            Step::CallInput { call, json, .. } => self.calls.get_mut(call).unwrap().2 += json,
            Step::Finish { reason, stop_sequence, .. } => {
                assert!(self.finish.is_none());
                self.finish = Some((*reason, stop_sequence.as_ref().map(ToString::to_string)));
            }
            Step::Usage(usage) => self.usage = Some(*usage),
            Step::Logprobs { .. } => {}
        }
    }
}

#[test]
fn what_a_stream_says_is_read_back_whatever_its_order() {
    let mut chance = Chance(13);
    for _ in 0..3_000 {
        let steps = steps(&mut chance);
        let mut said = Heard { begun: true, ..Heard::default() };
        steps.iter().for_each(|step| said.hear(step));
        said.calls.values_mut().filter(|call| call.2.is_empty()).for_each(|call| call.2 += "{}");
        // Blanks behind a whole input may come too late to be told.
        said.calls.values_mut().for_each(|call| call.2 = call.2.trim_end().to_owned());
        let stream = written(&steps);
        let mut read = Heard::default();
        let mut reader = Reader::default();
        for event in events(&stream) {
            reader.read(&event, &mut |step| read.hear(&step)).unwrap();
        }
        read.calls.values_mut().for_each(|call| call.2 = call.2.trim_end().to_owned());
        assert_eq!(read, said, "{steps:?}\n{}", String::from_utf8_lossy(&stream));
        check_form(&stream);
    }
}

/// Steps in an order that some provider might have: calls' pieces mixed, usage early or late.
fn steps(chance: &mut Chance) -> Vec<Step<'static>> {
    let mut steps = chance.some(1, |_| Step::Begin { id: None, model: None, usage: None });
    let mut open: Vec<(u32, &'static str)> = Vec::new();
    let mut calls = 0;
    for _ in 0..chance.below(12) {
        let choice = 0;
        match chance.below(8) {
            0 | 1 => steps.push(Step::Text { choice, text: chance.text().into() }),
            2 => steps.push(Step::Thought { choice, text: chance.text().into() }),
            3 => steps.push(Step::Signature { choice, signature: "c2ln".into() }),
            4 => steps.push(Step::SealedThought { choice, data: "Emw".into() }),
            5 => {
                let input = chance.pick(&["", "{}", r#"{"a":"}"}"#, "{\"b\": [1, \"å\"]}\n"]);
                let id = format!("call_{calls}").into();
                steps.push(Step::CallBegin { choice, call: calls, id, name: "f".into() });
                open.push((calls, input));
                calls += 1;
            }
            _ => piece(&mut open, &mut steps, chance),
        }
    }
    while !open.is_empty() {
        piece(&mut open, &mut steps, chance);
    }
    let reason = if calls > 0 { FinishReason::ToolCalls } else { FinishReason::Stop };
    let stop_sequence = if calls > 0 { None } else { chance.maybe(|_| "END".into()) };
    let usage = chance.usage();
    let so_far = Usage { output_tokens: usage.output_tokens.min(1), reasoning_tokens: 0, ..usage };
    let first = usize::from(matches!(steps.first(), Some(Step::Begin { .. })));
    let (at, late) = (chance.below(steps.len() + 1), chance.below(2) == 0);
    steps.insert(at.max(first), Step::Usage(if late { so_far } else { usage }));
    steps.push(Step::Finish { choice: 0, reason, stop_sequence });
    if late {
        steps.push(Step::Usage(usage));
    }
    steps
}

/// The next piece of one of the open calls.
fn piece(open: &mut Vec<(u32, &'static str)>, steps: &mut Vec<Step<'static>>, chance: &mut Chance) {
    if open.is_empty() {
        return;
    }
    let at = chance.below(open.len());
    let (call, rest) = open[at];
    let cut = (1 + chance.below(4)).min(rest.len());
    let cut = (cut..=rest.len()).find(|cut| rest.is_char_boundary(*cut)).unwrap();
    let (json, rest) = rest.split_at(cut);
    steps.push(Step::CallInput { choice: 0, call, json: json.into() });
    open[at].1 = rest;
    open.retain(|(_, rest)| !rest.is_empty());
}

fn written(steps: &[Step<'_>]) -> Vec<u8> {
    let mut writer = Writer::new(&hi(), 0);
    let mut out = Vec::new();
    steps.iter().for_each(|step| writer.write(step, &mut out));
    writer.finish(&mut out);
    out.extend_from_slice(&writer.end_mark());
    out
}

fn events(stream: &[u8]) -> Vec<Event> {
    let mut decoder = Decoder::new(DEFAULT_MAX_EVENT_BYTES);
    decoder.push(Bytes::from(stream.to_vec())).unwrap();
    std::iter::from_fn(|| decoder.next()).collect()
}

/// Begins and ends once, blocks one after the other and counted from 0, events named as typed.
fn check_form(stream: &[u8]) {
    let events = events(stream);
    let mut kinds = Vec::new();
    let (mut next, mut open) = (0, None);
    for event in &events {
        let data: Value = serde_json::from_slice(&event.data()).unwrap();
        let kind = data["type"].as_str().unwrap().to_owned();
        assert_eq!(event.name(), Some(kind.as_str()));
        match kind.as_str() {
            "content_block_start" => {
                assert_eq!((open, &data["index"]), (None, &Value::from(next)));
                open = Some(next);
                next += 1;
            }
            "content_block_delta" => assert_eq!(data["index"], open.unwrap()),
            "content_block_stop" => assert_eq!(data["index"], open.take().unwrap()),
            _ => assert_eq!(open, None),
        }
        kinds.push(kind);
    }
    assert_eq!(kinds.first().unwrap(), "message_start");
    assert_eq!(kinds[kinds.len() - 2..], ["message_delta", "message_stop"]);
    for once in ["message_start", "message_delta", "message_stop"] {
        assert_eq!(kinds.iter().filter(|kind| *kind == once).count(), 1);
    }
}

#[test]
fn a_call_is_told_as_it_comes_and_the_next_once_it_is_whole() {
    let mut writer = Writer::new(&hi(), 0);
    let begin = |call| Step::CallBegin { choice: 0, call, id: "c".into(), name: "f".into() };
    let input = |call, json: &'static str| Step::CallInput { choice: 0, call, json: json.into() };
    let grows = |writer: &mut Writer, step: Step<'_>| {
        let mut out = Vec::new();
        writer.write(&step, &mut out);
        !out.is_empty()
    };
    assert!(grows(&mut writer, begin(0)));
    assert!(grows(&mut writer, input(0, "{\"a\":")));
    assert!(grows(&mut writer, input(0, "1}")));
    assert!(grows(&mut writer, begin(1)), "the first is whole");
    assert!(!grows(&mut writer, begin(2)), "the second has only begun");
    assert!(!grows(&mut writer, input(2, "{}")));
    assert!(grows(&mut writer, input(1, "{}")), "the open one goes on");
}

#[test]
fn a_stream_that_says_nothing_is_whole() {
    let stream = written(&[]);
    check_form(&stream);
    assert_eq!(events(&stream).len(), 3);
    // Another choice than the first, or how likely tokens were, is not asked for.
    let other = Step::Text { choice: 1, text: "a".into() };
    let logprobs = Step::Logprobs { choice: 0, tokens: Vec::new() };
    assert_eq!(written(&[other, logprobs]), stream);
}

#[test]
fn nothing_is_told_behind_the_end() {
    let mut writer = Writer::new(&hi(), 0);
    writer.finish(&mut Vec::new());
    let mut out = Vec::new();
    writer.write(&Step::Text { choice: 0, text: "late".into() }, &mut out);
    writer.finish(&mut out);
    assert!(out.is_empty());
}

/// What is told of one event, and whether it can be.
fn read(reader: &mut Reader, name: &str, data: &str) -> Result<usize, Untold> {
    let stream = format!("event: {name}\ndata: {data}\n\n");
    let mut steps = 0;
    let [event] = &events(stream.as_bytes())[..] else { panic!("not one event") };
    reader.read(event, &mut |_| steps += 1).map(|()| steps)
}

#[test]
fn a_part_that_cannot_be_told_breaks_the_stream_off() {
    for (name, data) in [
        (
            "content_block_start",
            r#"{"type":"content_block_start","content_block":
            {"type":"server_tool_use","id":"s","name":"web_search","input":{}}}"#,
        ),
        ("content_block_start", r#"{"type":"content_block_start"}"#),
        ("content_block_delta", r#"{"type":"content_block_delta","delta":{"type":"new_delta"}}"#),
        (
            "content_block_delta",
            r#"{"type":"content_block_delta","delta":
            {"type":"input_json_delta","partial_json":"{}"}}"#,
        ),
        ("content_block_delta", r#"{"type":"content_block_delta","delta":{"text":7}}"#),
        ("message_delta", "[]"),
    ] {
        let data = data.replace('\n', "");
        assert_eq!(read(&mut Reader::default(), name, &data), Err(Untold), "{data}");
    }
}

#[test]
fn what_is_beside_the_answer_is_no_step() {
    for (name, data) in [
        ("ping", r#"{"type":"ping"}"#),
        ("new_event", r#"{"type":"new_event","data":[1]}"#),
        ("new_event", "[1,2]"),
        ("content_block_stop", r#"{"type":"content_block_stop","index":0}"#),
        (
            "content_block_delta",
            r#"{"type":"content_block_delta","delta":
            {"type":"citations_delta","citation":{"type":"page_location"}}}"#,
        ),
    ] {
        let data = data.replace('\n', "");
        assert_eq!(read(&mut Reader::default(), name, &data), Ok(0), "{data}");
    }
}
