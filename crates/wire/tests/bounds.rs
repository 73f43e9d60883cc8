//! How much structure a request and its answer may have: what real callers send passes, what only
//! keeps a parser busy does not.
#![allow(missing_docs, clippy::unwrap_used)]

use inferlayer_wire::json::Bounds;
use inferlayer_wire::{Api, Asked, Call, Meaning, NotAnswer, StreamReader, sse};

const FEW: Bounds = Bounds { members: 40, elements: 40, strings: 60, containers: 20 };

fn asked(api: Api) -> Asked {
    let model = (api.dialect() == inferlayer_wire::Dialect::Gemini).then(|| "g".to_owned());
    Asked { api, model, stream: false }
}

fn list(count: usize, item: impl Fn(usize) -> String) -> String {
    (0..count).map(item).collect::<Vec<_>>().join(",")
}

/// A small request of each API, with room for more members.
fn requests() -> [(Api, &'static str); 8] {
    let chat = r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"a"}]"#;
    let contents = r#"{"contents":[{"role":"user","parts":[{"text":"a"}]}]"#;
    [
        (Api::Chat, chat),
        (Api::Messages, chat),
        (Api::MessageTokens, chat),
        (Api::Responses, r#"{"model":"m","input":"a""#),
        (Api::Completions, r#"{"model":"m","prompt":"a""#),
        (Api::Embeddings, r#"{"model":"m","input":"a""#),
        (Api::Generate, contents),
        (Api::ContentTokens, contents),
    ]
}

#[test]
fn a_request_beyond_a_bound_is_refused_in_every_api() {
    let excess = [
        ("json_members", format!("{{{}}}", list(50, |n| format!("\"k{n}\":1")))),
        ("json_elements", format!("[{}]", list(50, |_| "1".to_owned()))),
        ("json_strings", format!("[{}]", list(35, |_| "\"\"".to_owned()) + ",{\"a\":\"\"}")),
        ("json_containers", "[".repeat(25) + &"]".repeat(25)),
    ];
    for (api, begun) in requests() {
        for (setting, value) in &excess {
            let bounds = Bounds { strings: 30, ..FEW };
            let body = format!("{begun},\"further\":{value}}}");
            let refused = Call::parse_within(&bounds, asked(api), body.into()).unwrap_err();
            let named = refused.message.contains("limits.json_");
            assert!(named, "{api:?} {setting}: {}", refused.message);
            assert_eq!(refused.code, Some("request_too_complex"));
        }
        let body = format!("{begun}}}");
        assert!(Call::parse_within(&FEW, asked(api), body.into()).is_ok(), "{api:?}");
    }
}

#[test]
fn millions_of_keys_are_refused_unread_whatever_follows_the_bound() {
    let keys = list(600_000, |n| format!("\"k{n}\":1"));
    for rest in ["}", ",\"k1\":2}", "", "\u{0}"] {
        let body = format!(r#"{{"model":"m","messages":[{{}}],{keys}{rest}"#);
        let refused = Call::parse(Api::Chat, body.into()).unwrap_err();
        assert!(refused.message.contains("500000 json object members"), "{}", refused.message);
    }
}

#[test]
fn what_real_callers_send_passes() {
    let tool = |n| {
        let property = |p| format!(r#""p{p}":{{"type":"string","description":"what it is"}}"#);
        format!(
            r#"{{"type":"function","function":{{"name":"f{n}","parameters":{{"type":"object",
                "properties":{{{}}},"required":["p0","p1"]}}}}}}"#,
            list(40, property)
        )
    };
    let turn = |n| {
        format!(
            r#"{{"role":"assistant","content":null,"tool_calls":[{{"id":"c{n}","type":"function",
                "function":{{"name":"f1","arguments":"{{\"p0\":\"x\"}}"}}}}]}},
               {{"role":"tool","tool_call_id":"c{n}","content":[{{"type":"text","text":"y"}}]}}"#
        )
    };
    let tools = format!(
        r#"{{"model":"m","messages":[{},{{"role":"user","content":"go on"}}],"tools":[{}]}}"#,
        list(5_000, turn),
        list(1_000, tool)
    );
    assert!(Call::parse(Api::Chat, tools.into()).is_ok());

    let tokens = |_| format!("[{}]", list(8_192, |n| (n * 12).to_string()));
    let embeddings = format!(r#"{{"model":"m","input":[{}]}}"#, list(256, tokens));
    assert!(Call::parse(Api::Embeddings, embeddings.into()).is_ok());

    let image = format!("data:image/png;base64,{}", "QUJD".repeat(15_000_000));
    let picture = format!(
        r#"{{"model":"m","messages":[{{"role":"user","content":[
            {{"type":"image_url","image_url":{{"url":"{image}"}}}}]}}]}}"#
    );
    assert!(Call::parse(Api::Chat, picture.into()).is_ok());
}

#[test]
fn the_same_bounds_hold_for_answers_and_events() {
    let chat = r#"{"model":"m","stream":true,"messages":[{"role":"user","content":"a"}]}"#;
    let call = Call::parse_within(&FEW, Api::Chat, chat.into()).unwrap();
    let further = list(50, |n| format!("\"k{n}\":1"));
    let answer = |further: &str| {
        format!(r#"{{"choices":[{{"message":{{"content":"b"}}}}],"usage":null{further}}}"#)
    };
    assert!(call.read_answer(Api::Chat, 0, answer("").into()).is_ok());
    let read = call.read_answer(Api::Chat, 0, answer(&format!(",{further}")).into());
    assert_eq!(read, Err(NotAnswer::Odd));

    let mut reader = StreamReader::new(&call, Api::Chat, 0);
    let mut meaning = |json: String| {
        let mut decoder = sse::Decoder::new(sse::DEFAULT_MAX_EVENT_BYTES);
        decoder.push(format!("data: {json}\n\n").into()).unwrap();
        reader.read(&decoder.next().unwrap()).meaning
    };
    let event = r#"{"choices":[{"delta":{"content":"b"}}]"#;
    assert_eq!(meaning(format!("{event}}}")), Meaning::Content);
    assert_eq!(meaning(format!("{event},{further}}}")), Meaning::Garbage);
}

#[test]
fn the_input_of_plain_requests_is_strict_too() {
    for input in [r#"[{"a":1,"a":2}]"#, &("[".repeat(200) + &"]".repeat(200)), r#"["\ud800"]"#] {
        for (api, name) in [(Api::Embeddings, "input"), (Api::Completions, "prompt")] {
            let body = format!(r#"{{"model":"m","{name}":{input}}}"#);
            assert!(Call::parse(api, body.into()).is_err(), "{api:?} {input}");
        }
    }
}
