//! One tenant takes what it can get: streams that never end, bodies that are never sent, a full disk,
//! documents of nothing but keys. The others do not notice.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use inferlayer_ledger::Kind;
use reqwest::{Response, StatusCode};
use serde_json::Value;
use support::gateway::Setup;
use support::{Gateway, Provider, Script, call, chat, client, eventually, message, records};

const OTHER: &str = "  - { name: other, budget_usd: 1000 }\n";

/// Status, whether it says when to come back, and the error's code.
async fn refusal(answer: Response) -> (u16, bool, String) {
    let (status, again) = (answer.status(), answer.headers().contains_key("retry-after"));
    let error: Value = answer.json().await.unwrap();
    (status.as_u16(), again, error["error"]["code"].as_str().unwrap_or_default().to_owned())
}

async fn post(gateway: &Gateway, path: &str, key: &str, body: String) -> Response {
    client(false).post(gateway.url(path)).bearer_auth(key).body(body).send().await.unwrap()
}

/// How many of so many small calls succeed.
async fn successes(gateway: &Gateway, key: &str, calls: usize) -> usize {
    let mut successes = 0;
    for _ in 0..calls {
        successes += usize::from(call(gateway, key).await.0 == 200);
    }
    successes
}

/// Opens endless streams until one is refused; those that go on, and the refusal.
async fn hang(gateway: &Gateway, key: &str, most: usize) -> (Vec<Response>, Response) {
    let mut open = Vec::new();
    loop {
        let body = message("endless", true).to_string();
        let answer = post(gateway, "/v1/chat/completions", key, body).await;
        if answer.status() != StatusCode::OK {
            return (open, answer);
        }
        open.push(answer);
        assert!(open.len() <= most, "nothing is refused");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_fills_its_part_of_the_queue_leaves_places_for_another() {
    let provider = Provider::start(Script::AsAsked).await;
    let extra = "ledger: { queue_records: 48 }";
    let setup = Setup { more_tenants: OTHER, extra, ..Setup::of(&[provider.base_url()]) };
    let gateway = setup.start();
    let (greedy, other) = (gateway.key(), gateway.key_of("other"));
    let (open, refused) = hang(&gateway, &greedy, 40).await;
    assert!(open.len() >= 20, "{}", open.len());
    assert_eq!(refusal(refused).await, (429, true, "rate_limit_exceeded".to_owned()));
    assert!(successes(&gateway, &other, 40).await >= 38);
    drop(open);
    let mut again = 0;
    for _ in 0..500 {
        again = call(&gateway, &greedy).await.0;
        if again == 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(again, 200, "what has ended is free again");
}

#[tokio::test(flavor = "multi_thread")]
async fn all_keys_of_a_tenant_share_its_parallel_requests() {
    let provider = Provider::start(Script::AsAsked).await;
    let setup = Setup {
        extra: "tenant_limits: { parallel_requests: 3 }",
        metrics: "'127.0.0.1:0'",
        more_tenants: "  - { name: other, budget_usd: 9, limits: { parallel_requests: 1 } }\n",
        ..Setup::of(&[provider.base_url()])
    };
    let gateway = setup.start();
    let (one, two, other) = (gateway.key(), gateway.key(), gateway.key_of("other"));
    let (open, refused) = hang(&gateway, &one, 3).await;
    assert_eq!(open.len(), 3);
    let expected = (429, true, "rate_limit_exceeded".to_owned());
    assert_eq!(refusal(refused).await, expected);
    let body = message("hi", false).to_string();
    let refused = post(&gateway, "/v1/chat/completions", &two, body).await;
    assert_eq!(refusal(refused).await, expected);
    let body = r#"{"model":"m","max_tokens":5,"messages":[{"role":"user","content":"a"}]}"#;
    let refused = post(&gateway, "/v1/messages", &two, body.to_owned()).await;
    let error: Value = refused.json().await.unwrap();
    assert_eq!(error["error"]["type"], "rate_limit_error", "in the caller's words: {error}");

    let (others, _) = hang(&gateway, &other, 1).await;
    assert_eq!(others.len(), 1, "its own number counts");
    let metrics = format!("http://{}/metrics", gateway.metrics.unwrap());
    let metrics = client(false).get(metrics).send().await.unwrap().text().await.unwrap();
    let usage = r#"inferlayer_tenant_usage{tenant="a",what="parallel_requests"} 3"#;
    assert!(metrics.contains(usage), "{metrics}");
    let refusals = r#"inferlayer_refusals_total{code="rate_limit_exceeded",tenant="a"} 3"#;
    assert!(metrics.contains(refusals), "{metrics}");
    eventually("each refusal is recorded", || {
        let refusals = records::of_kind(&gateway.data(), Kind::Refusal);
        let of_a = refusals.iter().filter(|refusal| refusal["tenant"] == "a");
        of_a.filter(|refusal| refusal["code"] == "rate_limit_exceeded").count() == 3
    })
    .await;
}

/// A request of which only the head and a little of the body is sent.
fn begin(gateway: &Gateway, path: &str, key: &str, bytes: usize) -> TcpStream {
    let mut stream = TcpStream::connect(gateway.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(20))).unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\n\
         content-length: {bytes}\r\n\r\n{{\"model\":"
    );
    stream.write_all(head.as_bytes()).unwrap();
    stream
}

/// The beginning of an answer; empty when none comes for a while.
fn answered(stream: &mut TcpStream, within: Duration) -> String {
    stream.set_read_timeout(Some(within)).unwrap();
    let mut bytes = [0; 4096];
    let read = stream.read(&mut bytes).unwrap_or(0);
    // HTTP/1.1 does not care for the case of a header's name.
    String::from_utf8_lossy(&bytes[..read]).to_lowercase()
}

/// Begins bodies of a megabyte until one is refused; those that are held, and the refusal.
fn fill(gateway: &Gateway, key: &str) -> (Vec<TcpStream>, String) {
    let mut held = Vec::new();
    loop {
        let mut stream = begin(gateway, "/v1/chat/completions", key, 1 << 20);
        let answer = answered(&mut stream, Duration::from_secs(1));
        if !answer.is_empty() {
            return (held, answer);
        }
        held.push(stream);
        assert!(held.len() < 8, "nothing is refused");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_whose_bodies_fill_the_memory_leaves_some_to_another() {
    let provider = Provider::start(Script::Chat).await;
    let extra = "limits: { body_bytes: 1048576, bodies_bytes: 4194304 }";
    let setup = Setup { more_tenants: OTHER, extra, ..Setup::of(&[provider.base_url()]) };
    let gateway = setup.start();
    let (greedy, other) = (gateway.key(), gateway.key_of("other"));
    let path = "/v1/chat/completions";
    let (held, refused) = fill(&gateway, &greedy);
    assert_eq!(held.len(), 2, "as much as is left");
    assert!(refused.starts_with("http/1.1 429") && refused.contains("retry-after"), "{refused}");
    for _ in 0..10 {
        let body = chat("m", false, 500_000);
        let answer = post(&gateway, path, &other, body).await;
        assert_eq!(answer.status(), 200);
    }
    assert!(successes(&gateway, &other, 20).await >= 19);
    // A single body that is too large is what it was.
    let large = post(&gateway, path, &greedy, chat("m", false, 1 << 20)).await;
    assert_eq!(large.status(), 413);
    drop(held);
    let mut status = 0;
    for _ in 0..500 {
        status = post(&gateway, path, &greedy, chat("m", false, 900_000)).await.status().as_u16();
        if status == 200 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    assert_eq!(status, 200, "what was held is free again");
}

#[tokio::test(flavor = "multi_thread")]
async fn memory_that_all_tenants_fill_together_is_a_503_for_now() {
    let provider = Provider::start(Script::Chat).await;
    let extra = "limits: { body_bytes: 1048576, bodies_bytes: 2097152 }";
    let gateway = Setup { extra, ..Setup::of(&[provider.base_url()]) }.start();
    let (held, refused) = fill(&gateway, &gateway.key());
    assert_eq!(held.len(), 2, "a tenant alone may take all");
    assert!(refused.starts_with("http/1.1 503") && refused.contains("retry-after"), "{refused}");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_of_a_body_is_read_before_its_sender_is_known() {
    let provider = Provider::start(Script::Chat).await;
    let gateway = Gateway::start(&[provider.base_url()]);
    for path in [
        "/v1/chat/completions",
        "/v1/completions",
        "/v1/responses",
        "/v1/responses/input_tokens",
        "/v1/embeddings",
        "/v1/moderations",
        "/v1/messages",
        "/v1/messages/count_tokens",
        "/v1beta/models/m:generateContent",
        "/v1beta/models/m:countTokens",
        "/v1beta/models/m:embedContent",
        "/v1beta/models/m:batchEmbedContents",
        "/v1/files",
        "/v1/audio/transcriptions",
    ] {
        let mut stream = begin(&gateway, path, "il-nobody", 60_000_000);
        let answer = answered(&mut stream, Duration::from_secs(10));
        assert!(answer.starts_with("http/1.1 401"), "{path}: {answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_tenant_that_has_stored_its_bytes_of_the_day_does_not_fill_the_disk_for_all() {
    let provider = Provider::start(Script::Chat).await;
    let clinic = "  - { name: clinic, budget_usd: 0, local_only: true, \
                  limits: { stored_bytes_per_day: 2000000 } }\n";
    let settings = "local: true, free: true";
    let setup = Setup { more_tenants: clinic, provider_settings: settings, ..Setup::of(&[]) };
    let gateway = Setup { providers: vec![provider.base_url()], ..setup }.start();
    let (greedy, other) = (gateway.key_of("clinic"), gateway.key());
    let path = "/v1/chat/completions";
    let mut stored = 0;
    let refused = loop {
        let answer = post(&gateway, path, &greedy, chat("m", false, 300_000)).await;
        if answer.status() != StatusCode::OK {
            break answer;
        }
        stored += 1;
        assert!(stored < 10, "nothing is refused");
    };
    assert_eq!(stored, 6, "six of 300 KB are less than 2 MB");
    assert_eq!(refused.headers()["x-should-retry"], "false");
    let expected = (429, true, "storage_limit_exceeded".to_owned());
    assert_eq!(refusal(refused).await, expected);
    assert!(successes(&gateway, &other, 20).await >= 19);

    // What was stored is still there after a restart.
    let (folder, status) = gateway.stop();
    assert!(status.success());
    let gateway = Gateway::start_in(folder);
    let again = post(&gateway, path, &greedy, chat("m", false, 300_000)).await;
    assert_eq!(refusal(again).await, expected);
    assert!(successes(&gateway, &other, 5).await >= 5);
}

#[tokio::test(flavor = "multi_thread")]
async fn millions_of_keys_beside_a_normal_client() {
    let provider = Provider::start(Script::Chat).await;
    let setup = Setup { more_tenants: OTHER, ..Setup::of(&[provider.base_url()]) };
    let gateway = setup.start();
    let (greedy, other) = (gateway.key(), gateway.key_of("other"));
    let keys: Vec<String> = (0..4_000_000).map(|n| format!("\"k{n}\":1")).collect();
    let body = format!(r#"{{"model":"m","messages":[{{}}],{}}}"#, keys.join(","));
    assert!(body.len() > 50_000_000);
    let attack = async |path: &str| {
        let answer = post(&gateway, path, &greedy, body.clone()).await;
        assert_eq!(answer.status(), 400, "{path}");
        let error: Value = answer.json().await.unwrap();
        let message = error["error"]["message"].as_str().unwrap().to_owned();
        assert!(message.contains("limits.json_members"), "{path}: {message}");
    };
    let attacks = async {
        tokio::join!(
            attack("/v1/chat/completions"),
            attack("/v1/messages"),
            attack("/v1beta/models/m:generateContent"),
        )
    };
    let (_, successes) = tokio::join!(attacks, successes(&gateway, &other, 60));
    assert!(successes >= 57, "{successes}");
    assert!(!provider.seen().iter().any(|seen| seen.body.len() > 10_000_000));
}

/// Anthropic's answer to anything.
const MESSAGE: &str = r#"{"id":"msg_1","type":"message","role":"assistant","model":"c",
    "content":[{"type":"text","text":"fine"}],"stop_reason":"end_turn",
    "usage":{"input_tokens":5,"output_tokens":2}}"#;

#[tokio::test(flavor = "multi_thread")]
async fn large_conversations_are_read_and_translated_beside_small_ones() {
    let provider = Provider::start(Script::Status(200, "x: y", MESSAGE)).await;
    let setup = Setup { kinds: &["anthropic"], ..Setup::of(&[provider.base_url()]) };
    let gateway = setup.start();
    let key = gateway.key();
    let body = |bytes: usize| {
        let text = "lorem ipsum dolor ".repeat(bytes / 18);
        message(&text, false).to_string()
    };
    let sizes = [100, 3_000_000, 200_000, 100, 5_000_000, 1_000];
    let asked = sizes.map(|bytes| post(&gateway, "/v1/chat/completions", &key, body(bytes)));
    for answer in futures_util::future::join_all(asked).await {
        assert_eq!(answer.status(), 200);
        let answer: Value = answer.json().await.unwrap();
        assert_eq!(answer["choices"][0]["message"]["content"], "fine", "{answer}");
    }
    let mut seen: Vec<_> = provider.seen().iter().map(|seen| seen.body.len()).collect();
    seen.sort_unstable();
    assert!(seen[5] > 4_999_000 && seen[0] < 1_000, "{seen:?}");
    // What cannot be said there is still told with its field.
    let unsaid = body(200_000).replace("\"max_tokens\":10", "\"max_tokens\":10,\"seed\":\"x\"");
    let refused = post(&gateway, "/v1/chat/completions", &key, unsaid).await;
    assert_eq!(refused.status(), 400);
}
