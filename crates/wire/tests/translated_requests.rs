//! Chat requests for a provider of messages: what cannot be told is refused with its field, and
//! whatever is told is a messages request of alternating turns.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use bytes::Bytes;
use common::Chance;
use inferlayer_wire::{Api, Call, Invalid, Target, Vendor};
use serde_json::Value;

const HI: &str = r#"{"role":"user","content":"hi"}"#;
const TOOL: &str = r#""tools":[{"type":"function","function":{"name":"f"}}]"#;

fn claude(max_output_tokens: Option<u64>) -> Target<'static> {
    Target { max_output_tokens, ..Target::main(Vendor::Anthropic, "claude") }
}

fn gpt() -> Target<'static> {
    Target::main(Vendor::OpenAi, "gpt")
}

fn call(messages: &str, members: &str) -> Call {
    let body = format!(r#"{{"model":"m","messages":[{messages}]{members}}}"#);
    Call::parse(Api::Chat, Bytes::from(body)).unwrap()
}

/// Why a request is refused, by both ways to ask.
fn refusal(messages: &str, members: &str) -> Invalid {
    let call = call(messages, members);
    let fits = call.fits(&claude(None));
    assert!(fits.is_err(), "{messages} {members}");
    let refused = fits.unwrap_err();
    assert_eq!(call.for_provider(&claude(Some(9))), Err(refused.clone()));
    assert_eq!(call.fits(&gpt()), Ok(()));
    refused
}

#[test]
fn fields_without_a_counterpart_are_refused_by_name() {
    for (field, values) in [
        ("n", r#"2"#),
        ("logprobs", r#"true"#),
        ("top_logprobs", r#"3"#),
        ("logit_bias", r#"{"50256":-100}"#),
        ("audio", r#"{"voice":"alloy","format":"mp3"}"#),
        ("modalities", r#"["text","audio"] ["audio"]"#),
        ("prediction", r#"{"type":"content","content":"a"}"#),
        ("web_search_options", r#"{}"#),
        ("functions", r#"[{"name":"f"}]"#),
        ("function_call", r#""auto""#),
        ("response_format", r#"{"type":"json_object"}"#),
        ("reasoning_effort", r#""some" 7"#),
        ("verbosity", r#""low""#),
        ("seed", r#"0 7"#),
        ("frequency_penalty", r#"0.1 -2"#),
        ("presence_penalty", r#"1"#),
        ("service_tier", r#""flex" "priority""#),
        ("temperature", r#"1.01 2 -0.1 "1" []"#),
        ("top_p", r#"1.5 true"#),
        ("stop", r#""" ["a",""] 7 ["a",7] {}"#),
        ("tool_choice", r#""required" "any" {"type":"function","function":{"name":"f"}}"#),
        ("parallel_tool_calls", r#"1"#),
        ("tools", r#"{} "f""#),
        ("user", r#"7"#),
    ] {
        for value in values.split_whitespace() {
            let refused = refusal(HI, &format!(r#","{field}":{value}"#));
            assert_eq!(refused.param.as_deref(), Some(field), "{value}: {refused}");
        }
    }
    assert_eq!(refusal(HI, r#","stop":" \n""#).param.as_deref(), Some("stop"));
}

/// Messages and the place at which they are refused.
fn refused_at(messages: &str, param: &str) {
    let refused = refusal(messages, "");
    assert_eq!(refused.param.as_deref(), Some(param), "{messages}: {refused}");
}

#[test]
fn a_conversation_begins_with_the_user_and_ends_with_the_user_or_a_tool() {
    refused_at(&format!(r#"{{"role":"assistant","content":"hi"}},{HI}"#), "messages");
    refused_at(&format!(r#"{HI},{{"role":"assistant","content":"and"}}"#), "messages[1]");
    refused_at(&called(CALL), "messages[1]");
    refused_at(r#"{"role":"system","content":"hi"}"#, "messages");
}

#[test]
fn messages_that_cannot_be_told_are_refused_at_their_place() {
    for (message, param) in [
        (r#"{"content":"hi"}"#, "messages[1].role"),
        (r#"{"role":"function","name":"f","content":"hi"}"#, "messages[1].role"),
        (r#"{"role":"tool","tool_call_id":"c","content":"a"}"#, "messages[1].role"),
        (r#"{"role":"user","content":"hi","name":"Ann"}"#, "messages[1].name"),
        (r#"{"role":"user","content":""}"#, "messages[1]"),
        (r#"{"role":"user"}"#, "messages[1].content"),
        (r#"{"role":"user","content":{}}"#, "messages[1].content"),
        (r#"{"role":"user","content":["a"]}"#, "messages[1].content[0]"),
        (r#"{"role":"assistant","content":null}"#, "messages[1].content"),
        (r#"{"role":"assistant","audio":{"id":"a"}}"#, "messages[1].content"),
        (r#"{"role":"assistant","content":"a","audio":{"id":"a"}}"#, "messages[1].audio"),
        (r#"{"role":"assistant","content":"a","function_call":{}}"#, "messages[1].function_call"),
        (r#"{"role":"system","content":[{"type":"image_url"}]}"#, "messages[1].content[0].type"),
    ] {
        refused_at(&format!("{HI},{message},{HI}"), param);
    }
}

#[test]
fn parts_that_cannot_be_told_are_refused_at_their_place() {
    for (part, param) in [
        (
            r#"{"type":"input_audio","input_audio":{"data":"UklGRg==","format":"wav"}}"#,
            "input_audio",
        ),
        (r#"{"type":"input_audio","input_audio":{}}"#, "input_audio.data"),
        (r#"{"type":"file","file":{"file_data":"data:text/csv;base64,YQ=="}}"#, "file"),
        (r#"{"type":"file","file":{}}"#, "file.file_data"),
        (r#"{"type":"video_url"}"#, "type"),
        (r#"{"type":"refusal","refusal":"no"}"#, "type"),
        (r#"{"text":"a"}"#, "type"),
        (r#"{"type":"text"}"#, "text"),
        (r#"{"type":"image_url"}"#, "image_url"),
        (r#"{"type":"image_url","image_url":"https://example.com"}"#, "image_url"),
    ] {
        let message = format!(r#"{{"role":"user","content":[{part}]}}"#);
        refused_at(&message, &format!("messages[0].content[0].{param}"));
    }
    for (image, param) in [
        ("", "url"),
        (r#""url":"file:///etc/passwd""#, "url"),
        (r#""url":"data:image/png;base64,""#, "url"),
        (r#""url":"data:image/png,AA""#, "url"),
        (r#""url":"https://example.com","detail":"low""#, "detail"),
    ] {
        let part = format!(r#"{{"type":"image_url","image_url":{{{image}}}}}"#);
        let message = format!(r#"{{"role":"user","content":[{part}]}}"#);
        refused_at(&message, &format!("messages[0].content[0].image_url.{param}"));
    }
    let bitmap = r#"{"type":"image_url","image_url":{"url":"data:image/bmp;base64,AA"}}"#;
    let message = format!(r#"{{"role":"user","content":[{bitmap}]}}"#);
    refused_at(&message, "messages[0].content[0].image_url");
}

const CALL: &str = r#"{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}"#;

/// The user's question, and an answer that calls.
fn called(call: &str) -> String {
    format!(r#"{HI},{{"role":"assistant","tool_calls":[{call}]}}"#)
}

#[test]
fn calls_and_results_that_cannot_be_told_are_refused_at_their_place() {
    for (call, param) in [
        (CALL.replace(r#""c""#, r#""""#), "id"),
        (CALL.replace("function\",", "custom\","), "type"),
        (r#"{"id":"c"}"#.to_owned(), "function"),
        (CALL.replace("{}", "{"), "function.arguments"),
        (CALL.replace("{}", "[]"), "function.arguments"),
        (CALL.replace("{}", r#"{\"a\":1,\"a\":2}"#), "function.arguments"),
    ] {
        refused_at(&called(&call), &format!("messages[1].tool_calls[0].{param}"));
    }
    for result in [r#""content":"a""#, r#""content":"a","tool_call_id":"""#] {
        let messages = format!(r#"{},{{"role":"tool",{result}}}"#, called(CALL));
        refused_at(&messages, "messages[2].tool_call_id");
    }
}

#[test]
fn a_call_and_its_result_have_one_id_that_the_provider_takes() {
    let asked = called(&CALL.replace(r#""c""#, r#""functions.f:0""#));
    let answered = r#"{"role":"tool","tool_call_id":"functions.f:0","content":"a"}"#;
    let body = call(&format!("{asked},{answered}"), "").for_provider(&claude(None)).unwrap();
    let tree: Value = serde_json::from_slice(&body).unwrap();
    let id = tree["messages"][1]["content"][0]["id"].as_str().unwrap();
    assert!(id.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_'), "{id}");
    assert_eq!(tree["messages"][2]["content"][0]["tool_use_id"], id);
}

#[test]
fn tools_that_cannot_be_told_are_refused_at_their_place() {
    for (tool, param) in [
        (r#"{"type":"custom","custom":{"name":"f"}}"#, "tools[0].type"),
        (r#"{"function":{"name":"f"}}"#, "tools[0].type"),
        (r#"{"type":"function"}"#, "tools[0].function"),
        (r#"{"type":"function","function":{}}"#, "tools[0].function.name"),
        (
            r#"{"type":"function","function":{"name":"f","parameters":7}}"#,
            "tools[0].function.parameters",
        ),
        (
            r#"{"type":"function","function":{"name":"f","strict":"yes"}}"#,
            "tools[0].function.strict",
        ),
    ] {
        let refused = refusal(HI, &format!(r#","tools":[{tool}]"#));
        assert_eq!(refused.param.as_deref(), Some(param), "{tool}: {refused}");
    }
    let choice = r#"{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[]}}"#;
    let refused = refusal(HI, &format!(r#",{TOOL},"tool_choice":{choice}"#));
    assert_eq!(refused.param.as_deref(), Some("tool_choice"));
}

#[test]
fn unknown_fields_are_refused_without_their_names() {
    for (messages, members, param) in [
        (HI.to_owned(), r#","secret":1"#.to_owned(), None),
        (HI.replace('}', r#","secret":1}"#), String::new(), Some("messages[0]")),
        (
            r#"{"role":"user","content":[{"type":"text","text":"a","secret":1}]}"#.to_owned(),
            String::new(),
            Some("messages[0].content[0]"),
        ),
        (
            HI.to_owned(),
            format!(",{}", TOOL.replace(r#""f""#, r#""f","secret":1"#)),
            Some("tools[0].function"),
        ),
    ] {
        let refused = refusal(&messages, &members);
        assert_eq!(refused.param.as_deref(), param);
        assert!(!format!("{refused:?}").contains("secret"), "{refused}");
    }
    // Null is as good as absent, whatever its name.
    assert_eq!(call(HI, r#","secret":null"#).fits(&claude(None)), Ok(()));
}

/// Messages that may stand anywhere, and after a call of `c1` or `c2`.
const MESSAGES: [&str; 12] = [
    r#"{"role":"system","content":"s"}"#,
    r#"{"role":"developer","content":[
        {"type":"text","text":"d","cache_control":{"type":"ephemeral"}}]}"#,
    r#"{"role":"user","content":"u\u00e9\ud83d\ude00\n"}"#,
    r#"{"role":"user","content":[{"type":"text","text":""},{"type":"text","text":"t"}]}"#,
    r#"{"role":"user","content":[
        {"type":"image_url","image_url":{"url":"data:image\/gif;base64,R0lG"}}]}"#,
    r#"{"role":"user","content":"m","cache_control":{"type":"ephemeral"}}"#,
    r#"{"role":"assistant","content":"a"}"#,
    r#"{"role":"assistant","content":[
        {"type":"text","text":"a"},{"type":"refusal","refusal":"r"}]}"#,
    r#"{"role":"assistant","refusal":"r"}"#,
    r#"{"role":"assistant","tool_calls":[
        {"id":"c1","function":{"name":"f","arguments":"{\"a\":[1]}"}},
        {"id":"c2","type":"function","function":{"name":"g"}}]}"#,
    r#"{"role":"tool","tool_call_id":"c1","content":"r"}"#,
    r#"{"role":"tool","tool_call_id":"c2","content":[{"type":"text","text":""}]}"#,
];

const MEMBERS: [&str; 8] = [
    r#""temperature":0.5"#,
    r#""top_p":0.9"#,
    r#""stop":["a","b"]"#,
    r#""max_tokens":7"#,
    r#""stream":true"#,
    r#""user":"u""#,
    TOOL,
    r#""tool_choice":"required","tools":[
        {"type":"function","function":{"name":"f","parameters":{"properties":{}}}}]"#,
];

#[test]
fn whatever_is_told_is_a_messages_request_of_alternating_turns() {
    let mut chance = Chance::new(5);
    let mut told = 0;
    for _ in 0..20_000 {
        let length = 1 + chance.below(7);
        let messages: Vec<&str> = (0..length).map(|_| chance.pick(&MESSAGES)).collect();
        let member = chance.pick(&MEMBERS);
        let call = call(&messages.join(","), &format!(",{member}"));
        match call.for_provider(&claude(Some(100))) {
            Ok(body) => check(&body),
            Err(_) => continue,
        }
        assert_eq!(call.fits(&claude(None)), Ok(()));
        told += 1;
    }
    assert!(told > 2_000, "{told}");
}

fn check(body: &Bytes) {
    let text = str::from_utf8(body).unwrap();
    assert!(Call::parse(Api::Messages, body.clone()).is_ok(), "{text}");
    let tree: Value = serde_json::from_slice(body).unwrap();
    let turns = tree["messages"].as_array().unwrap();
    for (index, turn) in turns.iter().enumerate() {
        assert_eq!(turn["role"], ["user", "assistant"][index % 2], "{text}");
        let kinds: Vec<&str> = turn["content"]
            .as_array()
            .unwrap()
            .iter()
            .map(|block| block["type"].as_str().unwrap())
            .collect();
        assert!(!kinds.is_empty(), "{text}");
        let results = kinds.iter().take_while(|kind| **kind == "tool_result").count();
        assert!(kinds[results..].iter().all(|kind| *kind != "tool_result"), "{text}");
    }
    assert_eq!(turns.len() % 2, 1, "{text}");
}
