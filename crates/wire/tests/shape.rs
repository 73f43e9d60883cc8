//! The shape of chat requests, and whether their bytes bound the tokens read.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use inferlayer_wire::{ChatRequest, Shape};

fn parse(body: String) -> ChatRequest {
    ChatRequest::parse(body.into_bytes().into()).unwrap()
}

/// A good request with further members.
fn with(members: &str) -> ChatRequest {
    parse(format!(r#"{{"model":"m","messages":[{{"role":"user","content":"hi"}}],{members}}}"#))
}

/// A good request with this content and nothing else.
fn content(content: &str) -> ChatRequest {
    parse(format!(r#"{{"model":"m","messages":[{{"role":"user","content":{content}}}]}}"#))
}

#[test]
fn shape_tells_parts_tools_and_formats() {
    let shape = content(
        r#"[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}},
            {"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}}]"#,
    )
    .shape();
    assert_eq!(shape, Shape { messages: 1, images: 1, audio: true, ..Shape::default() });

    let shape = |members| with(members).shape();
    assert!(shape(r#""tools":[{"type":"function","function":{"name":"f"}}]"#).tools);
    assert!(shape(r#""functions":[{"name":"f"}]"#).tools);
    assert!(!shape(r#""tools":[]"#).tools);
    assert!(
        shape(r#""response_format":{"json_schema":{"type":"x"},"type":"json_schema"}"#).json_schema
    );
    assert!(!shape(r#""response_format":{"type":"json_object","json_schema":1}"#).json_schema);
    assert!(shape(r#""modalities":["text","audio"],"audio":{"voice":"v","format":"wav"}"#).audio);
}

#[test]
fn text_and_audio_are_bounded_by_their_bytes() {
    for parts in [
        r#""see http://example.com and file_id""#,
        "null",
        r#"[{"type":"text","text":"http://example.com"},{"type":"refusal","refusal":"no"}]"#,
        r#"[{"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}}]"#,
    ] {
        assert!(!content(parts).has_remote_input(), "{parts}");
    }
    assert!(!with(r#""tools":[{"type":"function"},{"type":"custom"}]"#).has_remote_input());
}

#[test]
fn anything_else_is_not() {
    for parts in [
        r#"[{"type":"image_url","image_url":{"url":"https://example.com/a.png"}}]"#,
        r#"[{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}}]"#,
        r#"[{"file":{"file_id":"file-1"},"type":"file"}]"#,
        r#"[{"type":"text","text":"a"},{"type":"a kind of tomorrow"}]"#,
        r#"[{"text":"no type"}]"#,
        r#"[{"type":1}]"#,
        r#"{"type":"image_url"}"#,
    ] {
        assert!(content(parts).has_remote_input(), "{parts}");
    }
    for members in [r#""tools":[{"type":"web_search"}]"#, r#""web_search_options":{}"#] {
        assert!(with(members).has_remote_input(), "{members}");
    }
    let spoken = r#"{"model":"m","messages":[{"role":"assistant","audio":{"id":"audio_1"}}]}"#;
    assert!(parse(spoken.to_owned()).has_remote_input());
}
