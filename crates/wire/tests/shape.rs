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

/// The shape of one turn of the user.
fn user(text: &str) -> Shape {
    content(&serde_json::to_string(text).unwrap()).gist().shape()
}

#[test]
fn shape_tells_parts_tools_and_formats() {
    let shape = content(
        r#"[{"type":"text","text":"a"},{"type":"image_url","image_url":{"url":"data:image/png;base64,AA=="}},
            {"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}}]"#,
    )
    .gist().shape();
    assert_eq!((shape.messages, shape.images, shape.audio), (1, 1, true));

    let shape = |members| with(members).gist().shape();
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
fn turns_and_texts_are_counted_by_their_writer() {
    let body = r#"{"model":"m","messages":[
        {"role":"system","content":"be kind"},{"content":"be brief","role":"developer"},
        {"role":"user","content":"short"},
        {"role":"assistant","content":null,"tool_calls":[{"id":"1"},{"id":"2"}]},
        {"role":"tool","content":"12"},{"role":"tool","content":[{"type":"text","text":"34"}]},
        {"role":"assistant","content":"","function_call":{"name":"f"}},
        {"role":"function","content":"5"},
        {"content":[{"type":"text","text":"the \u00e9nd"},{"text":"!","type":"text"}],"role":"user"}]}"#;
    let expected = Shape {
        messages: 9,
        user_turns: 2,
        assistant_turns: 2,
        tool_calls: 3,
        tool_results: 3,
        text_bytes: 34,
        system_bytes: 15,
        longest_user_bytes: 9,
        longest_instruction_bytes: 8,
        ..Shape::default()
    };
    assert_eq!(parse(body.to_owned()).gist().shape(), expected);
}

#[test]
fn reasoning_is_asked_for_above_low() {
    for (effort, asked) in [
        ("\"none\"", false),
        ("\"minimal\"", false),
        ("\"low\"", false),
        ("null", false),
        ("\"medium\"", true),
        ("\"high\"", true),
        ("\"a word of tomorrow\"", true),
    ] {
        assert_eq!(
            with(&format!(r#""reasoning_effort":{effort}"#)).gist().shape().reasoning,
            asked
        );
    }
}

#[test]
fn code_has_marks() {
    for (text, marks) in [
        ("fn main() {\n    run();\n}\n", 3),
        ("```python\nx\n```", 4),
        ("if a == b => c -> d", 3),
        ("<p>a</p><br/>", 2),
        ("a; b {c} `d` (e) f > g; x=1 i <3 u", 0),
        ("", 0),
        (";", 1),
    ] {
        assert_eq!(user(text).code_marks, marks, "{text:?}");
    }
}

#[test]
fn mathematics_has_marks() {
    for (text, marks) in [
        (r"\(a\) \[b\] \frac{1}{2} \alpha", 4),
        ("$x$ $$y$$ $\\pi$", 6),
        ("x^2 + y^n = e^{-z}", 4),
        (r"it costs $5, C:\Users, ^_^, a=b, line\nline", 0),
    ] {
        assert_eq!(user(text).math_marks, marks, "{text:?}");
    }
}

#[test]
fn lists_have_items() {
    for (text, items) in [
        ("- a\n- b\n* c\n• d", 3),
        ("Do:\n1. a\n2) b\n10. c\n", 3),
        ("a - b\n-c\n2026 was\n12 apples\n1.5\n–", 1),
        ("\n-", 0),
    ] {
        assert_eq!(user(text).list_items, items, "{text:?}");
    }
}

#[test]
fn an_instruction_ends_where_material_begins() {
    for (text, bytes) in [
        ("Translate: good morning", 9),
        ("Say \"hi\" loudly", 4),
        ("Summarise this.\n\nLong ago", 15),
        ("\n  Meet at 10:30, see https://example.com/", 39),
        ("why", 3),
        (" ", 0),
    ] {
        assert_eq!(user(text).longest_instruction_bytes, bytes, "{text:?}");
    }
}

#[test]
fn only_the_ends_of_a_text_are_looked_into() {
    let (mark, far) = ("x^2 ", " ".repeat(8 << 10));
    assert_eq!(user(&format!("{mark}{far}{mark}{far}{mark}")).math_marks, 2);
    assert_eq!(user(&format!("{mark}{far}")).math_marks, 1);
    assert_eq!(user(&format!("{far}{mark}")).math_marks, 1);
    assert_eq!(user(&"a".repeat(9 << 10)).longest_instruction_bytes, 8 << 10);
}

#[test]
fn of_several_turns_the_largest_counts_and_what_applications_say_does_not() {
    let shape = |system: &str, model: &str| {
        let turn = |role, text| serde_json::json!({"role": role, "content": text});
        let turns = [
            turn("user", "x^2\n- a"),
            turn("system", system),
            turn("assistant", model),
            turn("user", "x^2 y^2\n- b"),
            turn("tool", system),
        ];
        parse(serde_json::json!({"model": "m", "messages": turns}).to_string()).gist().shape()
    };
    let marks = |shape: Shape| (shape.code_marks, shape.math_marks, shape.list_items);
    assert_eq!(marks(shape("", "")), (0, 2, 1));
    assert_eq!(marks(shape("a == b\nx^2 x^2 x^2\n- 1\n- 2", "")), (0, 2, 1));
    assert_eq!(marks(shape("", "a == b\nx^2 x^2 x^2\n- 1\n- 2")), (1, 3, 1));
}

#[test]
fn parts_of_one_turn_add_up() {
    let shape =
        content(r#"[{"type":"text","text":"x^2"},"y^2",{"type":"text","text":"long one"}]"#);
    let shape = shape.gist().shape();
    assert_eq!((shape.math_marks, shape.longest_user_bytes), (2, 14));
    assert_eq!(shape.longest_instruction_bytes, 8);
}

#[test]
fn text_and_audio_are_bounded_by_their_bytes() {
    for parts in [
        r#""see http://example.com and file_id""#,
        "null",
        r#"[{"type":"text","text":"http://example.com"},{"type":"refusal","refusal":"no"}]"#,
        r#"[{"type":"input_audio","input_audio":{"data":"AA==","format":"wav"}}]"#,
    ] {
        assert!(!content(parts).gist().has_remote_input(), "{parts}");
    }
    assert!(!with(r#""tools":[{"type":"function"},{"type":"custom"}]"#).gist().has_remote_input());
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
        assert!(content(parts).gist().has_remote_input(), "{parts}");
    }
    for members in [r#""tools":[{"type":"web_search"}]"#, r#""web_search_options":{}"#] {
        assert!(with(members).gist().has_remote_input(), "{members}");
    }
    let spoken = r#"{"model":"m","messages":[{"role":"assistant","audio":{"id":"audio_1"}}]}"#;
    assert!(parse(spoken.to_owned()).gist().has_remote_input());
}
