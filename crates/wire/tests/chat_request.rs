//! Chat requests: what is read from them, and what is refused before any provider is called.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use bytes::Bytes;
use inferlayer_wire::{ChatRequest, Invalid, Shape};

fn parse(body: &str) -> Result<ChatRequest, Invalid> {
    ChatRequest::parse(Bytes::copy_from_slice(body.as_bytes()))
}

/// A good request with further members.
fn with(members: &str) -> Result<ChatRequest, Invalid> {
    parse(&format!(r#"{{"model":"m","messages":[{{"role":"user","content":"hi"}}],{members}}}"#))
}

#[test]
fn defaults_of_the_least_request() {
    let body = Bytes::from_static(br#"{"messages":[{}],"model":"m"}"#);
    let request = ChatRequest::parse(body.clone()).unwrap();
    assert_eq!(request.gist().body(), &body);
    assert_eq!(request.gist().model(), "m");
    assert!(
        !request.gist().stream() && !request.wants_usage() && !request.gist().has_remote_input()
    );
    assert_eq!((request.gist().choices(), request.gist().max_output_tokens()), (1, None));
    assert_eq!(request.gist().shape(), Shape { messages: 1, user_turns: 1, ..Shape::default() });
}

#[test]
fn null_is_as_good_as_absent() {
    let request = with(
        r#""stream":null,"stream_options":null,"n":null,"max_tokens":null,"audio":null,
           "max_completion_tokens":null,"tools":null,"response_format":null,"web_search_options":null"#,
    )
    .unwrap();
    assert!(
        !request.gist().stream() && !request.wants_usage() && !request.gist().has_remote_input()
    );
    assert_eq!((request.gist().choices(), request.gist().max_output_tokens()), (1, None));
    assert_eq!(request.gist().shape(), with(r#""x":1"#).unwrap().gist().shape());
}

#[test]
fn the_model_is_unescaped() {
    let request = parse(r#"{"mod\u0065l":"a\u002fb\u00e9","messages":[{}]}"#).unwrap();
    assert_eq!(request.gist().model(), "a/bé");
}

#[test]
fn the_larger_of_both_caps_counts() {
    let cap = |members| with(members).unwrap().gist().max_output_tokens();
    assert_eq!(cap(r#""max_tokens":7"#), Some(7));
    assert_eq!(cap(r#""max_completion_tokens":9"#), Some(9));
    assert_eq!(cap(r#""max_tokens":7,"max_completion_tokens":9"#), Some(9));
    assert_eq!(cap(r#""max_tokens":9,"max_completion_tokens":7"#), Some(9));
    assert_eq!(cap(r#""max_tokens":9007199254740992"#), Some(1 << 53));
}

/// A field, and JSON values it refuses.
const REFUSED: [(&str, &str); 7] = [
    ("model", r#"1 null "" ["m"] {"m":1} "a\u0000" "a\n" "\ud800""#),
    ("messages", r#"null [] {} "hi" ["hi"] [{},null]"#),
    ("stream", r#"1 0 "true" []"#),
    ("stream_options", r#"true [] "" {"a":1,"a":2} {"a":"\ud800"} {"a":1e400}"#),
    ("n", r#"0 -1 129 1000000000 1.0 "1" 1e400 4294967297"#),
    (
        "max_tokens",
        r#"0 -1 1.5 1e3 "12" true 1e400 18446744073709551616 9007199254740993 [[1]] {}"#,
    ),
    ("max_completion_tokens", r#"0 -1 1.5 1e400 9223372036854775808 18446744073709551617"#),
];

#[test]
fn refuses_bad_values_and_names_their_field() {
    for (field, values) in REFUSED {
        for value in values.split_whitespace() {
            let good = [("model", "\"m\""), ("messages", "[{}]")];
            let rest = good.into_iter().filter(|(name, _)| *name != field);
            let rest: String = rest.map(|(name, value)| format!(r#","{name}":{value}"#)).collect();
            let refused = parse(&format!(r#"{{"{field}":{value}{rest}}}"#)).unwrap_err();
            assert_eq!(refused.param.as_deref(), Some(field), "{value}: {refused}");
            assert_eq!(refused.code, Some("invalid_value"));
        }
    }
    let refused = with(r#""stream_options":{"include_usage":1}"#).unwrap_err();
    assert_eq!(refused.param.as_deref(), Some("stream_options.include_usage"));
}

#[test]
fn bounds_the_model_s_name() {
    let named =
        |length| parse(&format!(r#"{{"model":"{}","messages":[{{}}]}}"#, "m".repeat(length)));
    assert_eq!(named(256).unwrap().gist().model().len(), 256);
    assert_eq!(named(257).unwrap_err().param.as_deref(), Some("model"));
}

#[test]
fn refuses_a_request_without_model_or_messages() {
    for (body, field) in [(r#"{"messages":[{}]}"#, "model"), (r#"{"model":"m"}"#, "messages")] {
        let refused = parse(body).unwrap_err();
        assert_eq!(refused.param.as_deref(), Some(field));
        assert_eq!(refused.code, Some("missing_required_parameter"));
    }
}

#[test]
fn refuses_names_that_differ_from_ours_in_case_only() {
    for (name, ours) in [
        ("Model", "model"),
        ("MAX_TOKENS", "max_tokens"),
        ("max_to\u{212A}ens", "max_tokens"),
        ("me\\u017fsages", "messages"),
        ("N", "n"),
    ] {
        let refused = with(&format!(r#""{name}":1"#)).unwrap_err();
        assert_eq!(refused.param.as_deref(), Some(ours), "{name}");
    }
}

#[test]
fn refuses_what_is_not_strict_json_at_any_place() {
    for members in [
        r#""n":1,"\u006e":1"#,
        r#""stream":false,"stream":true"#,
        r#""x":{"y":[{"a":1,"a":1}]}"#,
        r#""x":"\ud800""#,
        r#""x":1e400"#,
        r#""x\u0000":1"#,
        r#""x":[,]"#,
    ] {
        let refused = with(members).unwrap_err();
        assert_eq!((refused.param, refused.code), (None, None), "{members}");
    }
    assert!(parse("").is_err() && parse("[]").is_err() && parse("{} ").is_err());
}

#[test]
fn deep_nesting_is_refused_wherever_it_hides() {
    let deep = "[".repeat(100_000);
    for field in ["model", "n", "stream_options", "messages", "tools", "x"] {
        let body = format!(r#"{{"{field}":{deep}"#);
        assert!(parse(&body).is_err(), "{field}");
        let body = format!(r#"{{"{field}":{deep}{}}}"#, "]".repeat(100_000));
        assert!(parse(&body).is_err(), "{field}");
    }
    let options = format!(r#""stream_options":{{"a":{}{}}}"#, "[".repeat(200), "]".repeat(200));
    assert_eq!(with(&options).unwrap_err().param.as_deref(), Some("stream_options"));
}

#[test]
fn a_refusal_quotes_nothing_of_the_request() {
    for members in [
        r#""n":"secret""#,
        r#""stream":"secret""#,
        r#""stream_options":{"include_usage":"secret"}"#,
        r#""max_tokens":"secret""#,
        r#""x":"secret"#,
    ] {
        let refused = with(members).unwrap_err();
        assert!(!format!("{refused:?}").contains("secret"), "{members}");
    }
    let request = parse(r#"{"model":"m","messages":[{"content":"secret"}]}"#).unwrap();
    let printed = format!("{request:?}");
    assert!(!printed.contains("secret"), "{printed}");
}
