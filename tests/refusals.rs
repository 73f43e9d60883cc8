//! Bad input: a 4xx in OpenAI's shape, before any provider is called.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use inferlayer_ledger::Kind;
use serde_json::Value;
use support::{Gateway, Provider, Script, chat, client, eventually, records, with_body};

async fn gateway() -> (Provider, Gateway, String) {
    let provider = Provider::start(Script::Chat).await;
    let gateway = Gateway::start(&[provider.base_url()]);
    let key = gateway.key();
    (provider, gateway, key)
}

fn assert_openai_shape(body: &[u8], case: &str) {
    let error: Value = serde_json::from_slice(body).expect(case);
    let error = &error["error"];
    assert!(error["message"].as_str().is_some_and(|m| !m.is_empty()), "{case}: {error}");
    assert!(error["type"].is_string(), "{case}: {error}");
    assert!(error["code"].is_string() || error["code"].is_null(), "{case}: {error}");
    assert!(error.get("param").is_some(), "{case}: {error}");
}

#[tokio::test]
async fn a_hundred_megabytes_are_refused_however_they_come() {
    let (provider, gateway, key) = gateway().await;
    for (chunked, h2) in [(false, false), (true, false), (false, true), (true, true)] {
        let case = format!("chunked {chunked}, h2 {h2}");
        let request = client(h2).post(gateway.chat_url()).bearer_auth(&key);
        let body = "x".repeat(100_000_000);
        let answer = with_body(request, body, chunked).send().await.expect(&case);
        assert_eq!(answer.status(), 413, "{case}");
        assert_openai_shape(&answer.bytes().await.unwrap(), &case);
    }
    assert!(provider.seen().is_empty());
}

#[tokio::test]
async fn a_length_that_is_too_much_is_refused_before_a_byte_of_it() {
    let (_, gateway, key) = gateway().await;
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\n\
         content-length: 100000000\r\nexpect: 100-continue\r\n\r\n"
    );
    let answer = raw(&gateway, head.as_bytes());
    assert!(answer.starts_with("HTTP/1.1 413"), "{answer}");
    assert!(!answer.contains("100 Continue"));
}

#[tokio::test(flavor = "multi_thread")]
async fn expect_continue_is_answered() {
    let (provider, gateway, key) = gateway().await;
    let body = chat("m", false, 2000);
    let mut stream = TcpStream::connect(gateway.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\n\
         content-length: {}\r\nexpect: 100-continue\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).unwrap();
    let mut first = [0; 25];
    stream.read_exact(&mut first).unwrap();
    assert_eq!(&first, b"HTTP/1.1 100 Continue\r\n\r\n");
    stream.write_all(body.as_bytes()).unwrap();
    let mut rest = String::new();
    stream.read_to_string(&mut rest).unwrap();
    assert!(rest.starts_with("HTTP/1.1 200") && rest.contains("Hello wörld"), "{rest}");
    assert_eq!(provider.seen().len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_that_waited_for_a_continue_is_kept() {
    let (_provider, gateway, key) = gateway().await;
    let body = chat("m", false, 2000);
    let mut stream = TcpStream::connect(gateway.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    for _ in 0..2 {
        let head = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\n\
             content-length: {}\r\nexpect: 100-continue\r\n\r\n",
            body.len()
        );
        stream.write_all(head.as_bytes()).unwrap();
        let mut first = [0; 25];
        stream.read_exact(&mut first).unwrap();
        assert_eq!(&first, b"HTTP/1.1 100 Continue\r\n\r\n");
        stream.write_all(body.as_bytes()).unwrap();
        let told = support::raw::answer(&mut stream);
        assert!(told.starts_with("HTTP/1.1 200") && !told.contains("connection: close"), "{told}");
    }
}

#[tokio::test]
async fn an_early_answer_never_reads_a_body_as_the_next_request() {
    let (_, gateway, key) = gateway().await;
    let smuggled =
        format!("GET /v1/models HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\n\r\n");
    for early in [
        "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer il-no\r\n",
        "POST /nowhere HTTP/1.1\r\nhost: a\r\n",
        "GET /livez HTTP/1.1\r\nhost: a\r\n",
    ] {
        let request = format!("{early}content-length: {}\r\n\r\n{smuggled}", smuggled.len());
        let answer = raw(&gateway, request.as_bytes());
        assert_eq!(answer.matches("HTTP/1.1 ").count(), 1, "{answer}");
        assert!(!answer.contains("\"object\":\"list\""), "{answer}");
    }
}

#[tokio::test]
async fn refusals_are_recorded_singly_for_a_key_and_counted_for_nobody() {
    let (_, gateway, key) = gateway().await;
    let client = client(false);
    let post = |key: &str, body: &'static str| {
        client.post(gateway.chat_url()).bearer_auth(key).body(body).send()
    };
    for _ in 0..3 {
        assert_eq!(post(&key, "{").await.unwrap().status(), 400);
    }
    for _ in 0..50 {
        assert_eq!(post("il-wrong", "{}").await.unwrap().status(), 401);
    }
    let refusals = || records::of_kind(&gateway.data(), Kind::Refusal);
    let counted = |status: u64| -> u64 {
        let of = refusals().into_iter().filter(|r| r["status"] == status);
        of.map(|r| r["count"].as_u64().unwrap()).sum()
    };
    eventually("all are counted", || counted(401) == 50).await;
    assert_eq!(counted(400), 3);
    let all = refusals();
    let single = all.iter().filter(|r| r["status"] == 400);
    assert!(single.clone().all(|r| r["tenant"] == "a" && r["request"].is_string()));
    assert_eq!(single.count(), 3);
    assert!(all.len() <= 3 + 4, "unauthenticated refusals are one record a second: {}", all.len());
}

#[tokio::test]
async fn what_a_filter_answers_itself_is_recorded_with_its_name() {
    let (_, gateway, key) = gateway().await;
    let models = client(false).get(gateway.url("/v1/models")).bearer_auth(&key);
    assert_eq!(models.send().await.unwrap().status(), 200);
    let unknown = client(false).post(gateway.chat_url()).bearer_auth(&key);
    let unknown = unknown.body(chat("other", false, 10)).send().await.unwrap();
    assert_eq!(unknown.status(), 404);
    let all = || records::of_kind(&gateway.data(), Kind::Refusal);
    eventually("both are there", || all().len() == 2).await;
    let told =
        all().into_iter().map(|r| (r["status"].as_u64(), r["code"].clone(), r["by"].clone()));
    let told: Vec<_> = told.collect();
    assert_eq!(told[0], (Some(200), "answered".into(), "route".into()));
    assert_eq!(told[1], (Some(404), "model_not_found".into(), "route".into()));
}

#[tokio::test]
async fn wrong_paths_methods_and_models_say_what_is_wrong() {
    let (_, gateway, key) = gateway().await;
    let client = client(false);
    let chat_url = gateway.chat_url();
    for (request, status, code) in [
        (client.get(gateway.url("/nowhere")), 404, "unknown_path"),
        (client.post(gateway.url("/v1/../v1/models")), 405, "method_not_allowed"),
        (client.get(&chat_url), 405, "method_not_allowed"),
        (client.post(&chat_url).body(chat("other", false, 10)), 404, "model_not_found"),
    ] {
        let answer = request.bearer_auth(&key).send().await.unwrap();
        assert_eq!(answer.status(), status);
        let body = answer.bytes().await.unwrap();
        assert_openai_shape(&body, code);
        assert_eq!(serde_json::from_slice::<Value>(&body).unwrap()["error"]["code"], code);
    }
}

/// Sends bytes and reads until the gateway closes or is silent for a second.
fn raw(gateway: &Gateway, request: &[u8]) -> String {
    let mut stream = TcpStream::connect(gateway.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(3))).unwrap();
    stream.write_all(request).unwrap();
    let (mut answer, mut piece) = (Vec::new(), [0; 4096]);
    while let Ok(count @ 1..) = stream.read(&mut piece) {
        answer.extend_from_slice(&piece[..count]);
    }
    String::from_utf8_lossy(&answer).into_owned()
}
