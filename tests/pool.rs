//! Connections to providers that are kept: what a provider sends too much or too early on one is
//! nobody else's answer, and none is kept for longer than it can be trusted.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::time::Duration;

use serde_json::Value;
use support::gateway::Setup;
use support::{Gateway, Provider, Script, client, eventually, message, records};

async fn said(gateway: &Gateway, key: &str, text: &str) -> (u16, String) {
    let request = client(false).post(gateway.chat_url()).bearer_auth(key);
    let answer = request.body(message(text, false).to_string()).send().await.unwrap();
    let status = answer.status().as_u16();
    let body: Value = answer.json().await.unwrap_or_default();
    (status, body["choices"][0]["message"]["content"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test(flavor = "multi_thread")]
async fn an_answer_that_nobody_asked_for_reaches_no_other_tenant() {
    for pause in [0, 1, 3] {
        let provider = Provider::start(Script::EchoTwice(Duration::from_millis(pause))).await;
        let more_tenants = "  - { name: b, budget_usd: 1000 }\n";
        let gateway = Setup { more_tenants, ..Setup::of(&[provider.base_url()]) }.start();
        let keys = [gateway.key(), gateway.key_of("b")];
        let gateway = std::sync::Arc::new(gateway);
        let callers = (0..4).map(|caller| {
            let (gateway, key) = (gateway.clone(), keys[caller % 2].clone());
            tokio::spawn(async move {
                let own = format!("tenant-{}-", caller % 2);
                for round in 0..30 {
                    let (_, answer) = said(&gateway, &key, &format!("{own}{round}")).await;
                    assert!(answer.is_empty() || answer.starts_with(&own), "{own} got {answer}");
                }
            })
        });
        for caller in callers.collect::<Vec<_>>() {
            caller.await.unwrap();
        }
    }
}

#[tokio::test]
async fn a_second_answer_that_lies_ready_closes_the_connection() {
    let provider = Provider::start(Script::EchoTwice(Duration::from_millis(1))).await;
    let gateway = Gateway::start(&[provider.base_url()]);
    let key = gateway.key();
    for round in 0..5 {
        let text = format!("round {round}");
        assert_eq!(said(&gateway, &key, &text).await, (200, text));
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(provider.accepted(), 5);
}

#[tokio::test]
async fn a_connection_is_kept_for_its_tenant_and_not_for_long() {
    let provider = Provider::start(Script::Chat).await;
    let setup = Setup::of(&[provider.base_url()]);
    let gateway = Setup {
        more_tenants: "  - { name: b, budget_usd: 1000 }\n",
        provider_settings: "first_byte_timeout_seconds: 5, pool_idle_timeout_seconds: 1",
        ..setup
    }
    .start();
    let (a, b) = (gateway.key(), gateway.key_of("b"));
    let ask = async |key: &str| assert_eq!(said(&gateway, key, "x").await.0, 200);
    ask(&a).await;
    ask(&a).await;
    assert_eq!(provider.accepted(), 1, "kept for its tenant");
    ask(&b).await;
    assert_eq!(provider.accepted(), 2, "and for nobody else");
    eventually("idle connections are closed", || provider.closed().len() == 2).await;
    ask(&a).await;
    assert_eq!(provider.accepted(), 3);
}

#[tokio::test]
async fn heads_without_end_and_another_protocol_are_no_answer() {
    const SWITCH: &[u8] = b"HTTP/1.1 101 Switching Protocols\r\nupgrade: x\r\n\r\n";
    for script in [Script::Hints, Script::Hang(SWITCH)] {
        let provider = Provider::start(script).await;
        let setup = Setup::of(&[provider.base_url()]);
        let settings = "first_byte_timeout_seconds: 60, idle_timeout_seconds: 60";
        let gateway = Setup { provider_settings: settings, ..setup }.start();
        let begun = std::time::Instant::now();
        assert_eq!(said(&gateway, &gateway.key(), "x").await.0, 502);
        assert!(begun.elapsed() < Duration::from_secs(30), "waited for the first byte");
        let outcome = records::of_kind(&gateway.data(), inferlayer_ledger::Kind::Outcome).pop();
        assert_eq!(records::attempts(&outcome.unwrap()), ["bad_answer"]);
    }
}
