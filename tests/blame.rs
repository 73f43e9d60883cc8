//! Whom a failure is blamed on: a provider's faults shut it, one model of it or its key, for whom
//! they are proof; what the gateway or a caller did shuts nothing for others.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::time::Duration;

use inferlayer_ledger::Kind;
use serde_json::{Value, json};
use support::gateway::Setup;
use support::{Gateway, Provider, Script, Seen, Then, client, message, records};

const TENANTS: &str = "  - { name: b, budget_usd: 1000, allow_unpriced: true }
  - { name: c, budget_usd: 1000, allow_unpriced: true }\n";
const OTHER_MODEL: &str = "        - { name: n, candidates: [{ provider: p0, model: other }] }\n";
const SETTINGS: &str = "first_byte_timeout_seconds: 5, idle_timeout_seconds: 5, \
                        breaker: { failures: 3, open_seconds: 30 }";

fn setup(providers: &[String]) -> Setup {
    Setup {
        provider_settings: SETTINGS,
        more_tenants: TENANTS,
        in_route: OTHER_MODEL,
        metrics: "127.0.0.1:0",
        ..Setup::of(providers)
    }
}

async fn in_front_of(script: Script) -> (Provider, Gateway) {
    let provider = Provider::start(script).await;
    let gateway = setup(&[provider.base_url()]).start();
    (provider, gateway)
}

struct Told {
    status: u16,
    retry_after: Option<u64>,
    body: String,
}

async fn ask(gateway: &Gateway, key: &str, model: &str, text: &str, stream: bool) -> Told {
    let mut body = message(text, stream);
    body["model"] = json!(model);
    let request = client(false).post(gateway.chat_url()).bearer_auth(key);
    let mut answer = request.body(body.to_string()).send().await.unwrap();
    let status = answer.status().as_u16();
    let retry_after = answer.headers().get("retry-after");
    let retry_after = retry_after.map(|value| value.to_str().unwrap().parse().unwrap());
    let mut body = Vec::new();
    while let Ok(Some(piece)) = answer.chunk().await {
        body.extend_from_slice(&piece);
    }
    Told { status, retry_after, body: String::from_utf8_lossy(&body).into_owned() }
}

fn last_attempts(gateway: &Gateway) -> Vec<String> {
    records::attempts(&records::of_kind(&gateway.data(), Kind::Outcome).pop().unwrap())
}

async fn metrics(gateway: &Gateway) -> String {
    let url = format!("http://{}/metrics", gateway.metrics.unwrap());
    client(false).get(url).send().await.unwrap().text().await.unwrap()
}

#[tokio::test]
async fn one_tenant_s_poison_shuts_nobody_else_out() {
    let (provider, gateway) = in_front_of(Script::AsAsked).await;
    let (a, b) = (gateway.key(), gateway.key_of("b"));
    for _ in 0..10 {
        for poison in ["fail", "reset"] {
            let told = ask(&gateway, &a, "m", poison, false).await;
            assert!(matches!(told.status, 502 | 503), "{}", told.body);
        }
        assert_eq!(ask(&gateway, &b, "m", "say", false).await.status, 200);
    }
    // Ten of `b`, three of `a`, and resets of kept connections, which are tried again.
    let asked = provider.seen().len();
    assert!((13..=16).contains(&asked), "its sender is shut out after three: {asked}");
    // Another key of the same tenant has sent no poison.
    assert_eq!(ask(&gateway, &gateway.key(), "m", "say", false).await.status, 200);
}

#[tokio::test]
async fn a_dead_model_is_shut_for_all_and_leaves_the_others_alone() {
    fn by_model(seen: &Seen) -> Vec<u8> {
        let good = r#"{"choices":[{"message":{"content":"x"},"finish_reason":"stop"}],"usage":{"prompt_tokens":1,"completion_tokens":1}}"#;
        let (status, body) = match seen.json()["model"] == "other" {
            true => (200, good),
            false => (500, "{}"),
        };
        let length = body.len();
        let head = "content-type: application/json\r\ncontent-length";
        format!("HTTP/1.1 {status} X\r\n{head}: {length}\r\n\r\n{body}").into_bytes()
    }
    let (provider, gateway) = in_front_of(Script::With(by_model)).await;
    let keys = [gateway.key_of("b"), gateway.key_of("c"), gateway.key_of("b")];
    for key in &keys {
        assert_eq!(ask(&gateway, key, "m", "x", false).await.status, 502);
    }
    let told = ask(&gateway, &gateway.key(), "m", "x", false).await;
    assert_eq!((told.status, last_attempts(&gateway)), (503, vec!["circuit_open".to_owned()]));
    assert!(told.retry_after.is_some());
    assert_eq!(provider.seen().len(), 3);
    for _ in 0..3 {
        assert_eq!(ask(&gateway, &keys[0], "n", "x", false).await.status, 200);
    }
    let text = metrics(&gateway).await;
    let line = |model: &str, state: &str| {
        format!(
            "inferlayer_upstream_state{{gen_ai_provider_name=\"p0\",\
             gen_ai_request_model=\"{model}\",state=\"{state}\"}}"
        )
    };
    for (model, value) in [("upstream-m", 1), ("other", 0)] {
        let line = format!("{} {value}", line(model, "circuit_open_for_all"));
        assert!(text.contains(&line), "{line}: {text}");
    }
    let told = gateway.log().matches("left alone for a while").count();
    assert_eq!(told, 1, "one line for one change: {}", gateway.log());
}

#[tokio::test]
async fn odd_answers_and_callers_that_leave_open_nothing() {
    const NONSENSE: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n\
                              data: <<<\n\n";
    const ODD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}";
    for (script, stream) in [
        (Script::Raw(ODD), false),
        (Script::Raw(NONSENSE), true),
        (Script::Status(400, "x: y", "{}"), false),
        (Script::Status(404, "x: y", "{}"), false),
    ] {
        let (provider, gateway) = in_front_of(script).await;
        let key = gateway.key();
        for _ in 0..6 {
            ask(&gateway, &key, "m", "x", stream).await;
        }
        assert_eq!(provider.seen().len(), 6);
    }
    let (provider, gateway) = in_front_of(Script::AsAsked).await;
    let key = gateway.key();
    for _ in 0..6 {
        let request = client(false).post(gateway.chat_url()).bearer_auth(&key);
        let request = request.body(message("silence", false).to_string());
        let _ = request.timeout(Duration::from_millis(300)).send().await;
    }
    assert_eq!(ask(&gateway, &key, "m", "say", false).await.status, 200);
    assert_eq!(provider.seen().len(), 7);
}

#[tokio::test]
async fn streams_that_break_after_their_first_word_count() {
    let (provider, gateway) = in_front_of(Script::After(2, Then::Cut)).await;
    let key = gateway.key();
    for _ in 0..3 {
        let told = ask(&gateway, &key, "m", "x", true).await;
        assert!(told.status == 200 && told.body.contains("upstream_error"), "{}", told.body);
    }
    assert_eq!(ask(&gateway, &key, "m", "x", true).await.status, 503);
    assert_eq!(provider.seen().len(), 3);
}

#[tokio::test]
async fn a6_39_a_429_cools_its_model_for_as_long_as_it_asks() {
    for (header, least, most) in [
        ("retry-after: 120", 30, 30),
        ("retry-after: 7.5", 5, 8),
        ("retry-after-ms: 4500", 2, 5),
        ("x: y", 3, 5),
    ] {
        let busy = Provider::start(Script::Status(429, header, "{}")).await;
        let gateway = setup(&[busy.base_url()]).start();
        let key = gateway.key();
        let told = ask(&gateway, &key, "m", "x", false).await;
        assert_eq!(told.status, 429, "{header}: {}", told.body);
        let told = ask(&gateway, &key, "m", "x", false).await;
        assert_eq!((told.status, busy.seen().len()), (429, 1), "{header}: asked again");
        assert!((least..=most).contains(&told.retry_after.unwrap()), "{header}");
        assert!(told.body.contains("upstream_rate_limited"), "{}", told.body);
        assert_eq!(last_attempts(&gateway), ["cooling"]);
        let other = ask(&gateway, &gateway.key_of("b"), "m", "x", false).await;
        let for_all = header != "x: y";
        assert_eq!((other.status, busy.seen().len()), (429, if for_all { 1 } else { 2 }));
    }
}

#[tokio::test]
async fn a_provider_that_cools_is_not_asked_first() {
    for status in [429, 503, 529] {
        let busy = Provider::start(Script::Status(status, "retry-after: 600", "{}")).await;
        let answering = Provider::start(Script::Chat).await;
        let gateway = setup(&[busy.base_url(), answering.base_url()]).start();
        let key = gateway.key();
        for _ in 0..4 {
            assert_eq!(ask(&gateway, &key, "m", "x", false).await.status, 200);
        }
        assert_eq!((busy.seen().len(), answering.seen().len()), (1, 4), "{status}");
        assert_eq!(last_attempts(&gateway), ["cooling", "answered 200"]);
    }
}

#[tokio::test]
async fn when_to_come_back_is_told_whoever_failed_last() {
    let busy = Provider::start(Script::Status(503, "retry-after: 9", "{}")).await;
    let failing = Provider::start(Script::Status(500, "x: y", "{}")).await;
    let gateway = setup(&[busy.base_url(), failing.base_url()]).start();
    let told = ask(&gateway, &gateway.key(), "m", "x", false).await;
    assert_eq!((told.status, told.retry_after), (503, Some(9)), "{}", told.body);
}

#[tokio::test]
async fn a_refused_key_is_told_as_what_it_is() {
    for (status, other_model) in [(401, 503), (403, 502)] {
        let (provider, gateway) = in_front_of(Script::Status(status, "x: y", "{}")).await;
        let key = gateway.key_of("b");
        for _ in 0..3 {
            assert_eq!(ask(&gateway, &key, "m", "x", false).await.status, 502);
        }
        let told = ask(&gateway, &key, "m", "x", false).await;
        assert_eq!((told.status, provider.seen().len()), (503, 3));
        assert!(told.body.contains("refuses the key"), "{}", told.body);
        assert_eq!(last_attempts(&gateway), ["key_refused"]);
        let told = ask(&gateway, &key, "n", "x", false).await;
        assert_eq!(told.status, other_model, "{status}");
    }
}

#[tokio::test]
async fn gemini_s_way_to_refuse_a_key_is_understood() {
    let invalid = r#"{"error":{"code":400,"status":"INVALID_ARGUMENT","details":[{"reason":"API_KEY_INVALID"}]}}"#;
    let provider = Provider::start(Script::Status(400, "x: y", invalid)).await;
    let gateway = Setup { kinds: &["gemini"], ..setup(&[provider.base_url()]) }.start();
    let key = gateway.key();
    for _ in 0..3 {
        assert_eq!(ask(&gateway, &key, "m", "x", false).await.status, 502);
    }
    assert_eq!(ask(&gateway, &key, "m", "x", false).await.status, 503);
    assert_eq!((last_attempts(&gateway), provider.seen().len()), (vec!["key_refused".into()], 3));
}

#[tokio::test]
async fn a6_28_a_dead_provider_is_left_alone_by_its_only_caller_soon() {
    let refused = format!("http://{}/v1", Provider::refused().await);
    let answering = Provider::start(Script::Chat).await;
    let gateway = setup(&[refused, answering.base_url()]).start();
    let key = gateway.key();
    for _ in 0..4 {
        assert_eq!(ask(&gateway, &key, "m", "x", false).await.status, 200);
    }
    assert_eq!(last_attempts(&gateway), ["circuit_open", "answered 200"]);
    // Connections are the provider's, whoever asks for which model.
    let told = ask(&gateway, &gateway.key_of("b"), "n", "x", false).await;
    assert_eq!((told.status, last_attempts(&gateway)), (503, vec!["circuit_open".to_owned()]));
}

#[tokio::test]
async fn a6_59_a_shortage_of_descriptors_is_no_verdict_on_a_provider() {
    let provider = Provider::start(Script::Chat).await;
    let settings = "breaker: { failures: 1, open_seconds: 60 }";
    let folder = Setup { provider_settings: settings, ..setup(&[provider.base_url()]) }.folder();
    let gateway = Gateway::start_short_of_descriptors(folder, 96);
    let key = gateway.key();
    let kept = client(false);
    let ask = async || {
        let request = kept.post(gateway.chat_url()).bearer_auth(&key);
        let answer = request.body(message("x", false).to_string()).send().await.unwrap();
        let status = answer.status().as_u16();
        let body: Value = answer.json().await.unwrap();
        (status, body["error"]["code"].as_str().map(str::to_owned))
    };
    // A client's connection that is there already.
    let request = kept.get(gateway.url("/livez"));
    assert_eq!(request.send().await.unwrap().status(), 200);
    let mut idle = Vec::new();
    for _ in 0..120 {
        idle.push(tokio::net::TcpStream::connect(gateway.address).await.unwrap());
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    let (status, code) = ask().await;
    assert!(status == 200 || code.as_deref() == Some("overloaded"), "{status} {code:?}");
    assert!(records::of_kind(&gateway.data(), Kind::Outcome).len() <= 1);
    drop(idle);
    tokio::time::sleep(Duration::from_millis(500)).await;
    assert_eq!(ask().await, (200, None), "the provider was blamed");
}
