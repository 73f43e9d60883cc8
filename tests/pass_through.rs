//! Bodies that pass through: large ones in both directions, in memory that does not grow with them;
//! early answers, events, and those who go away.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use futures_util::StreamExt;
use inferlayer_ledger::Kind;
use reqwest::{Body, RequestBuilder};
use ring::digest::{Context, SHA256};
use serde_json::{Value, json};
use support::bulk::{Bulk, PIECE_BYTES, PRICE, Taken, assert_verifies, piece, sha256_of};
use support::{Gateway, client, eventually, records};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

/// 64 MiB.
const PIECES: usize = 1024;

#[tokio::test]
async fn a_large_upload_is_not_collected() {
    let provider = Bulk::start().await;
    let gateway = provider.gateway("");
    let key = gateway.key();
    let warm_up = client(false).post(gateway.url("/v1/files")).bearer_auth(&key);
    assert_eq!(warm_up.body("x").send().await.unwrap().status(), 200);
    for (h2, told) in [(false, true), (false, false), (true, true), (true, false)] {
        let before = peak_kib(&gateway);
        let request = client(h2).post(gateway.url("/v1/files")).bearer_auth(&key);
        let answer = large(request, PIECES, told).send().await.unwrap();
        assert_eq!(answer.status(), 200, "h2 {h2}, length told {told}");
        assert_eq!(answer.json::<Value>().await.unwrap(), json!({"id": "file-1"}));
        assert!(
            peak_kib(&gateway).saturating_sub(before) < 16 * 1024,
            "h2 {h2}, length told {told}"
        );
        let Taken { headers, bytes, sha256, .. } = provider.taken().pop().unwrap();
        assert_eq!((bytes, sha256), (PIECES * PIECE_BYTES, sha256_of(PIECES)));
        assert_eq!(headers.contains_key("content-length"), told);
    }
    let outcome = records::of_kind(&gateway.data(), Kind::Outcome).pop().unwrap();
    assert_eq!(outcome["passed"]["request_bytes"], PIECES * PIECE_BYTES);
    assert_verifies(gateway);
}

#[tokio::test]
async fn a_large_download_is_not_collected() {
    let provider = Bulk::start().await;
    let gateway = provider.gateway("");
    let key = gateway.key();
    let get = |h2, path: String| client(h2).get(gateway.url(&path)).bearer_auth(&key).send();
    assert_eq!(get(false, "/v1/files/fixed-1".to_owned()).await.unwrap().status(), 200);
    for (h2, framing) in [(false, "fixed"), (false, "chunked"), (true, "fixed"), (true, "chunked")]
    {
        let before = peak_kib(&gateway);
        let answer = get(h2, format!("/v1/files/{framing}-{PIECES}")).await.unwrap();
        let headers = answer.headers().clone();
        assert_eq!(headers["content-disposition"], "attachment; filename=\"a.bin\"");
        assert_eq!(headers.contains_key("content-length"), framing == "fixed");
        let mut digest = Context::new(&SHA256);
        let mut stream = answer.bytes_stream();
        while let Some(bytes) = stream.next().await {
            digest.update(&bytes.unwrap());
        }
        assert_eq!(digest.finish().as_ref(), sha256_of(PIECES), "h2 {h2}, {framing}");
        assert!(peak_kib(&gateway).saturating_sub(before) < 16 * 1024, "h2 {h2}, {framing}");
        let outcome = records::of_kind(&gateway.data(), Kind::Outcome).pop().unwrap();
        assert_eq!(outcome["passed"]["answer_bytes"], PIECES * PIECE_BYTES);
        assert_eq!(outcome["ending"], "complete");
        assert_eq!(outcome.get("content_bytes"), None, "a file is not for the record");
        assert_eq!(records::nano(&outcome, "cost_nano_usd"), PRICE);
    }
    assert_verifies(gateway);
}

#[tokio::test]
async fn an_early_answer_is_heard_while_the_body_is_coming() {
    let provider = Bulk::start().await;
    let gateway = provider.gateway("");
    let key = gateway.key();
    for told in [true, false] {
        // A body that never ends: only an answer that is looked for meanwhile is ever seen.
        let request = client(false).post(gateway.url("/v1/files/early")).bearer_auth(&key);
        let request = match told {
            true => request.header("content-length", 400_000_000),
            false => request,
        };
        let answer = request.body(unfinished()).send().await.unwrap();
        assert_eq!(answer.status(), 413);
        assert!(answer.text().await.unwrap().contains("big"));
    }
    let outcome = records::of_kind(&gateway.data(), Kind::Outcome).pop().unwrap();
    assert_eq!(outcome["status"], 413);
    assert_eq!(outcome["passed"].get("request_hmac_sha256"), None, "it is of no whole body");
    assert_eq!(records::nano(&outcome, "cost_nano_usd"), 0);
}

#[tokio::test]
async fn a_body_beyond_the_limit_is_refused() {
    let provider = Bulk::start().await;
    let gateway = provider.gateway("limits: { pass_through_bytes: 1000000 }");
    let key = gateway.key();
    for told in [true, false] {
        let request = client(false).post(gateway.url("/v1/files")).bearer_auth(&key);
        let answer = large(request, 16, told).send().await.unwrap();
        assert_eq!(answer.status(), 413, "length told {told}");
        let intents = records::of_kind(&gateway.data(), Kind::Intent).len();
        assert_eq!(intents, usize::from(!told), "a length that is told holds nothing");
    }
    assert!(provider.taken().is_empty(), "a part of a body is not a body");
}

#[tokio::test]
async fn events_pass_as_they_come() {
    let provider = Bulk::start().await;
    let gateway = provider.gateway("");
    let key = gateway.key_of("open");
    let request = client(false).post(gateway.url("/v1/audio/events")).bearer_auth(&key);
    let mut stream = request.body("x").send().await.unwrap().bytes_stream();
    let first = stream.next().await.unwrap().unwrap();
    assert!(first.ends_with(b"delta\"}\n\n"), "{first:?}");
    assert!(records::of_kind(&gateway.data(), Kind::Outcome).is_empty(), "it is not over");
    let mut rest = Vec::new();
    while let Some(bytes) = stream.next().await {
        rest.extend_from_slice(&bytes.unwrap());
    }
    assert!(rest.ends_with(b"done\"}\n\n"));
    assert_eq!(records::of_kind(&gateway.data(), Kind::Outcome).len(), 1, "before its end");
}

#[tokio::test]
async fn a_client_that_goes_away_takes_the_provider_along() {
    for h2 in [false, true] {
        let provider = Bulk::start().await;
        let gateway = provider.gateway("");
        let key = gateway.key();
        let request = client(h2).get(gateway.url("/v1/files/endless")).bearer_auth(&key);
        let mut stream = request.send().await.unwrap().bytes_stream();
        stream.next().await.unwrap().unwrap();
        drop(stream);
        eventually("the provider's connection is closed", || !provider.closed().is_empty()).await;
        let outcomes = || records::of_kind(&gateway.data(), Kind::Outcome);
        eventually("the outcome is recorded", || outcomes().len() == 1).await;
        assert_eq!(outcomes()[0]["ending"], "client_gone", "h2 {h2}");
        assert_eq!(records::nano(&outcomes()[0], "cost_nano_usd"), PRICE);
    }
}

#[tokio::test]
async fn a_client_that_goes_away_in_its_own_body_is_recorded() {
    let provider = Bulk::start().await;
    let gateway = provider.gateway("");
    let request = client(false).post(gateway.url("/v1/files")).bearer_auth(gateway.key());
    let sending = tokio::spawn(request.body(unfinished()).send());
    let intents = || records::of_kind(&gateway.data(), Kind::Intent);
    eventually("the intent is recorded", || intents().len() == 1).await;
    sending.abort();
    let outcomes = || records::of_kind(&gateway.data(), Kind::Outcome);
    eventually("the outcome is recorded", || outcomes().len() == 1).await;
    assert_eq!(
        (&outcomes()[0]["ending"], &outcomes()[0]["status"]),
        (&json!("client_gone"), &json!(499))
    );
    assert!(provider.taken().is_empty());
}

#[tokio::test]
async fn a_body_that_stands_still_is_given_up() {
    let provider = Bulk::start().await;
    let gateway = provider.gateway("limits: { body_idle_seconds: 1 }");
    let request = client(false).post(gateway.url("/v1/files")).bearer_auth(gateway.key());
    let answer = request.body(unfinished()).send().await.unwrap();
    assert_eq!(answer.status(), 408);
    assert!(provider.taken().is_empty());
}

#[tokio::test]
async fn what_follows_an_early_answer_is_no_request() {
    let provider = Bulk::start().await;
    let gateway = provider.gateway("");
    let key = gateway.key();
    let smuggled =
        format!("GET /v1/files HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n\r\n");
    let mut stream = TcpStream::connect(gateway.address).await.unwrap();
    let head = format!(
        "POST /v1/files/early HTTP/1.1\r\nhost: x\r\nauthorization: Bearer {key}\r\n\
         expect: 100-continue\r\ncontent-length: {}\r\n\r\n",
        3 * smuggled.len()
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = vec![0; 21];
    stream.read_exact(&mut answer).await.unwrap();
    assert!(answer.starts_with(b"HTTP/1.1 100 Continue"), "{answer:?}");
    stream.write_all(smuggled.as_bytes()).await.unwrap();
    eventually("the answer is recorded", || {
        !records::of_kind(&gateway.data(), Kind::Outcome).is_empty()
    })
    .await;
    stream.write_all(smuggled.as_bytes()).await.unwrap();
    stream.write_all(smuggled.as_bytes()).await.unwrap();
    let mut answers = String::new();
    stream.read_to_string(&mut answers).await.unwrap();
    assert_eq!(answers.matches("HTTP/1.1 ").count(), 1, "{answers}");
    assert!(answers.contains("HTTP/1.1 413") && answers.contains("onnection: close"), "{answers}");
    assert_eq!(provider.taken().len(), 1);
}

/// With a body of so many pieces, its length told or not.
fn large(request: RequestBuilder, pieces: usize, told: bool) -> RequestBuilder {
    let body = futures_util::stream::iter(0..pieces).map(|n| Ok::<_, std::io::Error>(piece(n)));
    let request = request.body(Body::wrap_stream(body));
    if told { request.header("content-length", pieces * PIECE_BYTES) } else { request }
}

/// A body that begins and never ends.
fn unfinished() -> Body {
    let first = futures_util::stream::iter([Ok::<_, std::io::Error>(piece(0))]);
    Body::wrap_stream(first.chain(futures_util::stream::pending()))
}

/// The most memory that the gateway ever had, in KiB.
fn peak_kib(gateway: &Gateway) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{}/status", gateway.pid())).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).unwrap();
    line.trim().trim_end_matches(" kB").parse().unwrap()
}
