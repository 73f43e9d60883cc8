//! Answers that are not streams: too large to collect, or cut.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use inferlayer_ledger::Kind;
use support::gateway::Setup;
use support::{Gateway, Provider, Script, chat, client, records};

#[tokio::test]
async fn an_answer_too_large_to_collect_flows_and_is_still_metered() {
    let provider = Provider::start(Script::Long(5_000_000)).await;
    let gateway = Gateway::start(&[provider.base_url()]);
    let key = gateway.key();
    for h2 in [false, true] {
        let request = client(h2).post(gateway.chat_url()).bearer_auth(&key);
        let answer = request.body(chat("m", false, 10)).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert!(!answer.headers().contains_key("x-inferlayer-cost"), "not known yet");
        let body: serde_json::Value = answer.json().await.unwrap();
        let text = body["choices"][0]["message"]["content"].as_str().unwrap();
        assert_eq!(text.trim_start_matches('x'), " wörld");
        assert_eq!(text.len(), 5_000_000 + " wörld".len());
    }
    let outcomes = records::of_kind(&gateway.data(), Kind::Outcome);
    assert_eq!(outcomes.len(), 2);
    for outcome in outcomes {
        assert_eq!(outcome["ending"], "complete");
        // The provider says three tokens for five megabytes, and the model can make a thousand.
        let charge = &outcome["charges"][0];
        assert_eq!(
            (&charge["basis"], &charge["used"]["output"]),
            (&"own_count".into(), &1000.into())
        );
    }
}

#[tokio::test]
async fn an_answer_beyond_the_recording_limit_is_recorded_in_part_and_says_so() {
    let provider = Provider::start(Script::Long(3_000_000)).await;
    let extra = "limits: { recorded_answer_bytes: 1000 }";
    let gateway = Setup { extra, ..Setup::of(&[provider.base_url()]) }.start();
    let request = client(false).post(gateway.chat_url()).bearer_auth(gateway.key());
    let answer = request.body(chat("m", false, 10)).send().await.unwrap();
    assert!(answer.bytes().await.unwrap().len() > 3_000_000);
    let outcome = &records::of_kind(&gateway.data(), Kind::Outcome)[0];
    assert_eq!((&outcome["content_cut"], &outcome["estimated"]), (&true.into(), &true.into()));
    // Three megabytes are more than the ten tokens that were held for, and than the model's maximum.
    let charge = &outcome["charges"][0];
    assert_eq!((&charge["basis"], &charge["used"]["output"]), (&"own_count".into(), &1000.into()));
}

#[tokio::test]
async fn a_cut_answer_is_an_error_and_is_charged_at_its_hold() {
    const CUT: Script =
        Script::Raw(b"HTTP/1.1 200 OK\r\ncontent-length: 500\r\n\r\n{\"choices\":[");
    let provider = Provider::start(CUT).await;
    let gateway = Gateway::start(&[provider.base_url()]);
    let request = client(false).post(gateway.chat_url()).bearer_auth(gateway.key());
    let answer = request.body(chat("m", false, 10)).send().await.unwrap();
    assert_eq!(answer.status(), 502);
    let error: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(error["error"]["code"], "upstream_error");
    let outcome = &records::of_kind(&gateway.data(), Kind::Outcome)[0];
    // Nothing of it reached the client, so another provider would have been asked.
    assert_eq!(outcome["ending"], "failed");
    assert_eq!(records::attempts(outcome), ["broken"]);
    let held = records::nano(&records::of_kind(&gateway.data(), Kind::Intent)[0], "hold_nano_usd");
    assert_eq!(records::nano(outcome, "cost_nano_usd"), held);
}
