//! Facts read from providers' answers, odd ones included.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use inferlayer_wire::{Chunk, Completion, FinishReason, NotChunk, NotCompletion, Usage};

fn chunk(json: &str) -> Chunk {
    Chunk::parse(json.as_bytes()).unwrap()
}

fn delta(json: &str) -> u64 {
    chunk(&format!(r#"{{"choices":[{{"index":0,"delta":{json}}}]}}"#)).output_bytes
}

#[test]
fn generated_text_is_counted_in_utf8_bytes() {
    assert_eq!(delta("{}"), 0);
    assert_eq!(delta(r#"{"role":"assistant","content":null,"refusal":null}"#), 0);
    assert_eq!(delta(r#"{"content":"a\n\u00e9😀"}"#), 8);
    assert_eq!(delta(r#"{"content":[{"type":"text","text":"abc"}]}"#), 3);
    assert_eq!(delta(r#"{"refusal":"no"}"#), 2);
    assert_eq!(delta(r#"{"audio":{"id":"a","data":"AAAAAAAA","transcript":"hi"}}"#), 2);
    assert_eq!(delta(r#"{"unknown":"text","annotations":[{"url":"x"}]}"#), 0);
}

#[test]
fn tool_calls_count_names_and_arguments_without_labels() {
    let call = r#"{"tool_calls":[{"index":0,"id":"call_1","type":"function",
        "function":{"name":"f","arguments":"{\"a\":1}"}}]}"#;
    assert_eq!(delta(call), 8);
    assert_eq!(delta(r#"{"function_call":{"name":"f","arguments":"{}"}}"#), 3);
}

#[test]
fn reasoning_sent_under_two_names_counts_once() {
    assert_eq!(delta(r#"{"reasoning_content":"abc"}"#), 3);
    assert_eq!(delta(r#"{"reasoning":"abc"}"#), 3);
    assert_eq!(delta(r#"{"reasoning":"abc","reasoning_content":"abc","content":"d"}"#), 4);
}

#[test]
fn a_message_beside_the_delta_is_not_counted_twice() {
    let json = r#"{"choices":[{"delta":{"content":"ab"},"message":{"content":"all of it"}}]}"#;
    assert_eq!(chunk(json).output_bytes, 2);
    let completion = Completion::parse(json.as_bytes()).unwrap();
    assert_eq!(completion.output_bytes, 9);
}

#[test]
fn only_usage_without_choices_is_the_extra_frame() {
    let usage = r#""usage":{"prompt_tokens":1,"completion_tokens":2}"#;
    let expected = Usage { input_tokens: 1, output_tokens: 2, ..Usage::default() };
    for choices in [r#""choices":[],"#, r#""choices":null,"#, ""] {
        let frame = chunk(&format!("{{{choices}{usage}}}"));
        assert!(frame.usage_only, "{choices}");
        assert_eq!(frame.usage, Some(expected));
    }
    let with_text = chunk(&format!(r#"{{"choices":[{{"delta":{{"content":"a"}}}}],{usage}}}"#));
    assert!(!with_text.usage_only && with_text.usage == Some(expected));
    // Azure opens its streams so.
    assert!(!chunk(r#"{"choices":[],"prompt_filter_results":[]}"#).usage_only);
    assert!(!chunk(r#"{"choices":[],"usage":null}"#).usage_only);
}

#[test]
fn usage_not_believed_is_still_the_extra_frame() {
    let frame = chunk(r#"{"choices":[],"usage":{"prompt_tokens":-1,"completion_tokens":2}}"#);
    assert!(frame.usage_only && frame.usage.is_none());
}

#[test]
fn a_choice_ends_with_a_reason_that_says_something() {
    let end = |reason: &str| {
        chunk(&format!(r#"{{"choices":[{{"delta":{{}},"finish_reason":{reason}}}]}}"#))
            .finish_reasons
    };
    assert_eq!(end("null"), []);
    assert_eq!(end("\"\""), []);
    assert_eq!(end("\"stop\""), [FinishReason::Stop]);
    assert_eq!(end("\"eos_token\""), [FinishReason::Other]);
    for name in ["stop", "length", "tool_calls", "function_call", "content_filter"] {
        assert_eq!(end(&format!("\"{name}\""))[0].as_str(), name);
    }
    assert!(chunk(r#"{"choices":[{"delta":{}},{"finish_reason":"length"}]}"#).finished);
}

#[test]
fn errors_are_seen_as_clients_see_them() {
    for json in [
        r#"{"error":{"message":"m","code":429}}"#,
        r#"{"error":"text"}"#,
        r#"{"object":"error","message":"m"}"#,
        r#"{"choices":[],"error":{"message":"m"}}"#,
    ] {
        assert!(chunk(json).error, "{json}");
        assert!(Completion::parse(json.as_bytes()).unwrap().is_error, "{json}");
    }
    for empty in ["null", "false", "\"\"", "{}"] {
        assert!(!chunk(&format!(r#"{{"choices":[],"error":{empty}}}"#)).error, "{empty}");
    }
}

#[test]
fn odd_names_cost_only_themselves() {
    let long = "x".repeat(257);
    for name in ["7", "null", "\"\"", r#""a\n""#, r#""\ud800""#, &format!("\"{long}\"")] {
        let json =
            format!(r#"{{"id":{name},"model":{name},"choices":[{{"delta":{{"content":"a"}}}}]}}"#);
        let chunk = chunk(&json);
        assert_eq!((chunk.id, chunk.model, chunk.output_bytes), (None, None, 1), "{name}");
    }
}

#[test]
fn unknown_fields_are_passed_over_even_twice_and_deep() {
    let deep = format!("{}{}", "[".repeat(10_000), "]".repeat(10_000));
    let json =
        format!(r#"{{"x":1,"x":{deep},"choices":[{{"x":{deep},"delta":{{"content":"a"}}}}]}}"#);
    assert_eq!(chunk(&json).output_bytes, 1);
}

#[test]
fn what_is_no_answer_is_said_to_be_none() {
    let text = format!(r#"{{"choices":[{{"delta":{{"content":{}"#, "[".repeat(100_000));
    for body in ["", "[DONE]", "<html>", "null", "[]", "{}", "{\"a\":1}", "{\"choices\":[]", &text]
    {
        assert_eq!(Chunk::parse(body.as_bytes()), Err(NotChunk), "{}", body.len());
        assert_eq!(Completion::parse(body.as_bytes()), Err(NotCompletion));
    }
    assert_eq!(Chunk::parse(b"{\"choices\":[],\"id\":\"\xff\"}"), Err(NotChunk));
    assert_eq!(Chunk::parse(br#"{"choices":[]}{}"#), Err(NotChunk));
}
