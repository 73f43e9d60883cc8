//! What cannot be said is refused at its place, and nothing is quoted.

use crate::translate::responses::read_prompt;
use crate::{Invalid, ResponsesRequest};

fn read(body: &str) -> Result<(), Invalid> {
    let request = ResponsesRequest::parse(body.to_owned().into())?;
    read_prompt(&request).map(drop)
}

/// The place at which a request with this input or these members is refused.
fn refused(input: &str, members: &str) -> String {
    let refused = read(&format!(r#"{{"model":"m","input":{input}{members}}}"#)).unwrap_err();
    assert!(!refused.message.contains("secret"), "{refused}");
    refused.param.unwrap_or_default()
}

#[test]
fn what_only_openai_keeps_or_does_is_refused_by_name() {
    for (name, value) in [
        ("previous_response_id", r#""resp_1""#),
        ("conversation", r#""conv_1""#),
        ("prompt", r#"{"id":"secret"}"#),
        ("max_tool_calls", "3"),
        ("context_management", r#"[{"type":"compaction"}]"#),
        ("moderation", r#"{"model":"m"}"#),
        ("truncation", r#""auto""#),
        ("service_tier", r#""flex""#),
        ("parallel_tool_calls", "7"),
        ("temperature", r#""secret""#),
        ("top_logprobs", "-1"),
        ("include", r#"["file_search_call.results"]"#),
        ("user", "7"),
        ("tool_choice", r#""secret""#),
    ] {
        assert_eq!(refused("\"hi\"", &format!(r#","{name}":{value}"#)), name);
    }
    assert_eq!(refused("\"hi\"", r#","secret":1"#), "");
}

#[test]
fn options_are_refused_at_their_place() {
    for (members, place) in [
        (r#""text":{"verbosity":"low"}"#, "text.verbosity"),
        (r#""text":{"secret":1}"#, "text"),
        (r#""text":{"format":{"type":"grammar"}}"#, "text.format.type"),
        (r#""text":{"format":{"type":"json_schema","name":"n"}}"#, "text.format.schema"),
        (r#""reasoning":{"effort":"max"}"#, "reasoning.effort"),
        (r#""reasoning":{"context":"all_turns"}"#, "reasoning"),
        (r#""tools":[{"type":"web_search"}]"#, "tools[0].type"),
        (r#""tools":[{"type":"custom","name":"x"}]"#, "tools[0].type"),
        (r#""tools":[{"type":"function","name":"x","secret":1}]"#, "tools[0]"),
        (r#""tools":[{"type":"function","name":"x"},{"type":"function"}]"#, "tools[1].name"),
        (r#""tool_choice":{"type":"allowed_tools","mode":"auto"}"#, "tool_choice.type"),
        (r#""tool_choice":{"type":"function"}"#, "tool_choice.name"),
    ] {
        assert_eq!(refused("\"hi\"", &format!(",{members}")), place, "{members}");
    }
}

#[test]
fn items_are_refused_at_their_place() {
    for (item, place) in [
        (r#"{"type":"item_reference","id":"msg_1"}"#, "input[1].type"),
        (r#"{"type":"web_search_call","id":"ws_1"}"#, "input[1].type"),
        (r#"{"id":"msg_1"}"#, "input[1].role"),
        (r#"{"role":"secret","content":"x"}"#, "input[1].role"),
        (r#"{"role":"user"}"#, "input[1].content"),
        (r#"{"role":"user","content":7}"#, "input[1].content"),
        (r#"{"role":"user","content":"x","secret":1}"#, "input[1]"),
        (r#"{"role":"user","content":[{"type":"of tomorrow"}]}"#, "input[1].content[0].type"),
        (r#"{"role":"user","content":[{"type":"input_text"}]}"#, "input[1].content[0].text"),
        (
            r#"{"role":"user","content":[{"type":"refusal","refusal":"x"}]}"#,
            "input[1].content[0].type",
        ),
        (
            r#"{"role":"assistant","content":[{"type":"input_image","file_id":"x"}]}"#,
            "input[1].content[0].type",
        ),
        (r#"{"role":"user","content":[{"type":"input_image"}]}"#, "input[1].content[0].image_url"),
        (
            r#"{"role":"user","content":[{"type":"input_image","image_url":"ftp://secret"}]}"#,
            "input[1].content[0].image_url",
        ),
        (
            r#"{"role":"user","content":[{"type":"input_file","file_data":"secret"}]}"#,
            "input[1].content[0].file_data",
        ),
        (
            r#"{"role":"user","content":[{"type":"input_audio","input_audio":
            {"data":"AA","format":"secret"}}]}"#,
            "input[1].content[0].input_audio.format",
        ),
        (r#"{"type":"function_call","name":"f","arguments":"{}"}"#, "input[1].call_id"),
        (
            r#"{"type":"function_call","call_id":"c","name":"f","arguments":"[1]"}"#,
            "input[1].arguments",
        ),
        (
            r#"{"type":"function_call","call_id":"c","name":"f","arguments":"{\"a\":1,\"a\":2}"}"#,
            "input[1].arguments",
        ),
        (r#"{"type":"function_call_output","call_id":"c"}"#, "input[1].output"),
        (r#"{"type":"reasoning","summary":[{"type":"secret"}]}"#, "input[1].summary[0].type"),
    ] {
        let input = format!(r#"[{{"role":"user","content":"hi"}},{item}]"#);
        assert_eq!(refused(&input, ""), place, "{item}");
    }
}

#[test]
fn what_changes_nothing_is_left_out() {
    let body = r#"{"model":"m","input":[{"id":"msg_1","status":"completed","type":"message",
        "phase":"final_answer","role":"assistant","content":[{"type":"output_text","text":"x",
        "annotations":[{"type":"url_citation"}],"logprobs":[],"prompt_cache_breakpoint":{}}]}],
        "background":false,"service_tier":"auto","truncation":"disabled","metadata":{"a":"b"},
        "store":true,"prompt_cache_key":"k","prompt_cache_retention":"24h","stream_options":
        {"include_obfuscation":false},"include":["reasoning.encrypted_content"],"text":
        {"format":{"type":"text"},"verbosity":"medium"},"reasoning":{"effort":null},
        "previous_response_id":null,"tools":[],"safety_identifier":"s","stream":true}"#;
    assert_eq!(read(body), Ok(()));
}
