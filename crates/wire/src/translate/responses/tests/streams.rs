//! Streams of providers that do not send all that OpenAI does.

use super::read;
use crate::neutral::{Step, Untold};
use crate::sse::{DEFAULT_MAX_EVENT_BYTES, Decoder};
use crate::translate::error_event;
use crate::{Api, FinishReason};

/// The steps of these events, each its data.
fn steps(events: &[&str]) -> Result<Vec<Step<'static>>, Untold> {
    let line = |event: &&str| format!("data: {}\n\n", event.replace('\n', ""));
    let stream: String = events.iter().map(line).collect();
    read(stream.as_bytes())
}

const CREATED: &str = r#"{"type":"response.created","response":{"id":"resp_1","model":"m"}}"#;
const END: &str = r#"{"type":"response.completed","response":{"status":"completed"}}"#;

fn begin() -> Step<'static> {
    Step::Begin { id: Some("resp_1".into()), model: Some("m".into()), usage: None }
}

fn text(text: &'static str) -> Step<'static> {
    Step::Text { choice: 0, text: text.into() }
}

fn thought(text: &'static str) -> Step<'static> {
    Step::Thought { choice: 0, text: text.into() }
}

fn end(reason: FinishReason) -> Step<'static> {
    Step::Finish { choice: 0, reason, stop_sequence: None }
}

#[test]
fn what_is_done_is_told_as_far_as_its_deltas_were_missing() {
    let message = r#"{"type":"response.output_item.done","item":{"type":"message","content":
        [{"type":"output_text","text":"hi"}]}}"#;
    let done = r#"{"type":"response.output_text.done","text":"hi"}"#;
    let delta = r#"{"type":"response.output_text.delta","delta":"hi"}"#;
    for events in [
        &[CREATED, delta, done, message, END][..],
        &[CREATED, delta, message, END],
        &[CREATED, done, message, END],
        &[CREATED, message, END],
    ] {
        let expected = vec![begin(), text("hi"), end(FinishReason::Stop)];
        assert_eq!(steps(events), Ok(expected), "{events:?}");
    }
    let whole = r#"{"type":"response.completed","response":{"id":"resp_1","model":"m",
        "status":"completed","output":[{"type":"message","content":
        [{"type":"output_text","text":"hi"}]}]}}"#;
    assert_eq!(steps(&[whole]), Ok(vec![begin(), text("hi"), end(FinishReason::Stop)]));
    assert_eq!(steps(&[CREATED, delta, whole]).unwrap().len(), 3);
}

#[test]
fn calls_are_told_apart_by_place_or_id() {
    let added = |place: &str, id: &str| {
        format!(
            r#"{{"type":"response.output_item.added",{place}"item":{{"type":"function_call",
            "id":"{id}","call_id":"c_{id}","name":"f","arguments":""}}}}"#
        )
    };
    let delta = |place: &str, id: &str| {
        format!(
            r#"{{"type":"response.function_call_arguments.delta",{place}"item_id":"{id}",
            "delta":"{{}}"}}"#
        )
    };
    let done = |place: &str, id: &str| {
        format!(
            r#"{{"type":"response.function_call_arguments.done",{place}"item_id":"{id}",
            "arguments":"{{}}"}}"#
        )
    };
    let input = |call| Step::CallInput { choice: 0, call, json: "{}".into() };
    for (one, other) in [(r#""output_index":0,"#, r#""output_index":1,"#), ("", "")] {
        let events = [
            CREATED.to_owned(),
            added(one, "a"),
            added(other, "b"),
            delta(other, "b"),
            delta(one, "a"),
            done(other, "b"),
            done(one, "a"),
        ];
        let events: Vec<&str> = events.iter().map(String::as_str).collect();
        let told = steps(&events).unwrap();
        assert_eq!(told[3..], [input(1), input(0)]);
    }
}

#[test]
fn a_call_that_comes_whole_is_told_once() {
    let item = r#"{"type":"response.output_item.done","output_index":0,"item":{"type":
        "function_call","id":"a","call_id":"c","name":"f","arguments":"{\"x\":1}"}}"#;
    let told = steps(&[CREATED, item, END]).unwrap();
    let begin_call = Step::CallBegin { choice: 0, call: 0, id: "c".into(), name: "f".into() };
    let input = Step::CallInput { choice: 0, call: 0, json: r#"{"x":1}"#.into() };
    assert_eq!(told, [begin(), begin_call, input, end(FinishReason::ToolCalls)]);
}

#[test]
fn thoughts_are_one_text_and_keep_their_seal() {
    let part = r#"{"type":"response.reasoning_summary_part.added"}"#;
    let a = r#"{"type":"response.reasoning_summary_text.delta","delta":"a"}"#;
    let b = r#"{"type":"response.reasoning_summary_text.delta","delta":"b"}"#;
    let done = r#"{"type":"response.output_item.done","item":{"type":"reasoning","summary":
        [{"text":"a"},{"text":"b"}],"encrypted_content":"seal"}}"#;
    let signature = Step::Signature { choice: 0, signature: "seal".into() };
    let told = steps(&[CREATED, part, a, part, b, done]).unwrap();
    let between = thought("\n\n");
    assert_eq!(told, [begin(), thought("a"), between, thought("b"), signature.clone()]);
    assert_eq!(steps(&[CREATED, done]).unwrap(), [begin(), thought("a\n\nb"), signature]);
    let sealed = r#"{"type":"response.output_item.done","item":{"type":"reasoning","summary":[],
        "encrypted_content":"seal"}}"#;
    let expected = Step::SealedThought { choice: 0, data: "seal".into() };
    assert_eq!(steps(&[CREATED, sealed]).unwrap(), [begin(), expected]);
}

#[test]
fn an_answer_in_part_untold_breaks_the_stream() {
    for event in [
        r#"{"type":"response.output_item.added","item":{"type":"web_search_call"}}"#,
        r#"{"type":"response.output_item.done","item":{"type":"image_generation_call"}}"#,
        r#"{"type":"response.audio.delta","delta":"AA"}"#,
        r#"{"type":"response.of_tomorrow.delta","delta":"x"}"#,
        r#"{"type":"response.output_item.done","item":{"type":"message","content":
            [{"type":"output_audio"}]}}"#,
        r#"{"type":"response.output_text.delta","delta":7}"#,
    ] {
        assert_eq!(steps(&[CREATED, event]), Err(Untold), "{event}");
    }
    let aside = r#"{"type":"response.of_tomorrow.in_progress"}"#;
    assert_eq!(steps(&[CREATED, aside]), Ok(vec![begin()]));
}

#[test]
fn a_response_that_failed_tells_why_in_any_dialect() {
    let failed = r#"{"type":"response.failed","response":{"status":"failed","error":
        {"code":"server_error","message":"The model broke."}}}"#;
    let error = r#"{"type":"error","code":null,"message":"The model broke.","param":null}"#;
    for event in [failed, error] {
        let data = format!("event: error\ndata: {}\n\n", event.replace('\n', ""));
        let mut decoder = Decoder::new(DEFAULT_MAX_EVENT_BYTES);
        decoder.push(data.into()).unwrap();
        let event = decoder.next().unwrap();
        for api in [Api::Chat, Api::Messages] {
            let told = error_event(api, &event);
            assert!(String::from_utf8_lossy(&told).contains("The model broke."), "{told:?}");
        }
    }
}
