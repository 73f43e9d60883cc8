//! Fallback: provider 1 is refused, provider 2 answers 429, provider 3 answers. The client sees one
//! clean answer and the ledger all attempts, whatever the size, framing and version of the request.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use inferlayer_ledger::Kind;
use support::gateway::Setup;
use support::{Gateway, Provider, Script, chat, client, events, records, text, with_body};

const LIMITED: Script = Script::Status(429, "retry-after: 120", r#"{"error":{"message":"slow"}}"#);

#[tokio::test]
async fn one_clean_answer_for_every_size_framing_version_and_mode() {
    let limited = Provider::start(LIMITED).await;
    let answering = Provider::start(Script::Chat).await;
    let refused = format!("http://{}/v1", Provider::refused().await);
    let gateway = Gateway::start(&[refused, limited.base_url(), answering.base_url()]);
    let key = gateway.key();
    let mut calls = 0;
    for bytes in [1_000, 200_000, 10_000_000] {
        for (chunked, h2, stream) in [
            (false, false, false),
            (false, false, true),
            (false, true, false),
            (false, true, true),
            (true, false, false),
            (true, false, true),
            (true, true, false),
            (true, true, true),
        ] {
            let case = format!("{bytes} bytes, chunked {chunked}, h2 {h2}, stream {stream}");
            let body = chat("m", stream, bytes);
            let request = client(h2).post(gateway.chat_url()).bearer_auth(&key);
            let answer = with_body(request, body.clone(), chunked).send().await.expect(&case);
            assert_eq!(answer.status(), 200, "{case}");
            assert_eq!(answer.headers()["x-inferlayer-route"], "p2/upstream-m", "{case}");
            let answer = answer.text().await.expect(&case);
            if stream {
                let (json, done) = events(&answer);
                assert!(done && text(&json) == "Hello wörld", "{case}: {answer}");
            } else {
                assert!(answer.contains("Hello wörld"), "{case}: {answer}");
            }
            calls += 1;
            let outcomes = records::of_kind(&gateway.data(), Kind::Outcome);
            assert_eq!(outcomes.len(), calls, "{case}");
            let attempts = records::attempts(outcomes.last().unwrap());
            assert_eq!(attempts, ["refused", "status 429", "answered 200"], "{case}");
            let seen = answering.seen();
            let sent = String::from_utf8(seen.last().unwrap().body.clone()).unwrap();
            if !stream {
                assert!(sent == body.replace(r#""m""#, r#""upstream-m""#), "{case}: body changed");
            }
        }
    }
    let (folder, status) = gateway.stop();
    assert!(status.success());
    records::assert_verifies(folder.path());
}

#[tokio::test]
async fn each_failure_before_the_first_byte_leads_to_the_next_provider() {
    const MOVED: Script = Script::Raw(
        b"HTTP/1.1 302 Found\r\nlocation: http://127.0.0.1:1/\r\ncontent-length: 0\r\n\r\n",
    );
    for (script, attempt) in [
        (Script::Silence, "first_byte_timeout"),
        (Script::Raw(b""), "no_http"),
        (Script::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n"), "broken"),
        (Script::Raw(b"what is this\r\n\r\n"), "not_http"),
        (MOVED, "status 302"),
        (Script::Status(500, "x: y", "{}"), "status 500"),
        (Script::Status(401, "x: y", "{}"), "status 401"),
    ] {
        let failing = Provider::start(script).await;
        let answering = Provider::start(Script::Chat).await;
        let gateway = Gateway::start(&[failing.base_url(), answering.base_url()]);
        let request = client(false).post(gateway.chat_url()).bearer_auth(gateway.key());
        let answer = request.body(chat("m", false, 100)).send().await.unwrap();
        assert_eq!(answer.status(), 200, "{attempt}");
        let outcomes = records::of_kind(&gateway.data(), Kind::Outcome);
        assert_eq!(records::attempts(&outcomes[0]), [attempt, "answered 200"]);
    }
}

#[tokio::test]
async fn what_only_the_caller_can_mend_is_passed_through_and_costs_nothing() {
    let body =
        r#"{"error":{"message":"bad","type":"invalid_request_error","param":"n","code":null}}"#;
    let provider = Provider::start(Script::Status(400, "x: y", body)).await;
    let other = Provider::start(Script::Chat).await;
    let gateway = Gateway::start(&[provider.base_url(), other.base_url()]);
    let request = client(false).post(gateway.chat_url()).bearer_auth(gateway.key());
    let answer = request.body(chat("m", false, 100)).send().await.unwrap();
    assert_eq!(answer.status(), 400);
    assert_eq!(answer.headers()["x-inferlayer-cost"], "0");
    assert_eq!(answer.text().await.unwrap(), body);
    assert!(other.seen().is_empty());
}

#[tokio::test]
async fn when_all_fail_the_caller_is_told_in_openai_shape_and_pays_nothing_unless_it_may_be_billed()
{
    let limited = Provider::start(LIMITED).await;
    let refused = format!("http://{}/v1", Provider::refused().await);
    let nowhere = "http://does-not-exist.invalid/v1".to_owned();
    for (providers, status, code) in [
        (vec![refused.clone()], 502, "upstream_error"),
        (vec![nowhere], 502, "upstream_error"),
        (vec![refused, limited.base_url()], 503, "upstream_unavailable"),
    ] {
        let gateway = Gateway::start(&providers);
        let request = client(false).post(gateway.chat_url()).bearer_auth(gateway.key());
        let answer = request.body(chat("m", true, 100)).send().await.unwrap();
        assert_eq!(answer.status(), status);
        if status == 503 {
            assert_eq!(answer.headers()["retry-after"], "30", "two minutes would hang an SDK");
        }
        let error: serde_json::Value = answer.json().await.unwrap();
        assert_eq!(error["error"]["code"], code);
        assert_eq!(error["error"]["type"], "api_error");
        let outcomes = records::of_kind(&gateway.data(), Kind::Outcome);
        assert_eq!(outcomes[0]["ending"], "failed");
        assert_eq!(records::nano(&outcomes[0], "cost_nano_usd"), 0);
    }
}

#[tokio::test]
async fn an_attempt_that_may_be_billed_is_paid_for_and_the_next_one_needs_room() {
    let silent = Provider::start(Script::Silence).await;
    let answering = Provider::start(Script::Chat).await;
    // Room for one worst case of about 130 bytes and 10 tokens, not for two.
    let setup =
        Setup { budget_usd: "0.00003", ..Setup::of(&[silent.base_url(), answering.base_url()]) };
    let gateway = setup.start();
    let request = client(false).post(gateway.chat_url()).bearer_auth(gateway.key());
    let answer = request.body(chat("m", false, 50)).send().await.unwrap();
    assert_eq!(answer.status(), 504);
    assert!(answering.seen().is_empty(), "the second attempt would have passed the budget");
    let (intents, outcomes) = (
        records::of_kind(&gateway.data(), Kind::Intent),
        records::of_kind(&gateway.data(), Kind::Outcome),
    );
    let held = records::nano(&intents[0], "hold_nano_usd");
    assert_eq!(records::nano(&outcomes[0], "cost_nano_usd"), held);
    assert_eq!(outcomes[0]["estimated"], true);
}

#[tokio::test]
async fn a_hold_covers_every_attempt_that_may_be_billed_not_only_the_last() {
    // Silent (may be billed), refused (may not), silent again: the third needs room for two.
    let silent = Provider::start(Script::Silence).await;
    let other = Provider::start(Script::Silence).await;
    let refused = format!("http://{}/v1", Provider::refused().await);
    let setup = Setup {
        budget_usd: "0.00003",
        ..Setup::of(&[silent.base_url(), refused, other.base_url()])
    };
    let gateway = setup.start();
    let request = client(false).post(gateway.chat_url()).bearer_auth(gateway.key());
    let answer = request.body(chat("m", false, 50)).send().await.unwrap();
    assert!(answer.status().is_server_error());
    assert_eq!(silent.seen().len(), 1);
    assert!(other.seen().is_empty(), "there was room for one worst case only");
}
