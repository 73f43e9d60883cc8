//! What a prompt cannot hold is refused where its caller wrote it, and nothing of it is repeated.

use crate::ChatRequest;
use crate::translate::chat::read_prompt;

const HI: &str = r#"{"role":"user","content":"hi"}"#;
const TOOL: &str = r#""tools":[{"type":"function","function":{"name":"f"}}]"#;
const CALL: &str = r#"{"id":"c","type":"function","function":{"name":"f","arguments":"{}"}}"#;

/// Where a request is refused; none when it is read.
fn param(messages: &str, members: &str) -> Option<String> {
    let body = format!(r#"{{"model":"m","messages":[{messages}]{members}}}"#);
    let read = ChatRequest::parse(body.into());
    let refused = read.and_then(|request| read_prompt(&request).map(drop)).err()?;
    assert!(!format!("{refused:?}").contains("secret"), "{refused}");
    Some(refused.param.unwrap_or_default())
}

#[track_caller]
fn refused_at(messages: &str, place: &str) {
    assert_eq!(param(messages, "").as_deref(), Some(place), "{messages}");
}

#[test]
fn fields_are_refused_by_name() {
    for (field, values) in [
        ("audio", r#"{"voice":"alloy","format":"mp3"}"#),
        ("frequency_penalty", r#"2.1 "1""#),
        ("function_call", r#""auto""#),
        ("functions", r#"[{"name":"f"}]"#),
        ("logit_bias", r#"{"50256":-100}"#),
        ("logprobs", "1"),
        ("modalities", r#"["text","audio"]"#),
        ("parallel_tool_calls", "1"),
        ("prediction", r#"{"type":"content","content":"a"}"#),
        ("presence_penalty", "-3"),
        ("reasoning_effort", r#""much" 7"#),
        ("seed", "1.5 9223372036854775808"),
        ("service_tier", r#""flex" "priority""#),
        ("stop", r#""" ["a",""] 7 ["a",7] {}"#),
        ("temperature", r#"2.01 -0.1 "1" []"#),
        ("tool_choice", r#""any" {"type":"custom","custom":{"name":"f"}}"#),
        ("tools", r#"{} "f""#),
        ("top_k", "-2 0.5"),
        ("top_logprobs", "3"),
        ("top_p", "1.5 true"),
        ("user", "7"),
        ("verbosity", r#""low""#),
        ("web_search_options", "{}"),
    ] {
        for value in values.split_whitespace() {
            let refused = param(HI, &format!(r#","{field}":{value}"#));
            assert_eq!(refused.as_deref(), Some(field), "{value}");
        }
    }
    for others in ["-1", "21", "true"] {
        let members = format!(r#","logprobs":true,"top_logprobs":{others}"#);
        assert_eq!(param(HI, &members).as_deref(), Some("top_logprobs"), "{others}");
    }
}

#[test]
fn formats_are_refused_at_their_place() {
    for (format, place) in [
        (r#"{}"#, "response_format.type"),
        (r#"{"type":"grammar"}"#, "response_format.type"),
        (r#"{"type":"json_object","secret":1}"#, "response_format"),
        (r#"{"type":"json_schema"}"#, "response_format.json_schema"),
        (r#"{"type":"json_schema","json_schema":{}}"#, "response_format.json_schema.schema"),
        (
            r#"{"type":"json_schema","json_schema":{"schema":[]}}"#,
            "response_format.json_schema.schema",
        ),
    ] {
        let members = format!(r#","response_format":{format}"#);
        assert_eq!(param(HI, &members).as_deref(), Some(place), "{format}");
    }
}

#[test]
fn what_changes_nothing_is_left_out() {
    for members in [
        r#""n":1,"logprobs":false,"top_logprobs":0,"frequency_penalty":0.0,"presence_penalty":0"#,
        r#""logit_bias":{},"modalities":["text"],"response_format":{"type":"text"}"#,
        r#""store":true,"metadata":{"secret":"1"},"prompt_cache_key":"k","service_tier":"auto""#,
        r#""tool_choice":"auto","parallel_tool_calls":false,"tools":[]"#,
        r#""secret":null,"top_k":-1,"stop":[]"#,
    ] {
        assert_eq!(param(HI, &format!(",{members}")), None, "{members}");
    }
}

#[test]
fn messages_are_refused_at_their_place() {
    for (message, place) in [
        (r#"{"content":"hi"}"#, "messages[1].role"),
        (r#"{"role":"function","name":"f","content":"hi"}"#, "messages[1].role"),
        (r#"{"role":"tool","tool_call_id":"c","content":"a"}"#, "messages[1].role"),
        (r#"{"role":"user"}"#, "messages[1].content"),
        (r#"{"role":"user","content":{}}"#, "messages[1].content"),
        (r#"{"role":"user","content":["a"]}"#, "messages[1].content[0]"),
        (r#"{"role":"user","content":"a","name":7}"#, "messages[1].name"),
        (r#"{"role":"assistant","content":null}"#, "messages[1].content"),
        (r#"{"role":"assistant","audio":{"id":"a"}}"#, "messages[1].content"),
        (r#"{"role":"assistant","content":"a","audio":{"id":"a"}}"#, "messages[1].audio"),
        (r#"{"role":"assistant","content":"a","function_call":{}}"#, "messages[1].function_call"),
        (
            r#"{"role":"assistant","thinking_blocks":[{"type":"secret"}]}"#,
            "messages[1].thinking_blocks[0].type",
        ),
        (
            r#"{"role":"assistant","thinking_blocks":[{"type":"redacted_thinking"}]}"#,
            "messages[1].thinking_blocks[0].data",
        ),
        (r#"{"role":"system","content":[{"type":"image_url"}]}"#, "messages[1].content[0].type"),
        (r#"{"role":"user","content":"a","secret":1}"#, "messages[1]"),
    ] {
        refused_at(&format!("{HI},{message},{HI}"), place);
    }
}

#[test]
fn parts_are_refused_at_their_place() {
    for (part, place) in [
        (r#"{"text":"a"}"#, ".type"),
        (r#"{"type":"refusal","refusal":"no"}"#, ".type"),
        (r#"{"type":"text"}"#, ".text"),
        (r#"{"type":"text","text":"a","secret":1}"#, ""),
        (r#"{"type":"image_url"}"#, ".image_url"),
        (r#"{"type":"image_url","image_url":"https://example.com"}"#, ".image_url"),
        (r#"{"type":"image_url","image_url":{}}"#, ".image_url.url"),
        (r#"{"type":"image_url","image_url":{"url":"file:///a"}}"#, ".image_url.url"),
        (r#"{"type":"image_url","image_url":{"url":"data:image/png,AA"}}"#, ".image_url.url"),
        (r#"{"type":"image_url","image_url":{"url":"data:image/png;base64,"}}"#, ".image_url.url"),
        (
            r#"{"type":"image_url","image_url":{"url":"data:text/plain;base64,AA"}}"#,
            ".image_url.url",
        ),
        (r#"{"type":"input_audio","input_audio":{}}"#, ".input_audio.data"),
        (
            r#"{"type":"input_audio","input_audio":{"data":"AA","format":"ogg"}}"#,
            ".input_audio.format",
        ),
        (r#"{"type":"file","file":{"filename":"a"}}"#, ".file.file_data"),
        (r#"{"type":"file","file":{"file_data":"AA"}}"#, ".file.file_data"),
        (
            r#"{"type":"file","file":{"file_id":"a","file_data":"data:a/b;base64,AA"}}"#,
            ".file.file_id",
        ),
    ] {
        let message = format!(r#"{{"role":"user","content":[{part}]}}"#);
        refused_at(&message, &format!("messages[0].content[0]{place}"));
    }
}

#[test]
fn calls_and_results_are_refused_at_their_place() {
    let called = |call: &str| format!(r#"{HI},{{"role":"assistant","tool_calls":[{call}]}}"#);
    for (call, place) in [
        (CALL.replace(r#""c""#, r#""""#), "id"),
        (CALL.replace("function\",", "custom\","), "type"),
        (r#"{"id":"c"}"#.to_owned(), "function"),
        (CALL.replace("{}", "{"), "function.arguments"),
        (CALL.replace("{}", "[]"), "function.arguments"),
        (CALL.replace("{}", r#"{\"a\":1,\"a\":2}"#), "function.arguments"),
    ] {
        let messages = format!("{},{HI}", called(&call));
        refused_at(&messages, &format!("messages[1].tool_calls[0].{place}"));
    }
    let result = |members: &str| format!(r#"{},{{"role":"tool",{members}}}"#, called(CALL));
    refused_at(&result(r#""content":"a""#), "messages[2].tool_call_id");
    refused_at(
        &result(r#""tool_call_id":"c","content":[{"type":"image_url"}]"#),
        "messages[2].content[0].type",
    );
    assert_eq!(param(&result(r#""tool_call_id":"functions.f:0""#), ""), None);
}

#[test]
fn tools_are_refused_at_their_place() {
    for (tool, place) in [
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
        (r#"{"type":"function","function":{"name":"f","secret":1}}"#, "tools[0].function"),
    ] {
        let refused = param(HI, &format!(r#","tools":[{tool}]"#));
        assert_eq!(refused.as_deref(), Some(place), "{tool}");
    }
    let choice = r#"{"type":"allowed_tools","allowed_tools":{"mode":"auto","tools":[]}}"#;
    let refused = param(HI, &format!(r#",{TOOL},"tool_choice":{choice}"#));
    assert_eq!(refused.as_deref(), Some("tool_choice"));
}
