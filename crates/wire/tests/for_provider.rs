//! The body for a provider is the client's, but for the model and the usage option of streams.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod common;

use bytes::Bytes;
use common::Chance;
use inferlayer_wire::ChatRequest;
use serde_json::{Value, json};

fn request(body: &str) -> ChatRequest {
    ChatRequest::parse(Bytes::copy_from_slice(body.as_bytes())).unwrap()
}

/// The input with its documented changes, made on the parsed tree.
fn changed(body: &str, model: &str) -> Value {
    let mut tree: Value = serde_json::from_str(body).unwrap();
    tree["model"] = json!(model);
    if tree["stream"] == json!(true) {
        if !tree["stream_options"].is_object() {
            tree["stream_options"] = json!({});
        }
        tree["stream_options"]["include_usage"] = json!(true);
    }
    tree
}

#[test]
fn nothing_to_change_is_no_copy() {
    for body in [
        r#"{"model":"m","messages":[{}],"stream":false,"stream_options":{"x":1}}"#,
        r#"{"messages":[{}],"stream_options":{"include_usage":true},"stream":true,"model":"\u006d"}"#,
    ] {
        let request = request(body);
        assert_eq!(request.for_provider("m", true).as_ptr(), request.gist().body().as_ptr());
    }
}

#[test]
fn any_order_spacing_escape_and_option_is_spliced_right() {
    let fields: [&[&str]; 4] = [
        &[r#""model":"m""#, r#""model" : "gpt\u002d4\"\\""#, "\"mod\\u0065l\"\n:\t\"模型\"  "],
        &[r#""messages":[{"role":"user","content":"model\": \"x\",\"stream\":true"}]"#],
        &[r#""stream":true"#, r#""stream": true "#, r#""stream":false"#, r#""stream":null"#, ""],
        &[
            "",
            r#""stream_options":null"#,
            r#""stream_options" : { } "#,
            r#""stream_\u006fptions":{"include_usage":false}"#,
            r#""stream_options":{"include_usage":null,"include_obfuscation":false}"#,
            r#""stream_options": { "include_obfuscation" : true, "include_us\u0061ge" : false }"#,
            r#""stream_options":{"include_usage":true,"x":[1]}"#,
            r#""stream_options":{ "x":{"include_usage":false}}"#,
        ],
    ];
    let extras = ["", r#""temperature":0.70"#, r#""future":{"model":"x","n":[1e2]}"#, r#""":null"#];
    let mut chance = Chance::new(11);
    for _ in 0..5_000 {
        let mut members: Vec<&str> = fields.iter().map(|choices| chance.pick(choices)).collect();
        members.push(chance.pick(&extras));
        members.retain(|member| !member.is_empty());
        for at in (1..members.len()).rev() {
            members.swap(at, chance.below(at + 1));
        }
        let body = format!(" {{ {} }}\n", members.join(chance.pick(&[",", " ,\n"])));
        let model = chance.pick(&["m", "other", "a \"quoted\"\\ name", "模型"]);

        let out = request(&body).for_provider(model, true);
        let tree: Value = serde_json::from_slice(&out).unwrap();
        assert_eq!(tree, changed(&body, model), "{body}");
        // And it is a good request whose bytes need no further change.
        let again = ChatRequest::parse(out.clone()).unwrap();
        assert_eq!(again.for_provider(model, true), out, "{body}");
    }
}
