//! The loop that tries providers: what is known of one model or one moment shuts nothing else.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::time::{Duration, Instant, SystemTime};

use inferlayer_ledger::Kind;
use serde_json::{Value, json};
use support::gateway::Setup;
use support::{Gateway, Provider, Script, Seen, client, message, records};

const OTHER_MODEL: &str = "        - { name: n, candidates: [{ provider: p0, model: other }] }\n";
const TENANTS: &str = "  - { name: b, budget_usd: 1000, allow_unpriced: true }\n";
const SETTINGS: &str = "first_byte_timeout_seconds: 5, breaker: { failures: 3, open_seconds: 30 }";

fn in_front_of(providers: &[&Provider]) -> Gateway {
    let urls: Vec<String> = providers.iter().map(|provider| provider.base_url()).collect();
    let (provider_settings, more_tenants, in_route) = (SETTINGS, TENANTS, OTHER_MODEL);
    Setup { provider_settings, more_tenants, in_route, ..Setup::of(&urls) }.start()
}

async fn ask(gateway: &Gateway, key: &str, model: &str) -> u16 {
    let mut body = message("x", false);
    body["model"] = json!(model);
    let request = client(false).post(gateway.chat_url()).bearer_auth(key);
    request.body(body.to_string()).send().await.unwrap().status().as_u16()
}

fn last_attempts(gateway: &Gateway) -> Vec<String> {
    records::attempts(&records::of_kind(&gateway.data(), Kind::Outcome).pop().unwrap())
}

fn http(status: u16, header: &str, body: &Value) -> Vec<u8> {
    let body = body.to_string();
    let length = body.len();
    format!("HTTP/1.1 {status} X\r\n{header}\r\ncontent-length: {length}\r\n\r\n{body}")
        .into_bytes()
}

fn completion(message: &Value) -> Vec<u8> {
    let choice = json!({"index": 0, "finish_reason": "stop", "message": message});
    let usage = json!({"prompt_tokens": 1, "completion_tokens": 1, "total_tokens": 2});
    let body = json!({"id": "c", "object": "chat.completion", "created": 1, "model": "m",
        "choices": [choice], "usage": usage});
    http(200, "content-type: application/json", &body)
}

fn said(text: &str) -> Vec<u8> {
    completion(&json!({"role": "assistant", "content": text}))
}

#[tokio::test]
async fn of_two_models_of_one_provider_one_fails_and_the_other_is_served_throughout() {
    fn one_fails(seen: &Seen) -> Vec<u8> {
        let asked: Value = serde_json::from_slice(&seen.body).unwrap();
        match asked["model"] == "other" {
            true => said("fine"),
            false => http(500, "x: y", &json!({"error": {"message": "no"}})),
        }
    }
    let provider = Provider::start(Script::With(one_fails)).await;
    let gateway = in_front_of(&[&provider]);
    let key = gateway.key_of("b");
    for _ in 0..12 {
        assert!(matches!(ask(&gateway, &key, "m").await, 502 | 503));
        assert_eq!(ask(&gateway, &key, "n").await, 200);
    }
    assert_eq!(provider.seen().len(), 3 + 12, "the model that fails is left alone after three");
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_429_with_two_seconds_nobody_asks_for_two_seconds_and_then_one_does() {
    let busy = Provider::start(Script::Status(429, "retry-after: 2", "{}")).await;
    let answering = Provider::start(Script::Chat).await;
    let gateway = in_front_of(&[&busy, &answering]);
    let key = gateway.key();
    assert_eq!(ask(&gateway, &key, "m").await, 200);
    let since = Instant::now();
    let mut asked = Vec::new();
    while since.elapsed() < Duration::from_millis(3200) {
        let at_once = (0..4).map(|_| ask(&gateway, &key, "m"));
        let statuses = futures_util::future::join_all(at_once).await;
        assert_eq!(statuses, [200; 4]);
        asked.push((since.elapsed(), busy.seen().len()));
    }
    let within = asked.iter().filter(|(at, _)| *at < Duration::from_millis(1900));
    assert!(within.clone().count() > 0 && within.clone().all(|(_, seen)| *seen == 1), "{asked:?}");
    assert_eq!(busy.seen().len(), 2, "asked again once: {asked:?}");
}

#[tokio::test]
async fn an_http_date_and_a_529_with_milliseconds_are_understood() {
    fn until_a_date(_: &Seen) -> Vec<u8> {
        let date = httpdate::fmt_http_date(SystemTime::now() + Duration::from_secs(20));
        http(429, &format!("retry-after: {date}"), &json!({}))
    }
    for script in [Script::With(until_a_date), Script::Status(529, "retry-after-ms: 20000", "{}")] {
        let busy = Provider::start(script).await;
        let answering = Provider::start(Script::Chat).await;
        let gateway = in_front_of(&[&busy, &answering]);
        let key = gateway.key();
        for _ in 0..3 {
            assert_eq!(ask(&gateway, &key, "m").await, 200);
        }
        assert_eq!((busy.seen().len(), answering.seen().len()), (1, 3));
        assert_eq!(last_attempts(&gateway), ["cooling", "answered 200"]);
    }
}

#[tokio::test]
async fn what_a_model_wrote_shuts_no_provider() {
    // A tool call that was cut, which no Anthropic message can hold.
    fn cut(_: &Seen) -> Vec<u8> {
        let call = json!({"name": "look_up", "arguments": "{\"q\": \"x"});
        let call = json!({"id": "call_1", "type": "function", "function": call});
        completion(&json!({"role": "assistant", "content": null, "tool_calls": [call]}))
    }
    fn odd(_: &Seen) -> Vec<u8> {
        completion(&json!({"role": "assistant", "content": {"not": "a text"}}))
    }
    for script in [Script::With(cut), Script::With(odd)] {
        let provider = Provider::start(script).await;
        let gateway = in_front_of(&[&provider]);
        let key = gateway.key();
        for _ in 0..8 {
            let messages = json!([{"role": "user", "content": "x"}]);
            let body = json!({"model": "m", "max_tokens": 5, "messages": messages});
            let request = client(false).post(gateway.url("/v1/messages")).bearer_auth(&key);
            request.body(body.to_string()).send().await.unwrap();
        }
        assert_eq!(provider.seen().len(), 8, "{:?}", last_attempts(&gateway));
    }
}
