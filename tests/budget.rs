//! Money under concurrency: what is admitted never passes the limit, and no hold outlives its call.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use inferlayer_ledger::Kind;
use support::gateway::Setup;
use support::{Gateway, Provider, Script, chat, client, records};

/// The hold of `chat("m", false, 60)`: its bytes and 10 tokens of output, 100 nano-dollars each.
fn worst_case_nano() -> u64 {
    (chat("m", false, 60).len() as u64 + 10) * 100
}

fn usd(nano: u64) -> &'static str {
    format!("{}.{:09}", nano / 1_000_000_000, nano % 1_000_000_000).leak()
}

async fn call(gateway: &Gateway, client: &reqwest::Client, key: &str) -> reqwest::Response {
    let request = client.post(gateway.chat_url()).bearer_auth(key);
    request.body(chat("m", false, 60)).send().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn two_hundred_calls_at_once_against_a_budget_for_twenty() {
    let provider = Provider::start(Script::Chat).await;
    let limit = worst_case_nano() * 20;
    let setup = Setup { budget_usd: usd(limit), ..Setup::of(&[provider.base_url()]) };
    let gateway = std::sync::Arc::new(setup.start());
    let (key, client) = (gateway.key(), client(false));
    let calls: Vec<_> = (0..200)
        .map(|_| {
            let (gateway, client, key) = (gateway.clone(), client.clone(), key.clone());
            tokio::spawn(async move { call(&gateway, &client, &key).await.status().as_u16() })
        })
        .collect();
    let mut statuses = Vec::new();
    for call in calls {
        statuses.push(call.await.unwrap());
    }
    assert!(statuses.iter().all(|status| matches!(status, 200 | 429)), "{statuses:?}");
    let data = gateway.data();
    let outcomes = records::of_kind(&data, Kind::Outcome);
    let spent: u64 = outcomes.iter().map(|o| records::nano(o, "cost_nano_usd")).sum();
    assert!(spent <= limit, "{spent} > {limit}");
    assert_eq!(outcomes.len(), statuses.iter().filter(|status| **status == 200).count());
    assert_eq!(outcomes.len(), records::of_kind(&data, Kind::Intent).len());
    assert_eq!(outcomes.len(), provider.seen().len());

    // No hold is left: calls are admitted until what is settled leaves no room for one more.
    let mut spent = spent;
    while call(&gateway, &client, &key).await.status() == 200 {
        spent += 1000;
        assert!(spent <= limit, "{spent} > {limit}");
    }
    assert!(spent + worst_case_nano() > limit, "{spent} of {limit}: a hold was left");
}

#[tokio::test(flavor = "multi_thread")]
async fn while_none_is_settled_exactly_the_budgets_worth_is_admitted() {
    let provider = Provider::start(Script::Silence).await;
    let setup = Setup {
        budget_usd: usd(worst_case_nano() * 20),
        provider_settings: "connect_timeout_seconds: 2, first_byte_timeout_seconds: 5",
        ..Setup::of(&[provider.base_url()])
    };
    let gateway = std::sync::Arc::new(setup.start());
    let (key, client) = (gateway.key(), client(false));
    let calls: Vec<_> = (0..200)
        .map(|_| {
            let (gateway, client, key) = (gateway.clone(), client.clone(), key.clone());
            tokio::spawn(async move { call(&gateway, &client, &key).await })
        })
        .collect();
    let mut refused = 0;
    for call in calls {
        let answer = call.await.unwrap();
        if answer.status() == 429 {
            refused += 1;
            assert_eq!(answer.headers()["x-should-retry"], "false");
            let error: serde_json::Value = answer.json().await.unwrap();
            assert_eq!(error["error"]["code"], "insufficient_quota");
            assert_eq!(error["error"]["type"], "insufficient_quota");
        } else {
            assert_eq!(answer.status(), 504);
        }
    }
    assert_eq!((refused, provider.seen().len()), (180, 20));
}

#[tokio::test]
async fn no_hold_is_left_and_the_spend_survives_a_restart() {
    let provider = Provider::start(Script::Chat).await;
    // Each call costs 1,000 nano-dollars. After five, one worst case no longer fits.
    let limit = worst_case_nano() + 4_500;
    let setup = Setup { budget_usd: usd(limit), ..Setup::of(&[provider.base_url()]) };
    let gateway = setup.start();
    let (key, client) = (gateway.key(), client(false));
    for _ in 0..5 {
        assert_eq!(call(&gateway, &client, &key).await.status(), 200);
    }
    assert_eq!(call(&gateway, &client, &key).await.status(), 429);
    let (folder, _) = gateway.stop();
    let verified = records::assert_verifies(folder.path());
    assert!(verified.contains("spent by a: 0.000005 USD"), "{verified}");
    let gateway = Gateway::start_in(folder);
    assert_eq!(call(&gateway, &client, &key).await.status(), 429);
}

#[tokio::test]
async fn a_model_without_a_price_is_refused() {
    let provider = Provider::start(Script::Chat).await;
    let gateway = Gateway::start(&[provider.base_url()]);
    let folder = gateway.stop().0;
    let path = folder.path().join("prices.yaml");
    let prices = std::fs::read_to_string(&path).unwrap().replace("upstream-m", "another");
    std::fs::write(path, prices).unwrap();
    let gateway = Gateway::start_in(folder);
    let answer = call(&gateway, &client(false), &gateway.key()).await;
    assert_eq!(answer.status(), 403);
    let error: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(error["error"]["code"], "model_not_priced");
    assert!(provider.seen().is_empty());
}
