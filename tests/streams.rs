//! Streams that do not end well, and clients that go away.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::time::{Duration, Instant};

use futures_util::StreamExt;
use inferlayer_ledger::Kind;
use support::{Gateway, Provider, Script, Then, chat, client, events, eventually, records};

#[tokio::test]
async fn a_stream_that_breaks_ends_in_an_error_event_and_an_estimate() {
    let provider = Provider::start(Script::After(3, Then::Cut)).await;
    let gateway = Gateway::start(&[provider.base_url()]);
    let request = client(false).post(gateway.chat_url()).bearer_auth(gateway.key());
    let stream = request.body(chat("m", true, 100)).send().await.unwrap().text().await.unwrap();
    let (json, done) = events(&stream);
    assert!(!done, "a clean end would look like success");
    assert_eq!(json.last().unwrap()["error"]["code"], "upstream_error");
    let outcome = &records::of_kind(&gateway.data(), Kind::Outcome)[0];
    assert_eq!(outcome["ending"], "upstream_cut");
    assert_eq!(outcome["estimated"], true);
    assert!(records::nano(outcome, "cost_nano_usd") > 0);
    assert!(stream.contains("x-inferlayer-receipt: v1."));
}

#[tokio::test]
async fn a_client_that_goes_away_cancels_the_provider_within_a_second() {
    for h2 in [false, true] {
        let provider = Provider::start(Script::Endless(Duration::from_millis(50))).await;
        let gateway = Gateway::start(&[provider.base_url()]);
        let request = client(h2).post(gateway.chat_url()).bearer_auth(gateway.key());
        let answer = request.body(chat("m", true, 100)).send().await.unwrap();
        let mut stream = answer.bytes_stream();
        for _ in 0..3 {
            stream.next().await.unwrap().unwrap();
        }
        drop(stream);
        let gone = Instant::now();
        eventually("the provider's connection is closed", || !provider.closed().is_empty()).await;
        assert!(provider.closed()[0] - gone < Duration::from_secs(1), "h2 {h2}");
        let outcomes = || records::of_kind(&gateway.data(), Kind::Outcome);
        eventually("the outcome is recorded", || outcomes().len() == 1).await;
        assert_eq!(outcomes()[0]["ending"], "client_gone");
        assert_eq!(outcomes()[0]["status"], 499);
        assert_eq!(outcomes()[0]["estimated"], true);
        assert!(records::nano(&outcomes()[0], "cost_nano_usd") > 0);
    }
}

#[tokio::test]
async fn a_client_that_goes_away_before_the_answer_pays_what_was_held() {
    let provider = Provider::start(Script::Silence).await;
    let gateway = Gateway::start(&[provider.base_url()]);
    let request = client(false).post(gateway.chat_url()).bearer_auth(gateway.key());
    let waiting = tokio::spawn(request.body(chat("m", false, 100)).send());
    eventually("the provider is asked", || !provider.seen().is_empty()).await;
    waiting.abort();
    let outcomes = || records::of_kind(&gateway.data(), Kind::Outcome);
    eventually("the outcome is recorded", || outcomes().len() == 1).await;
    let held = records::nano(&records::of_kind(&gateway.data(), Kind::Intent)[0], "hold_nano_usd");
    assert_eq!(records::nano(&outcomes()[0], "cost_nano_usd"), held);
}

#[tokio::test]
async fn silence_in_the_middle_is_cut_but_a_slow_stream_is_not() {
    // Ten seconds of events with a first-byte limit of 2 and an idle limit of 3.
    let slow = Provider::start(Script::Endless(Duration::from_millis(1500))).await;
    let gateway = Gateway::start(&[slow.base_url()]);
    let request = client(false).post(gateway.chat_url()).bearer_auth(gateway.key());
    let answer = request.body(chat("m", true, 100)).send().await.unwrap();
    let mut stream = answer.bytes_stream();
    let begun = Instant::now();
    while begun.elapsed() < Duration::from_secs(5) {
        let piece = stream.next().await.unwrap().unwrap();
        assert!(!String::from_utf8_lossy(&piece).contains("error"));
    }

    let stuck = Provider::start(Script::Endless(Duration::from_secs(60))).await;
    let gateway = Gateway::start(&[stuck.base_url()]);
    let request = client(false).post(gateway.chat_url()).bearer_auth(gateway.key());
    let stream = request.body(chat("m", true, 100)).send().await.unwrap().text().await.unwrap();
    let (json, done) = events(&stream);
    assert!(!done && json.last().unwrap()["error"].is_object());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_of_http_1_0_gets_its_stream_without_chunks() {
    use std::io::{Read, Write};
    let provider = Provider::start(Script::Chat).await;
    let gateway = Gateway::start(&[provider.base_url()]);
    let body = chat("m", true, 10);
    let head = format!(
        "POST /v1/chat/completions HTTP/1.0\r\nauthorization: Bearer {}\r\n\
         content-length: {}\r\n\r\n",
        gateway.key(),
        body.len()
    );
    let mut stream = std::net::TcpStream::connect(gateway.address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(5))).unwrap();
    stream.write_all(head.as_bytes()).unwrap();
    stream.write_all(body.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(!head.to_ascii_lowercase().contains("transfer-encoding"), "{head}");
    let (json, done) = events(body);
    assert!(done && support::text(&json) == "Hello wörld", "{body}");
}

#[tokio::test]
async fn an_end_without_done_is_an_end_only_when_every_choice_has_finished() {
    let provider = Provider::start(Script::Unterminated).await;
    let gateway = Gateway::start(&[provider.base_url()]);
    let key = gateway.key();
    for (choices, complete) in [(1, true), (2, false)] {
        let body = chat("m", true, 10).replacen('{', &format!(r#"{{"n":{choices},"#), 1);
        let request = client(false).post(gateway.chat_url()).bearer_auth(&key);
        let stream = request.body(body).send().await.unwrap().text().await.unwrap();
        let (json, done) = events(&stream);
        assert_eq!(done, complete, "{stream}");
        assert_eq!(json[1]["choices"][0]["finish_reason"], "stop", "{stream}");
    }
    let outcomes = records::of_kind(&gateway.data(), Kind::Outcome);
    let endings: Vec<_> = outcomes.iter().map(|outcome| &outcome["ending"]).collect();
    assert_eq!(endings, ["complete", "upstream_cut"]);
}

#[tokio::test]
async fn a_client_that_leaves_when_all_is_said_pays_what_the_provider_counts() {
    let provider = Provider::start(Script::LateUsage(Duration::from_millis(300))).await;
    let gateway = Gateway::start(&[provider.base_url()]);
    let request = client(false).post(gateway.chat_url()).bearer_auth(gateway.key());
    let mut answer = request.body(chat("m", true, 10)).send().await.unwrap();
    let mut seen = String::new();
    while !seen.contains("finish_reason") || !seen.contains("stop") {
        seen += &String::from_utf8_lossy(&answer.chunk().await.unwrap().unwrap());
    }
    drop(answer);
    eventually("the outcome is recorded", || {
        !records::of_kind(&gateway.data(), Kind::Outcome).is_empty()
    })
    .await;
    let outcome = &records::of_kind(&gateway.data(), Kind::Outcome)[0];
    assert_eq!(outcome["ending"], "client_gone");
    assert_eq!(records::nano(outcome, "cost_nano_usd"), 1000);
    assert_eq!(outcome["estimated"], false);
}
