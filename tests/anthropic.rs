//! Anthropic's dialect on both sides: chat completions answered by a provider that speaks Messages,
//! and callers of `/v1/messages`, whose bytes pass.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use inferlayer_ledger::Kind;
use reqwest::Response;
use serde_json::{Value, json};
use support::gateway::Setup;
use support::{Gateway, Provider, Script, client, events, records, text};

const MESSAGE: &str = r#"{"id":"msg_1","type":"message","role":"assistant","model":"claude-x",
 "content":[{"type":"text","text":"Hello wörld"}],"stop_reason":"end_turn","stop_sequence":null,
 "usage":{"input_tokens":3,"cache_creation_input_tokens":5,"cache_read_input_tokens":7,
 "output_tokens":2},"a_new_field":{"kept":1.50}}"#;
/// 3 × 100 + 5 × 50 + 7 × 10 + 2 × 100 nano-dollars.
const MESSAGE_COST: u64 = 820;

const STREAM: &str = "event: message_start\n\
data: {\"type\":\"message_start\",\"message\":{\"id\":\"msg_1\",\"type\":\"message\",\"role\":\"assistant\",\
\"model\":\"claude-x\",\"content\":[],\"usage\":{\"input_tokens\":3,\"cache_creation_input_tokens\":5,\
\"cache_read_input_tokens\":7,\"output_tokens\":1}}}\n\n\
event: content_block_start\n\
data: {\"type\":\"content_block_start\",\"index\":0,\"content_block\":{\"type\":\"text\",\"text\":\"\"}}\n\n\
event: ping\ndata: {\"type\": \"ping\"}\n\n\
event: content_block_delta\n\
data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"Hello \"}}\n\n\
event: content_block_delta\n\
data: {\"type\":\"content_block_delta\",\"index\":0,\"delta\":{\"type\":\"text_delta\",\"text\":\"wörld\"}}\n\n\
event: content_block_stop\ndata: {\"type\":\"content_block_stop\",\"index\":0}\n\n\
event: message_delta\n\
data: {\"type\":\"message_delta\",\"delta\":{\"stop_reason\":\"end_turn\",\"stop_sequence\":null},\
\"usage\":{\"output_tokens\":2}}\n\n\
event: message_stop\ndata: {\"type\":\"message_stop\"}\n\n";

async fn claude(streamed: bool) -> Provider {
    const HEAD: &str = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
    if !streamed {
        return Provider::start(Script::Status(200, "request-id: r", MESSAGE)).await;
    }
    let answer: &'static str = Box::leak(format!("{HEAD}{STREAM}").into_boxed_str());
    Provider::start(Script::Raw(answer.as_bytes())).await
}

fn in_front_of(providers: &[&Provider], kinds: &'static [&'static str]) -> Gateway {
    let urls: Vec<_> = providers.iter().map(|provider| provider.base_url()).collect();
    Setup { kinds, ..Setup::of(&urls) }.start()
}

async fn ask_chat(gateway: &Gateway, body: String) -> Response {
    client(false)
        .post(gateway.chat_url())
        .bearer_auth(gateway.key())
        .body(body)
        .send()
        .await
        .unwrap()
}

async fn ask_messages(gateway: &Gateway, key: &str, body: &str) -> Response {
    let request = client(false).post(gateway.url("/v1/messages")).header("x-api-key", key);
    let request = request.header("anthropic-version", "2026-10-21");
    let request = request.header("anthropic-beta", "a-beta").header("anthropic-beta", "b-beta");
    request.body(body.to_owned()).send().await.unwrap()
}

fn said(text: &str, stream: bool) -> String {
    let messages = json!([{"role": "user", "content": text}]);
    json!({"model": "m", "max_tokens": 10, "stream": stream, "messages": messages}).to_string()
}

fn last_outcome(gateway: &Gateway) -> Value {
    records::of_kind(&gateway.data(), Kind::Outcome).pop().unwrap()
}

#[tokio::test]
async fn a_chat_is_asked_as_a_message_and_answered_as_a_chat() {
    let provider = claude(false).await;
    let gateway = in_front_of(&[&provider], &["anthropic"]);
    let body = json!({"model": "m", "max_tokens": 10, "messages": [
        {"role": "system", "content": "Be brief."}, {"role": "user", "content": "Hello"}]});
    let answer = ask_chat(&gateway, body.to_string()).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["x-inferlayer-cost"], "0.00000082");
    let answer: Value = answer.json().await.unwrap();
    assert_eq!(answer["object"], "chat.completion");
    assert_eq!(answer["choices"][0]["message"]["content"], "Hello wörld");
    assert_eq!(answer["choices"][0]["finish_reason"], "stop");
    assert_eq!(answer["usage"]["prompt_tokens"], 15);
    assert_eq!(answer["usage"]["prompt_tokens_details"]["cached_tokens"], 7);

    let seen = &provider.seen()[0];
    assert_eq!(seen.path, "/v1/messages");
    assert_eq!(seen.headers["x-api-key"], "sk-canary-provider-key");
    assert_eq!(seen.headers["anthropic-version"], "2023-06-01");
    assert!(!seen.headers.contains_key("authorization"));
    let asked = seen.json();
    assert_eq!((&asked["model"], &asked["max_tokens"]), (&json!("upstream-m"), &json!(10)));
    assert!(asked["system"].to_string().contains("Be brief."), "{asked}");
    assert_eq!(asked["messages"].as_array().unwrap().len(), 1);

    let outcome = last_outcome(&gateway);
    assert_eq!(records::nano(&outcome, "cost_nano_usd"), MESSAGE_COST);
    assert_eq!(outcome["gen_ai.usage.input_tokens"], 15);
    assert_eq!(outcome["gen_ai.usage.cache_read.input_tokens"], 7);
    assert_eq!(outcome["gen_ai.usage.cache_creation.input_tokens"], 5);
    assert_eq!(outcome["estimated"], false);
}

#[tokio::test]
async fn a_streamed_chat_is_answered_as_a_stream_of_chunks() {
    let provider = claude(true).await;
    let gateway = in_front_of(&[&provider], &["anthropic"]);
    let answer = ask_chat(&gateway, said("Hello", true)).await.text().await.unwrap();
    let (json, done) = events(&answer);
    assert!(done && text(&json) == "Hello wörld", "{answer}");
    assert!(answer.contains(": x-inferlayer-cost: 0.00000082\n: x-inferlayer-receipt: v1."));
    assert!(json.iter().all(|chunk| chunk.get("usage").is_none_or(Value::is_null)), "{answer}");
    assert_eq!(provider.seen()[0].json()["stream"], true);
    assert_eq!(records::nano(&last_outcome(&gateway), "cost_nano_usd"), MESSAGE_COST);
}

#[tokio::test]
async fn what_cannot_be_said_there_is_named_or_goes_to_who_can() {
    let (anthropic, openai) = (claude(false).await, Provider::start(Script::Chat).await);
    let body = json!({"model": "m", "n": 2, "max_tokens": 5,
        "messages": [{"role": "user", "content": "Hello"}]});
    let gateway = in_front_of(&[&anthropic], &["anthropic"]);
    let answer = ask_chat(&gateway, body.to_string()).await;
    assert_eq!(answer.status(), 400);
    assert_eq!(answer.json::<Value>().await.unwrap()["error"]["param"], "n");

    let gateway = in_front_of(&[&anthropic, &openai], &["anthropic"]);
    let answer = ask_chat(&gateway, body.to_string()).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(answer.headers()["x-inferlayer-route"], "p1/upstream-m");
    assert!(anthropic.seen().is_empty());
}

#[tokio::test]
async fn a_message_passes_byte_for_byte() {
    let provider = claude(false).await;
    let gateway = in_front_of(&[&provider], &["anthropic"]);
    let key = gateway.key();
    let body = r#"{ "model":"m", "max_tokens": 10,"a_new_field":{"b":1.50},
        "messages":[{"role":"user","content":"Grüße","cache_control":{"type":"ephemeral"}}]}"#;
    let answer = ask_messages(&gateway, &key, body).await;
    assert_eq!(answer.status(), 200);
    assert!(answer.headers().contains_key("x-inferlayer-receipt"));
    assert_eq!(answer.text().await.unwrap(), MESSAGE);
    let seen = &provider.seen()[0];
    let sent = String::from_utf8(seen.body.clone()).unwrap();
    assert_eq!(sent, body.replace(r#""m""#, r#""upstream-m""#));
    assert_eq!(seen.headers["anthropic-version"], "2026-10-21");
    assert!(["a-beta", "b-beta"].contains(&&*seen.headers["anthropic-beta"]));
    assert_eq!(seen.headers["x-api-key"], "sk-canary-provider-key");
    assert_eq!(records::nano(&last_outcome(&gateway), "cost_nano_usd"), MESSAGE_COST);
}

#[tokio::test]
async fn a_streamed_message_passes_and_its_end_waits_for_the_ledger() {
    let provider = claude(true).await;
    let gateway = in_front_of(&[&provider], &["anthropic"]);
    let body = r#"{"model":"m","max_tokens":10,"stream":true,"messages":[{"role":"user","content":"Hi"}]}"#;
    let answer = ask_messages(&gateway, &gateway.key(), body).await.text().await.unwrap();
    let (before, end) = answer.split_once(": x-inferlayer-cost: 0.00000082\n").expect(&answer);
    let (told, stop) = STREAM.split_at(STREAM.find("event: message_stop").unwrap());
    assert_eq!(before, told);
    assert!(end.starts_with(": x-inferlayer-receipt: v1.") && end.ends_with(stop), "{end}");
}

#[tokio::test]
async fn errors_have_the_callers_shape() {
    let limited = Provider::start(Script::Status(529, "x: y", "{}")).await;
    let setup = Setup { kinds: &["anthropic"], ..Setup::of(&[limited.base_url()]) };
    let gateway = Setup { budget_usd: "0.0001", ..setup }.start();
    let key = gateway.key();
    let small = r#"{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"Hi"}]}"#;
    let unknown = small.replace(r#""m""#, r#""nobody""#);
    let dear = small.replace(":5", ":1000");
    let capless = small.replace(r#""max_tokens":5,"#, "");
    for (key, body, status, kind) in [
        ("il-nobody", small, 401, "authentication_error"),
        (&key, &unknown, 404, "not_found_error"),
        (&key, &capless, 400, "invalid_request_error"),
        (&key, "{", 400, "invalid_request_error"),
        (&key, &dear, 429, "billing_error"),
        (&key, small, 502, "api_error"),
    ] {
        let answer = ask_messages(&gateway, key, body).await;
        assert_eq!(answer.status(), status, "{kind}");
        let final_answer = answer.headers().get("x-should-retry").is_some();
        assert_eq!(final_answer, status == 429, "{kind}");
        let error: Value = answer.json().await.unwrap();
        assert_eq!(error["type"], "error", "{error}");
        assert_eq!(error["error"]["type"], kind, "{error}");
        assert!(error["error"]["message"].is_string());
    }
    // Not served, and still told in the shape that this SDK reads.
    let request = client(false).post(gateway.url("/v1/messages/batches")).bearer_auth(&key);
    let answer = request.header("anthropic-version", "2026-10-21").body("{}").send().await.unwrap();
    assert_eq!(answer.status(), 404);
    assert_eq!(answer.json::<Value>().await.unwrap()["error"]["type"], "not_found_error");
}

#[tokio::test]
async fn a_providers_refusal_is_told_in_the_callers_dialect() {
    const REFUSAL: &str =
        r#"{"type":"error","error":{"type":"invalid_request_error","message":"too hot"}}"#;
    let provider = Provider::start(Script::Status(400, "x: y", REFUSAL)).await;
    let gateway = in_front_of(&[&provider], &["anthropic"]);
    let answer = ask_chat(&gateway, said("Hello", false)).await;
    assert_eq!(answer.status(), 400);
    let error: Value = answer.json().await.unwrap();
    assert_eq!(error["error"]["message"], "too hot");
    assert_eq!(error["error"]["type"], "invalid_request_error");
    assert!(error.get("type").is_none());
}

#[tokio::test]
async fn a_stream_that_breaks_ends_in_the_callers_error_event() {
    let begun = &STREAM[..STREAM.find("event: content_block_stop").unwrap()];
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
    let answer: &'static str = Box::leak(format!("{head}{begun}").into_boxed_str());
    let provider = Provider::start(Script::Raw(answer.as_bytes())).await;
    let gateway = in_front_of(&[&provider], &["anthropic"]);
    let key = gateway.key();
    let body = r#"{"model":"m","max_tokens":10,"stream":true,"messages":[{"role":"user","content":"Hi"}]}"#;
    let message = ask_messages(&gateway, &key, body).await.text().await.unwrap();
    assert!(message.starts_with(begun) && message.contains("\nevent: error\ndata: {"), "{message}");
    assert!(!message.contains("message_stop"), "{message}");
    let chunks = ask_chat(&gateway, said("Hello", true)).await.text().await.unwrap();
    let (json, done) = events(&chunks);
    assert!(!done && text(&json) == "Hello wörld", "{chunks}");
    assert_eq!(json.last().unwrap()["error"]["code"], "upstream_error");
}
