//! The catalogue of attacks, part A6, as far as providers make them and no other file has them: each
//! by its number, in front of a provider that answers or alone.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::time::{Duration, Instant};

use inferlayer_ledger::Kind;
use serde_json::Value;
use support::gateway::Setup;
use support::{
    Gateway, Provider, Script, Seen, Then, client, events, eventually, message, records,
};

async fn in_front_of(script: Script) -> (Provider, Gateway, String) {
    let provider = Provider::start(script).await;
    let gateway = Gateway::start(&[provider.base_url()]);
    let key = gateway.key();
    (provider, gateway, key)
}

async fn ask(gateway: &Gateway, key: &str, text: &str, stream: bool) -> (u16, String) {
    let request = client(false).post(gateway.chat_url()).bearer_auth(key);
    let answer = request.body(message(text, stream).to_string()).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

fn last_outcome(gateway: &Gateway) -> Value {
    records::of_kind(&gateway.data(), Kind::Outcome).pop().unwrap()
}

#[tokio::test]
async fn a6_29_a_provider_that_never_answers_is_given_up() {
    let (_provider, gateway, key) = in_front_of(Script::Silence).await;
    let (status, body) = ask(&gateway, &key, "x", false).await;
    assert_eq!(status, 504, "{body}");
    assert_eq!(records::attempts(&last_outcome(&gateway)), ["first_byte_timeout"]);
}

#[tokio::test]
async fn a6_30_a_stream_that_hangs_ends_in_an_error_and_is_settled_as_estimated() {
    let (_provider, gateway, key) = in_front_of(Script::After(2, Then::Hang)).await;
    let (status, body) = ask(&gateway, &key, "x", true).await;
    assert!(status == 200 && body.contains("upstream_error") && !body.contains("[DONE]"));
    let outcome = last_outcome(&gateway);
    assert_eq!((&outcome["ending"], &outcome["estimated"]), (&"upstream_cut".into(), &true.into()));
}

#[tokio::test]
async fn a6_31_a6_32_a_reset_is_followed_by_another_provider_before_the_first_word_alone() {
    let answering = Provider::start(Script::Chat).await;
    for (script, asked) in [(Script::After(1, Then::Cut), 0), (Script::Reset, 1)] {
        let failing = Provider::start(script).await;
        let before = answering.seen().len();
        let gateway = Gateway::start(&[failing.base_url(), answering.base_url()]);
        let (status, body) = ask(&gateway, &gateway.key(), "x", true).await;
        assert_eq!((status, answering.seen().len() - before), (200, asked), "{body}");
        assert_eq!(events(&body).1, asked == 1, "{body}");
        assert_eq!(records::of_kind(&gateway.data(), Kind::Outcome).len(), 1);
        let attempts = records::attempts(&last_outcome(&gateway));
        assert_eq!(attempts.len(), 1 + asked, "{attempts:?}");
    }
}

const ODD_EVENTS: &str = ": comment\r\n\r\ndata:{\"choices\":[{\"delta\":{\"content\":\"a\"}}]}\r\r\
                          data: {\"choices\":[{\"delta\":{\"content\":\"b\"}}]}\n\n\
                          data: {\"choices\":[{\"delta\":{},\"finish_reason\":\"stop\"}]}\n\n\
                          data: [DONE]\n\n";

fn odd_stream(_: &Seen) -> Vec<Vec<u8>> {
    let head = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n".to_vec();
    let pieces = ODD_EVENTS.as_bytes().chunks(7).map(<[u8]>::to_vec);
    std::iter::once(head).chain(pieces).collect()
}

#[tokio::test]
async fn a6_33_an_odd_stream_is_relayed_byte_for_byte() {
    let (_provider, gateway, key) = in_front_of(Script::Pieces(odd_stream)).await;
    let (_, body) = ask(&gateway, &key, "x", true).await;
    let ours = body.find(": x-inferlayer-cost").expect(&body);
    let (before, _) = body.split_at(ours);
    assert_eq!(before, ODD_EVENTS.strip_suffix("data: [DONE]\n\n").unwrap());
    assert!(body.ends_with("data: [DONE]\n\n"));
}

#[tokio::test]
async fn a6_36_what_is_no_answer_is_an_error_of_ours() {
    const HTML: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\n\r\n<p>hello</p>";
    const NOTHING: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";
    const AWAY: &[u8] = b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\n\
                          content-length: 0\r\n\r\n";
    let error = r#"{"error":{"message":"x"}}"#;
    for script in [
        Script::Raw(HTML),
        Script::Raw(NOTHING),
        Script::Raw(AWAY),
        Script::Status(200, "x: y", error),
    ] {
        let (provider, gateway, key) = in_front_of(script).await;
        let (status, body) = ask(&gateway, &key, "x", false).await;
        assert_eq!((status, provider.seen().len()), (502, 1), "{body}");
        assert!(body.contains("upstream_error") && !body.contains("hello"), "{body}");
    }
}

#[tokio::test]
async fn a6_41_a6_42_when_all_are_down_callers_are_told_when_and_one_of_them_tries() {
    let failing = Provider::start(Script::Status(500, "x: y", "{}")).await;
    let settings = "breaker: { failures: 1, open_seconds: 1 }";
    let setup = Setup::of(&[failing.base_url()]);
    let gateway = Setup { provider_settings: settings, ..setup }.start();
    let key = gateway.key();
    assert_eq!(ask(&gateway, &key, "x", false).await.0, 502);
    let request = client(false).post(gateway.chat_url()).bearer_auth(&key);
    let answer = request.body(message("x", false).to_string()).send().await.unwrap();
    assert_eq!(answer.status(), 503);
    assert!(answer.headers().contains_key("retry-after"));
    tokio::time::sleep(Duration::from_millis(1200)).await;
    let before = failing.seen().len();
    let asked = (0..20).map(|_| ask(&gateway, &key, "x", false));
    let told = futures_util::future::join_all(asked).await;
    assert_eq!(told.iter().filter(|(status, _)| *status == 502).count(), 1, "{told:?}");
    assert_eq!(failing.seen().len() - before, 1, "a stampede");
}

#[tokio::test]
async fn a6_43_a_client_that_hangs_up_ends_the_providers_work() {
    let (provider, gateway, key) = in_front_of(Script::Endless(Duration::from_millis(20))).await;
    let request = client(false).post(gateway.chat_url()).bearer_auth(&key);
    let mut answer = request.body(message("x", true).to_string()).send().await.unwrap();
    answer.chunk().await.unwrap();
    let gone = Instant::now();
    drop(answer);
    eventually("the provider is left", || !provider.closed().is_empty()).await;
    assert!(gone.elapsed() < Duration::from_secs(5));
    eventually("it is recorded", || {
        let outcomes = records::of_kind(&gateway.data(), Kind::Outcome);
        outcomes.last().is_some_and(|outcome| outcome["ending"] == "client_gone")
    })
    .await;
}
