//! What records say of a call besides money: where it came from, what was asked for in whose words,
//! what the cache did, how long it took, and which budgets it counts against.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::path::Path;

use inferlayer_ledger::Kind;
use serde_json::{Value, json};
use support::gateway::Setup;
use support::{Gateway, Provider, Script, client, eventually, message, records};

const TENANTS: &str =
    "  - { name: open, budget_usd: 3, client_address: full, keep_user_agent: true }
  - { name: closed, budget_usd: 3, client_address: none, keep_user_agent: false }
  - { name: poor, budget_usd: 0.000000001 }
";

async fn gateway() -> Gateway {
    let provider = Provider::start(Script::Chat).await;
    let setup = Setup::of(&[provider.base_url()]);
    Setup { before_route: "  - cache: {}\n", more_tenants: TENANTS, ..setup }.start()
}

async fn ask(gateway: &Gateway, tenant: &str, stream: bool, temperature: f64) {
    let mut body = message("a question", stream);
    body["temperature"] = temperature.into();
    let request = client(false).post(gateway.chat_url()).bearer_auth(gateway.key_of(tenant));
    let answer = request.header("user-agent", "a client/7").body(body.to_string()).send();
    answer.await.unwrap().bytes().await.unwrap();
}

fn last(data: &Path, kind: Kind) -> Value {
    records::of_kind(data, kind).pop().unwrap()
}

/// A refusal is not waited for.
async fn refusal(data: &Path) -> Value {
    let recorded = || !records::of_kind(data, Kind::Refusal).is_empty();
    eventually("the refusal is recorded", recorded).await;
    last(data, Kind::Refusal)
}

fn us(outcome: &Value, name: &str) -> Option<u64> {
    outcome["latency_us"][name].as_u64()
}

#[tokio::test]
async fn a_call_says_where_it_came_from_as_far_as_its_tenant_lets_it() {
    let gateway = gateway().await;
    let data = gateway.data();
    for (tenant, expected) in [
        ("a", json!({ "address": "127.0.0.0/24", "listener": "http" })),
        ("open", json!({ "address": "127.0.0.1", "listener": "http", "user_agent": "a client/7" })),
        ("closed", json!({ "listener": "http" })),
    ] {
        ask(&gateway, tenant, false, 0.0).await;
        assert_eq!(last(&data, Kind::Intent)["client"], expected, "{tenant}");
        ask(&gateway, tenant, false, 0.0).await;
        assert_eq!(last(&data, Kind::Hit)["client"], expected, "{tenant}");
    }
    ask(&gateway, "poor", false, 0.0).await;
    let refusal = refusal(&data).await;
    assert_eq!(refusal["client"]["address"], "127.0.0.0/24", "{refusal}");
    records::assert_verifies(gateway.stop().0.path());
}

#[tokio::test]
async fn amounts_name_the_budgets_that_they_count_against() {
    let gateway = gateway().await;
    let data = gateway.data();
    ask(&gateway, "a", false, 0.0).await;
    let of = |tenant: &str| json!([{ "budget": format!("tenant/{tenant}"), "period": "total" }]);
    assert_eq!(last(&data, Kind::Intent)["charged"], of("a"));
    assert_eq!(last(&data, Kind::Outcome)["charged"], of("a"));
    ask(&gateway, "poor", false, 0.0).await;
    let refusal = refusal(&data).await;
    assert_eq!(
        (&refusal["code"], &refusal["charged"]),
        (&"insufficient_quota".into(), &of("poor"))
    );
}

#[tokio::test]
async fn an_outcome_says_in_whose_words_it_was_asked_and_how_long_it_took() {
    let gateway = gateway().await;
    let data = gateway.data();
    ask(&gateway, "a", false, 0.0).await;
    let (intent, whole) = (last(&data, Kind::Intent), last(&data, Kind::Outcome));
    assert_eq!(
        (&intent["gen_ai.operation.name"], &intent["inferlayer.api"]),
        (&"chat".into(), &"chat".into())
    );
    assert_eq!(whole["gen_ai.provider.name"], "openai");
    assert_eq!(whole["inferlayer.provider"], "p0");
    assert_eq!(whole["cache_lookup"], json!({ "status": "miss" }));
    assert_eq!(us(&whole, "first_byte"), None, "it stands before that: {whole}");
    assert!(us(&whole, "waited") <= us(&whole, "total") && us(&whole, "waited") > Some(0));

    ask(&gateway, "a", true, 1.9).await;
    let streamed = last(&data, Kind::Outcome);
    let first_byte = us(&streamed, "first_byte");
    assert!(us(&streamed, "waited") <= first_byte && first_byte <= us(&streamed, "total"));
    let expected = json!({ "status": "bypass", "reason": "sampling" });
    assert_eq!(streamed["cache_lookup"], expected);
}
