//! Messages requests: what is read from them, what is refused, and what a provider gets.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use bytes::Bytes;
use inferlayer_wire::{Api, Call, ChatRequest, Invalid, MessagesRequest, Shape, Target, Vendor};

const GOOD: [(&str, &str); 3] = [("model", "\"m\""), ("max_tokens", "9"), ("messages", "[{}]")];

fn parse(body: &str) -> Result<MessagesRequest, Invalid> {
    MessagesRequest::parse(Bytes::copy_from_slice(body.as_bytes()))
}

/// A good request whose member `name` has this value.
fn with(name: &str, value: &str) -> Result<MessagesRequest, Invalid> {
    let rest = GOOD.iter().filter(|(good, _)| *good != name);
    let rest: String = rest.map(|(name, value)| format!(r#","{name}":{value}"#)).collect();
    parse(&format!(r#"{{"{name}":{value}{rest}}}"#))
}

/// A good request whose only message has this content.
fn content(content: &str) -> MessagesRequest {
    with("messages", &format!(r#"[{{"role":"user","content":{content}}}]"#)).unwrap()
}

#[test]
fn defaults_of_the_least_request() {
    let body = Bytes::from_static(br#"{"messages":[{}],"model":"m","max_tokens":7}"#);
    let request = MessagesRequest::parse(body.clone()).unwrap();
    assert_eq!((request.gist().body(), request.gist().model()), (&body, "m"));
    assert!(!request.gist().stream() && !request.gist().has_remote_input());
    assert_eq!(request.gist().max_output_tokens(), Some(7));
    assert_eq!(request.gist().shape(), Shape { messages: 1, user_turns: 1, ..Shape::default() });

    let call = Call::parse(Api::Messages, body.clone()).unwrap();
    assert_eq!((call.api(), call.body(), call.model()), (Api::Messages, &body, "m"));
    assert_eq!((call.choices(), call.max_output_tokens()), (1, Some(7)));
}

#[test]
fn refuses_bad_values_and_names_their_field() {
    for (field, values) in [
        ("model", r#"1 null "" ["m"] "a\u0000" "a\n" "\ud800""#),
        ("messages", r#"null [] {} "hi" ["hi"] [{},null]"#),
        ("system", r#"1 true {} ["hi"] [{},null]"#),
        ("stream", r#"1 0 "true" []"#),
        ("max_tokens", r#"0 -1 1.5 1e3 "12" true [] 9007199254740993 18446744073709551616"#),
    ] {
        for value in values.split_whitespace() {
            let refused = with(field, value).unwrap_err();
            assert_eq!(refused.param.as_deref(), Some(field), "{value}: {refused}");
            assert_eq!(refused.code, Some("invalid_value"));
        }
    }
}

#[test]
fn refuses_a_request_without_model_messages_or_cap() {
    for (left_out, _) in GOOD {
        let rest = GOOD.iter().filter(|(name, _)| *name != left_out);
        let rest: Vec<String> = rest.map(|(name, value)| format!(r#""{name}":{value}"#)).collect();
        let refused = parse(&format!("{{{}}}", rest.join(","))).unwrap_err();
        assert_eq!(refused.param.as_deref(), Some(left_out));
        assert_eq!(refused.code, Some("missing_required_parameter"));
    }
    assert_eq!(with("max_tokens", "null").unwrap_err().param.as_deref(), Some("max_tokens"));
}

#[test]
fn refuses_what_two_servers_could_read_differently() {
    for (name, ours) in
        [("Model", "model"), ("MAX_TO\u{212A}ENS", "max_tokens"), ("ſystem", "system")]
    {
        assert_eq!(with(name, "1").unwrap_err().param.as_deref(), Some(ours));
    }
    for (name, value) in [
        ("m\\u006fdel", r#""x""#),
        ("x", r#"{"a":1,"a":2}"#),
        ("messages", r#"[{"content":[{"type":"text","type":"image"}]}]"#),
        ("system", r#"[{"a":1,"a":2}]"#),
        ("tools", r#"[{"x":"\ud800"}]"#),
        ("x", "1e400"),
    ] {
        assert!(with(name, value).is_err(), "{name} {value}");
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for field in ["messages", "system", "tools", "output_config", "x"] {
        assert!(with(field, &deep).is_err(), "{field}");
    }
}

#[test]
fn a_refusal_quotes_nothing_of_the_request() {
    for (name, value) in
        [("max_tokens", r#""secret""#), ("system", "7"), ("x", r#""secret"#), ("secret", "{1}")]
    {
        assert!(!format!("{:?}", with(name, value).unwrap_err()).contains("secret"));
    }
    assert!(!format!("{:?}", content("\"secret\"")).contains("secret"));
}

#[test]
fn bytes_of_text_bound_their_tokens() {
    for blocks in [
        r#""hi""#,
        r#"[{"type":"text","text":"hi","cache_control":{"type":"ephemeral"}}]"#,
        r#"[{"type":"tool_use","id":"a","name":"b","input":{"type":"image"}}]"#,
        r#"[{"type":"tool_result","tool_use_id":"a","content":"hi"}]"#,
        r#"[{"type":"tool_result","tool_use_id":"a","content":[{"type":"text","text":"hi"}]}]"#,
        r#"[{"type":"thinking","thinking":"a","signature":"b"}]"#,
        r#"[{"type":"redacted_thinking","data":"a"}]"#,
        r#"[{"type":"document","source":{"type":"text","media_type":"text/plain","data":"hi"}}]"#,
    ] {
        assert!(!content(blocks).gist().has_remote_input(), "{blocks}");
    }
    for (name, value) in [
        ("system", r#""hi""#),
        ("system", r#"[{"type":"text","text":"hi"}]"#),
        ("tools", r#"[{"name":"a","input_schema":{"type":"object"}}]"#),
        ("tools", r#"[{"type":"custom","name":"a"},{"type":null,"name":"b"}]"#),
        ("mcp_servers", "null"),
        ("container", "null"),
    ] {
        assert!(!with(name, value).unwrap().gist().has_remote_input(), "{name} {value}");
    }
}

#[test]
fn what_is_only_named_or_drawn_bounds_nothing() {
    for blocks in [
        r#"[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA"}}]"#,
        r#"[{"type":"image","source":{"type":"url","url":"https://example.com"}}]"#,
        r#"[{"type":"document","source":{"type":"base64","data":"AA"}}]"#,
        r#"[{"type":"document","source":{"type":"file","file_id":"f"}}]"#,
        r#"[{"type":"document"}]"#,
        r#"[{"type":"tool_result","tool_use_id":"a","content":[{"type":"image"}]}]"#,
        r#"[{"type":"container_upload","file_id":"f"}]"#,
        r#"[{"type":"search_result","content":[]}]"#,
        r#"[{"text":"hi"}]"#,
        r#"[{"type":7}]"#,
        r#"{"type":"image"}"#,
    ] {
        assert!(content(blocks).gist().has_remote_input(), "{blocks}");
    }
    for (name, value) in [
        ("system", r#"[{"type":"image"}]"#),
        ("tools", r#"[{"name":"a"},{"type":"web_search_20250305","name":"web_search"}]"#),
        ("tools", r#"[{"type":"bash_20250124","name":"bash"}]"#),
        ("mcp_servers", r#"[{"type":"url"}]"#),
        ("container", r#""c""#),
    ] {
        assert!(with(name, value).unwrap().gist().has_remote_input(), "{name} {value}");
    }
}

#[test]
fn the_shape_counts_messages_images_tools_and_formats() {
    let blocks = r#"[{"type":"image"},{"type":"text","text":"a"},
        {"type":"tool_result","content":[{"type":"image"}]}]"#;
    assert_eq!(content(blocks).gist().shape().images, 2);
    let three = with("messages", r#"[{"content":"a"},{"content":[]},{}]"#).unwrap();
    assert_eq!(three.gist().shape().messages, 3);
    assert!(with("tools", r#"[{"name":"a"}]"#).unwrap().gist().shape().tools);
    assert!(!with("tools", "[]").unwrap().gist().shape().tools);
    let format = r#"{"effort":"low","format":{"type":"json_schema","schema":{}}}"#;
    assert!(with("output_config", format).unwrap().gist().shape().json_schema);
    assert!(with("output_format", r#"{"type":"json_schema"}"#).unwrap().gist().shape().json_schema);
    assert!(!with("output_config", r#"{"format":null}"#).unwrap().gist().shape().json_schema);
}

#[test]
fn effort_and_thinking_ask_for_reasoning() {
    let asks = |name, value| with(name, value).unwrap().gist().shape().reasoning;
    assert!(asks("thinking", r#"{"type":"enabled","budget_tokens":1024}"#));
    assert!(asks("output_config", r#"{"effort":"max"}"#));
    assert!(!asks("thinking", r#"{"type":"adaptive"}"#) && !asks("thinking", "null"));
    assert!(!asks("output_config", r#"{"effort":"low"}"#));
}

#[test]
fn a_conversation_has_the_same_shape_in_either_dialect() {
    let chat = r#"{"model":"m","messages":[
        {"role":"system","content":"Be brief."},
        {"role":"user","content":[{"type":"text","text":"Weather: `` x == y\n- a"}]},
        {"role":"assistant","content":"So.","tool_calls":[
            {"id":"a","function":{"name":"f"}},{"id":"b","function":{"name":"f"}}]},
        {"role":"tool","tool_call_id":"a","content":"sun"},
        {"role":"tool","tool_call_id":"b","content":[{"type":"text","text":"rain"}]},
        {"role":"assistant","content":"a = b"},
        {"role":"user","content":"Sure?"}],
        "tools":[{"type":"function","function":{"name":"f"}}]}"#;
    let messages = r#"{"model":"m","max_tokens":9,"system":[{"type":"text","text":"Be brief."}],
        "messages":[
        {"role":"user","content":[{"type":"text","text":"Weather: `` x == y\n- a"}]},
        {"role":"assistant","content":[{"type":"text","text":"So."},
            {"type":"tool_use","id":"a","name":"f","input":{}},
            {"type":"tool_use","id":"b","name":"f","input":{"text":"x"}}]},
        {"role":"user","content":[{"content":"sun","type":"tool_result","tool_use_id":"a"},
            {"type":"tool_result","tool_use_id":"b","content":[{"type":"text","text":"rain"}]}]},
        {"role":"assistant","content":"a = b"},
        {"role":"user","content":"Sure?"}],
        "tools":[{"name":"f","input_schema":{}}]}"#;
    let chat = ChatRequest::parse(Bytes::from_static(chat.as_bytes())).unwrap().gist().shape();
    assert_eq!(parse(messages).unwrap().gist().shape(), chat);
    assert_eq!((chat.messages, chat.tool_results, chat.user_turns), (7, 2, 2));
}

#[test]
fn a_provider_gets_the_same_bytes_but_for_the_model() {
    let body = concat!(
        "{ \"max_tokens\":9, \"mod\\u0065l\" : \"al\\u0069as\" ,",
        "\"messages\":[{\"model\":\"alias\"}],\n\"future\":{\"model\":1.50}}",
    );
    let request = parse(body).unwrap();
    assert_eq!(request.gist().model(), "alias");
    let call = Call::Messages(request);
    let asked = |model| call.for_provider(&Target::main(Vendor::Anthropic, model)).unwrap();
    assert_eq!(asked("alias").as_ptr(), call.body().as_ptr());
    let expected = body.replace(r#""al\u0069as""#, r#""cl\"aude""#);
    assert_eq!(asked("cl\"aude"), expected.as_bytes());
}
