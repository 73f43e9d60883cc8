//! The cases that the Open Responses compliance suite runs over HTTP, with a provider's answers
//! in the neutral form.

use std::borrow::Cow;

use serde_json::{Value, json};

use super::common::Chance;
use super::schema::{check_response, check_stream};
use super::{arbitrary, written};
use crate::neutral::{Choice, Content, Reply, Step};
use crate::translate::responses::{read_prompt, write_reply};
use crate::{FinishReason, ResponsesRequest, Usage};

const QUESTION: &str = r#"[{"type":"message","role":"user","content":"Say hello."}]"#;
const TOOLS: &str = r#","tools":[{"type":"function","name":"get_weather",
    "description":"Get the current weather for a location","parameters":{"type":"object",
    "properties":{"location":{"type":"string"}},"required":["location"]}}]"#;

/// A request of the suite, which must be one that can be told to any provider.
fn asked(input: &str, members: &str) -> ResponsesRequest {
    let body = format!(r#"{{"model":"m","input":{input}{members}}}"#);
    let request = ResponsesRequest::parse(body.into()).unwrap();
    read_prompt(&request).unwrap();
    request
}

fn said() -> Content<'static> {
    Content::Text(Cow::Borrowed("Hello there, friend."))
}

fn call() -> Content<'static> {
    let input: Box<serde_json::value::RawValue> =
        serde_json::from_str(r#"{"location":"San Francisco, CA"}"#).unwrap();
    let (id, name) = (Cow::Borrowed("call_1"), Cow::Borrowed("get_weather"));
    Content::Call { id, name, input: input.into() }
}

/// The whole answer, checked.
fn answered(to: &ResponsesRequest, content: Content<'_>) -> Value {
    let finish = match &content {
        Content::Call { .. } => FinishReason::ToolCalls,
        _ => FinishReason::Stop,
    };
    let choice = Choice { contents: vec![content], finish: Some(finish), ..Choice::default() };
    let usage = Usage { input_tokens: 9, output_tokens: 5, ..Usage::default() };
    let id = Some(Cow::Borrowed("msg_01A"));
    let reply = Reply { id, choices: vec![choice], usage: Some(usage), model: None, created: None };
    let response = serde_json::from_slice(&write_reply(&reply, to, 1_792_540_800)).unwrap();
    check_response(&response);
    assert_eq!(response["status"], "completed");
    response
}

#[test]
fn basic_text() {
    let response = answered(&asked(QUESTION, ""), said());
    assert_eq!(response["id"], "resp_msg_01A");
    assert_eq!(response["model"], "m");
    assert_eq!(response["created_at"], 1_792_540_800);
    assert_eq!(response["usage"]["total_tokens"], 14);
    let message = &response["output"][0];
    assert_eq!(message["id"], "msg_msg_01A_0");
    assert_eq!((&message["type"], &message["role"]), (&json!("message"), &json!("assistant")));
    let part = json!({"type": "output_text", "text": "Hello there, friend.",
        "annotations": [], "logprobs": []});
    assert_eq!(message["content"], json!([part]));
}

#[test]
fn system_prompt_image_and_history() {
    for input in [
        r#"[{"type":"message","role":"system","content":"You are a pirate."},
            {"type":"message","role":"user","content":"Say hello."}]"#,
        r#"[{"type":"message","role":"user","content":[
            {"type":"input_text","text":"What do you see?"},
            {"type":"input_image","image_url":"data:image/png;base64,iVBORw0KGgo="}]}]"#,
        r#"[{"type":"message","role":"user","content":"My name is Alice."},
            {"type":"message","role":"assistant","content":"Hello Alice!"},
            {"type":"message","role":"user","content":"What is my name?"}]"#,
    ] {
        assert_eq!(answered(&asked(input, ""), said())["output"][0]["type"], "message");
    }
}

#[test]
fn tool_calling() {
    let response = answered(&asked(QUESTION, TOOLS), call());
    let call = &response["output"][0];
    assert_eq!(call["type"], "function_call");
    assert_eq!(call["call_id"], "call_1");
    assert_eq!(call["arguments"], r#"{"location":"San Francisco, CA"}"#);
    assert_eq!(response["tools"][0]["strict"], Value::Null);
}

fn names(events: &[Value]) -> Vec<&str> {
    events.iter().map(|event| event["type"].as_str().unwrap()).collect()
}

#[test]
fn streaming() {
    let text = |text| Step::Text { choice: 0, text: Cow::Borrowed(text) };
    let reason = FinishReason::Stop;
    let finish = Step::Finish { choice: 0, reason, stop_sequence: None };
    let begin = Step::Begin { id: Some("1".into()), model: Some("gpt".into()), usage: None };
    let stream = written(&asked(QUESTION, ""), &[begin, text("1, "), text("2"), finish]);
    let events = check_stream(&stream);
    let expected = [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.content_part.added",
        "response.output_text.delta",
        "response.output_text.delta",
        "response.output_text.done",
        "response.content_part.done",
        "response.output_item.done",
        "response.completed",
    ];
    assert_eq!(names(&events), expected);
    assert_eq!(events[9]["response"]["model"], "gpt");
    assert_eq!(events[9]["response"]["output"][0]["content"][0]["text"], "1, 2");
}

#[test]
fn tool_calling_streamed() {
    let begin = Step::CallBegin { choice: 0, call: 0, id: "c".into(), name: "f".into() };
    let input = Step::CallInput { choice: 0, call: 0, json: r#"{"a":1}"#.into() };
    let events = check_stream(&written(&asked(QUESTION, TOOLS), &[begin, input]));
    let expected = [
        "response.created",
        "response.in_progress",
        "response.output_item.added",
        "response.function_call_arguments.delta",
        "response.function_call_arguments.done",
        "response.output_item.done",
        "response.completed",
    ];
    assert_eq!(names(&events), expected);
    assert_eq!(events[2]["item"]["type"], "function_call");
    assert_eq!(events[2]["item"]["status"], "in_progress");
    assert_eq!(events[5]["item"]["arguments"], r#"{"a":1}"#);
}

#[test]
fn a_request_s_members_are_echoed() {
    let members = r#","instructions":"Be brief.","max_output_tokens":99,"temperature":0.5,
        "metadata":{"a":"b"},"user":"u","tool_choice":{"type":"function","name":"f"},
        "parallel_tool_calls":false,"reasoning":{"effort":"low"},"store":true,
        "text":{"format":{"type":"json_schema","name":"n","schema":{"type":"object"}}}"#;
    let response = answered(&asked(QUESTION, members), said());
    assert_eq!(response["instructions"], "Be brief.");
    assert_eq!(response["max_output_tokens"], 99);
    assert_eq!((&response["temperature"], &response["top_p"]), (&json!(0.5), &json!(1)));
    assert_eq!(response["metadata"], json!({"a": "b"}));
    assert_eq!(response["tool_choice"]["name"], "f");
    assert_eq!(response["parallel_tool_calls"], false);
    assert_eq!(response["reasoning"], json!({"effort": "low", "summary": null}));
    assert_eq!(response["text"]["format"]["strict"], false);
    // Nothing can be looked up here.
    assert_eq!(response["store"], false);
}

#[test]
fn what_was_cut_off_is_incomplete() {
    for (reason, word) in [
        (FinishReason::Length, "max_output_tokens"),
        (FinishReason::ContentFilter, "content_filter"),
    ] {
        let text = Step::Text { choice: 0, text: "Hel".into() };
        let finish = Step::Finish { choice: 0, reason, stop_sequence: None };
        let events = check_stream(&written(&asked(QUESTION, ""), &[text, finish]));
        let last = &events.last().unwrap()["response"];
        assert_eq!(last["status"], "incomplete");
        assert_eq!(last["incomplete_details"], json!({"reason": word}));
        assert_eq!(last["output"][0]["status"], "incomplete");
    }
}

#[test]
fn any_order_of_steps_makes_a_stream_in_order() {
    let mut chance = Chance::new(5);
    let plain = asked(QUESTION, TOOLS);
    let likely = asked(QUESTION, r#","top_logprobs":2"#);
    for _ in 0..2000 {
        let mut steps = arbitrary::steps(&mut chance);
        let extra = [
            Step::Begin { id: None, model: None, usage: Some(arbitrary::usage(&mut chance)) },
            Step::Usage(arbitrary::usage(&mut chance)),
            Step::Finish { choice: 0, reason: FinishReason::Other, stop_sequence: None },
            Step::Logprobs { choice: 0, tokens: arbitrary::tokens(&mut chance) },
            Step::Text { choice: 1, text: "of another answer".into() },
            Step::CallInput { choice: 0, call: 77, json: "{}".into() },
        ];
        for step in extra {
            let at = chance.below(steps.len() + 1);
            steps.insert(at, step);
        }
        let to = if chance.below(2) == 0 { &plain } else { &likely };
        let stream = written(to, &steps);
        check_stream(&stream);
        assert!(!String::from_utf8(stream).unwrap().contains("of another answer"));
    }
    check_stream(&written(&plain, &[]));
}

#[test]
fn whole_answers_at_random_are_complete() {
    let mut chance = Chance::new(6);
    let to = asked(QUESTION, TOOLS);
    for _ in 0..1000 {
        let body = write_reply(&arbitrary::reply(&mut chance), &to, 0);
        check_response(&serde_json::from_slice(&body).unwrap());
    }
    check_response(&serde_json::from_slice(&write_reply(&Reply::default(), &to, 0)).unwrap());
}
