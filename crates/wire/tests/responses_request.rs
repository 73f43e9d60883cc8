//! Responses requests: what is read from them, what is refused, and what a provider gets.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use bytes::Bytes;
use inferlayer_wire::{
    Api, Call, ChatRequest, Invalid, ResponsesRequest, Shape, Target, Usage, Vendor,
};

fn parse(body: &str) -> Result<ResponsesRequest, Invalid> {
    ResponsesRequest::parse(Bytes::copy_from_slice(body.as_bytes()))
}

/// A good request whose member `name` has this value.
fn with(name: &str, value: &str) -> Result<ResponsesRequest, Invalid> {
    let rest = [("model", "\"m\""), ("input", "\"hi\"")];
    let rest = rest.iter().filter(|(good, _)| *good != name);
    let rest: String = rest.map(|(name, value)| format!(r#","{name}":{value}"#)).collect();
    parse(&format!(r#"{{"{name}":{value}{rest}}}"#))
}

fn is_unbounded(name: &str, value: &str) -> bool {
    with(name, value).unwrap().gist().has_remote_input()
}

#[test]
fn defaults_of_the_least_request() {
    let body = Bytes::from_static(br#"{"input":"hi","model":"m"}"#);
    let request = ResponsesRequest::parse(body.clone()).unwrap();
    let gist = request.gist();
    assert_eq!((gist.body(), gist.model(), gist.choices()), (&body, "m", 1));
    assert!(!gist.stream() && !gist.has_remote_input());
    assert_eq!(gist.max_output_tokens(), None);
    let expected = Shape {
        messages: 1,
        user_turns: 1,
        text_bytes: 2,
        longest_user_bytes: 2,
        longest_instruction_bytes: 2,
        ..Shape::default()
    };
    assert_eq!(gist.shape(), expected);
    assert_eq!(Call::parse(Api::Responses, body).unwrap().api(), Api::Responses);
}

#[test]
fn a_provider_of_responses_gets_the_client_s_bytes_with_its_model() {
    let body = r#"{ "input":[{"id":"x", "role":"user","content":"hi"}], "model" : "m","new":[1]}"#;
    let call = Call::parse(Api::Responses, body.into()).unwrap();
    let to = Target { api: Api::Responses, ..Target::main(Vendor::OpenAi, "gpt") };
    assert_eq!(call.fits(&to), Ok(()));
    assert_eq!(call.for_provider(&to).unwrap(), body.replace("\"m\"", "\"gpt\""));
}

#[test]
fn refuses_bad_values_and_names_their_field() {
    for (field, values) in [
        ("model", r#"1 "" ["m"] "a\n" "\ud800""#),
        ("input", r#"[] {} 7 true ["hi"] [{"role":"user"},null]"#),
        ("instructions", r#"1 true {} ["hi"]"#),
        ("stream", r#"1 "true" []"#),
        ("background", r#"true 1 "false""#),
        ("max_output_tokens", r#"0 -1 1.5 "12" [] 9007199254740993"#),
    ] {
        for value in values.split_whitespace() {
            let refused = with(field, value).unwrap_err();
            assert_eq!(refused.param.as_deref(), Some(field), "{value}: {refused}");
        }
    }
    let refused = parse(r#"{"input":"hi"}"#).unwrap_err();
    assert_eq!(refused.param.as_deref(), Some("model"));
    for input in ["", r#""input":null,"#] {
        let refused = parse(&format!(r#"{{{input}"model":"m"}}"#)).unwrap_err();
        assert_eq!(refused.code, Some("missing_required_parameter"));
        assert_eq!(refused.param.as_deref(), Some("input"));
    }
}

#[test]
fn refuses_what_two_servers_could_read_differently() {
    for (name, ours) in [
        ("Model", "model"),
        ("MAX_OUTPUT_TO\u{212A}ENS", "max_output_tokens"),
        ("inſtructions", "instructions"),
    ] {
        assert_eq!(with(name, "1").unwrap_err().param.as_deref(), Some(ours));
    }
    for (name, value) in [
        ("m\\u006fdel", r#""x""#),
        ("input", r#"[{"role":"user","role":"system"}]"#),
        ("input", r#"[{"content":[{"type":"input_text","type":"input_image"}]}]"#),
        ("text", r#"{"format":{"type":"text","type":"json_schema"}}"#),
        ("reasoning", r#"{"effort":"low","effort":"high"}"#),
        ("tools", r#"[{"x":"\ud800"}]"#),
    ] {
        assert!(with(name, value).is_err(), "{name} {value}");
    }
    let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
    for field in ["input", "instructions", "tools", "text", "x"] {
        assert!(with(field, &deep).is_err(), "{field}");
    }
}

#[test]
fn a_refusal_quotes_nothing_of_the_request() {
    for (name, value) in [
        ("max_output_tokens", r#""secret""#),
        ("input", r#"{"secret":1}"#),
        ("x", r#""secret"#),
        ("secret", "{1}"),
    ] {
        assert!(!format!("{:?}", with(name, value).unwrap_err()).contains("secret"));
    }
    assert!(!format!("{:?}", with("input", "\"secret\"")).contains("secret"));
}

#[test]
fn bytes_of_text_bound_their_tokens() {
    for input in [
        r#"[{"role":"user","content":"hi"}]"#,
        r#"[{"type":"message","role":"user","content":[{"type":"input_text","text":"hi"}]}]"#,
        r#"[{"type":"message","role":"assistant","content":[{"type":"output_text","text":"hi",
            "annotations":[]},{"type":"refusal","refusal":"no"}]}]"#,
        r#"[{"role":"user","content":[{"type":"input_audio","input_audio":{"data":"AA"}}]}]"#,
        r#"[{"role":"user","content":"x"},{"type":"function_call",
            "call_id":"a","name":"f","arguments":"{}"},
            {"type":"function_call_output","call_id":"a","output":"{\"type\":\"input_image\"}"}]"#,
        r#"[{"role":"user","content":"x"},{"type":"reasoning",
            "summary":[{"type":"summary_text","text":"a"}],
            "content":[{"type":"reasoning_text","text":"b"}],"encrypted_content":"AA"}]"#,
    ] {
        assert!(!is_unbounded("input", input), "{input}");
    }
    for (name, value) in [
        ("tools", r#"[{"type":"function","name":"f"},{"type":"custom","name":"g"}]"#),
        ("previous_response_id", "null"),
        ("conversation", "null"),
        ("prompt", "null"),
        ("background", "false"),
    ] {
        assert!(!is_unbounded(name, value), "{name} {value}");
    }
}

#[test]
fn what_is_only_named_or_drawn_bounds_nothing() {
    for input in [
        r#"[{"role":"user","content":[{"type":"input_image",
            "image_url":"data:image/png;base64,AA"}]}]"#,
        r#"[{"role":"user","content":[{"type":"input_file","file_id":"f"}]}]"#,
        r#"[{"role":"user","content":{"type":"input_image"}}]"#,
        r#"[{"type":"function_call_output","call_id":"a","output":[{"type":"input_image"}]}]"#,
        r#"[{"role":"user","content":"x"},{"type":"item_reference","id":"msg_1"}]"#,
        r#"[{"role":"user","content":"x"},{"id":"msg_1"}]"#,
        r#"[{"role":"user","content":"x"},{"type":"web_search_call","id":"ws_1"}]"#,
        r#"[{"role":"user","content":"x"},{"type":"compaction","encrypted_content":"AA"}]"#,
        r#"[{"role":"user","content":"x"},{"type":"of tomorrow"}]"#,
    ] {
        assert!(is_unbounded("input", input), "{input}");
    }
    for tool in ["web_search", "file_search", "code_interpreter", "computer", "mcp", "shell"] {
        assert!(is_unbounded("tools", &format!(r#"[{{"type":"{tool}"}}]"#)), "{tool}");
    }
    for (name, value) in [
        ("previous_response_id", r#""resp_1""#),
        ("conversation", r#"{"id":"conv_1"}"#),
        ("prompt", r#"{"id":"pmpt_1"}"#),
    ] {
        assert!(is_unbounded(name, value), "{name}");
        // What the provider remembers may be the whole of the input.
        assert!(parse(&format!(r#"{{"model":"m","{name}":{value}}}"#)).is_ok(), "{name}");
        assert!(
            parse(&format!(r#"{{"model":"m","input":[],"{name}":{value}}}"#)).is_ok(),
            "{name}"
        );
    }
}

#[test]
fn the_shape_tells_images_sound_formats_and_reasoning() {
    let parts = r#"[{"role":"user","content":[{"type":"input_image","image_url":"x"},
        {"type":"input_audio","input_audio":{}}]},
        {"type":"function_call_output","call_id":"a","output":[{"type":"input_image"}]}]"#;
    let shape = with("input", parts).unwrap().gist().shape();
    assert_eq!((shape.images, shape.audio, shape.tool_results), (2, true, 1));
    let shape = |name: &str, value: &str| with(name, value).unwrap().gist().shape();
    assert!(shape("text", r#"{"format":{"schema":{},"type":"json_schema"}}"#).json_schema);
    assert!(!shape("text", r#"{"format":{"type":"json_object"},"verbosity":"low"}"#).json_schema);
    assert!(shape("tools", r#"[{"type":"function"}]"#).tools && !shape("tools", "[]").tools);
    for (effort, asked) in [("\"low\"", false), ("null", false), ("\"medium\"", true)] {
        let reasoning = format!(r#"{{"summary":"auto","effort":{effort}}}"#);
        assert_eq!(shape("reasoning", &reasoning).reasoning, asked, "{effort}");
    }
}

#[test]
fn a_conversation_has_the_same_shape_as_in_chat() {
    let chat = r#"{"model":"m","messages":[
        {"role":"system","content":"Be brief."},
        {"role":"user","content":[{"type":"text","text":"Weather: `` x == y\n- a"}]},
        {"role":"assistant","content":"So.","tool_calls":[
            {"id":"a","function":{"name":"f"}},{"id":"b","function":{"name":"f"}}]},
        {"role":"tool","tool_call_id":"a","content":"sun"},
        {"role":"tool","tool_call_id":"b","content":[{"type":"text","text":"rain"}]},
        {"role":"assistant","tool_calls":[{"id":"c","function":{"name":"f"}}]},
        {"role":"tool","tool_call_id":"c","content":"snow"},
        {"role":"assistant","content":"a = b"},
        {"role":"user","content":"Sure?"}],
        "tools":[{"type":"function","function":{"name":"f"}}]}"#;
    let responses = r#"{"model":"m","instructions":"Be brief.","input":[
        {"content":[{"type":"input_text","text":"Weather: `` x == y\n- a"}],"role":"user"},
        {"type":"reasoning","id":"rs_1","summary":[]},
        {"type":"message","role":"assistant","content":[{"type":"output_text","text":"So."}]},
        {"type":"function_call","call_id":"a","name":"f","arguments":"{\"text\":\"x\"}"},
        {"type":"function_call","call_id":"b","name":"f","arguments":"{}"},
        {"output":"sun","type":"function_call_output","call_id":"a"},
        {"type":"function_call_output","call_id":"b","output":[
            {"type":"input_text","text":"rain"}]},
        {"type":"function_call","call_id":"c","name":"f","arguments":"{}"},
        {"type":"function_call_output","call_id":"c","output":"snow"},
        {"role":"assistant","content":"a = b"},
        {"role":"user","content":"Sure?"}],
        "tools":[{"type":"function","name":"f","parameters":{}}]}"#;
    let chat = ChatRequest::parse(Bytes::from_static(chat.as_bytes())).unwrap().gist().shape();
    assert_eq!(parse(responses).unwrap().gist().shape(), chat);
    assert_eq!((chat.messages, chat.tool_calls, chat.tool_results), (9, 3, 3));
}

#[test]
fn input_tokens_are_counted_by_a_provider_of_the_same_api() {
    let body = r#"{"model":"m","input":"hi","instructions":"be kind"}"#;
    let call = Call::parse(Api::InputTokens, body.into()).unwrap();
    assert!(!call.has_remote_input() && call.choices() == 0);
    let to = Target { api: Api::InputTokens, ..Target::main(Vendor::OpenAi, "gpt") };
    assert_eq!(call.for_provider(&to).unwrap(), body.replace("\"m\"", "\"gpt\""));
    let items = r#"{"model":"m","input":[{"role":"user","content":"hi"}]}"#;
    assert!(Call::parse(Api::InputTokens, items.into()).unwrap().has_remote_input());
    let told = r#"{"object":"response.input_tokens","input_tokens":11}"#;
    let answer = call.read_answer(Api::InputTokens, 0, told.into()).unwrap();
    assert_eq!((&answer.body[..], answer.facts.usage), (told.as_bytes(), None::<Usage>));
}
