//! Candidates that a request cannot use: the intent names them with the reason, a metric counts
//! them, and where the order is strict nobody behind them is asked.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use inferlayer_ledger::Kind;
use serde_json::{Value, json};
use support::gateway::Setup;
use support::{Gateway, Provider, Script, client, eventually, records};

/// Two providers; of the first only `upstream-m` has a price.
async fn two(tenants: &'static str) -> (Gateway, Provider, Provider) {
    let (first, second) =
        (Provider::start(Script::AsAsked).await, Provider::start(Script::AsAsked).await);
    let setup = Setup {
        metrics: "'127.0.0.1:0'",
        more_tenants: tenants,
        in_route: "        - name: detour
          candidates: &list [{ provider: p0, model: unpriced }, { provider: p1, model: upstream-m }]
        - { name: strict, strict_order: true, candidates: *list }
        - { name: alone, strict_order: true, candidates: [{ provider: p0, model: unpriced }] }
        - name: second
          strict_order: true
          candidates:
            - { provider: p1, model: upstream-m }
            - { provider: p0, model: unpriced }
            - { provider: p0, model: upstream-m }
",
        ..Setup::of(&[first.base_url(), second.base_url()])
    };
    (setup.start(), first, second)
}

/// Status and body of a small call.
async fn ask(gateway: &Gateway, key: &str, model: &str) -> (u16, Value) {
    let body =
        json!({"model": model, "max_tokens": 5, "messages": [{"role": "user", "content": "x"}]});
    let request = client(false).post(gateway.chat_url()).bearer_auth(key).json(&body);
    let answer = request.send().await.unwrap();
    (answer.status().as_u16(), answer.json().await.unwrap())
}

#[tokio::test]
async fn a_candidate_that_is_passed_over_stands_in_the_intent_and_is_counted() {
    let (gateway, first, second) = two("").await;
    let key = gateway.key();
    assert_eq!(ask(&gateway, &key, "detour").await.0, 200);
    assert_eq!(ask(&gateway, &key, "m").await.0, 200);
    assert_eq!((first.seen().len(), second.seen().len()), (1, 1));

    let url = format!("http://{}/metrics", gateway.metrics.unwrap());
    let metrics = client(false).get(url).send().await.unwrap().text().await.unwrap();
    let counted = "inferlayer_excluded_candidates_total\
                   {gen_ai_provider_name=\"p0\",reason=\"unpriced\",tenant=\"a\"} 1";
    assert!(metrics.contains(counted), "{metrics}");

    let folder = gateway.stop().0;
    let intents = records::of_kind(&folder.path().join("data"), Kind::Intent);
    assert_eq!(intents[0]["candidates"], json!(["p1/upstream-m"]));
    let excluded = json!([{"candidate": "p0/unpriced", "reason": "unpriced"}]);
    assert_eq!(intents[0]["excluded"], excluded);
    assert_eq!(intents[1].get("excluded"), None);
    records::assert_verifies(folder.path());
}

#[tokio::test]
async fn a_strict_order_asks_nobody_behind_a_candidate_that_cannot_be_used() {
    let (gateway, first, second) =
        two("  - { name: orderly, budget_usd: 1, strict_order: true }\n").await;
    let (lenient, orderly) = (gateway.key(), gateway.key_of("orderly"));
    for (key, model) in [(&lenient, "strict"), (&orderly, "strict"), (&orderly, "detour")] {
        let (status, body) = ask(&gateway, key, model).await;
        assert_eq!(status, 403, "{body}");
        assert_eq!(body["error"]["code"], "candidate_not_usable");
        let message = body["error"]["message"].as_str().unwrap();
        assert!(message.contains("`p0/unpriced` comes first"), "{message}");
        assert!(message.contains("it has no price"), "{message}");
    }
    // Nobody stands behind it: the order is not the cause.
    let (status, body) = ask(&gateway, &lenient, "alone").await;
    assert_eq!((status, &body["error"]["code"]), (403, &json!("model_not_priced")));
    assert_eq!((first.seen().len(), second.seen().len()), (0, 0));

    assert_eq!(ask(&gateway, &lenient, "second").await.0, 200);
    assert_eq!(second.seen().len(), 1);
    let data = gateway.data();
    eventually("the intent is there", || !records::of_kind(&data, Kind::Intent).is_empty()).await;
    let intents = records::of_kind(&data, Kind::Intent);
    assert_eq!(intents[0]["candidates"], json!(["p1/upstream-m"]));
    let excluded = json!([
        {"candidate": "p0/unpriced", "reason": "unpriced"},
        {"candidate": "p0/upstream-m", "reason": "strict_order"},
    ]);
    assert_eq!(intents[0]["excluded"], excluded);
}

#[tokio::test]
async fn the_tenants_policy_is_a_reason_and_so_is_what_an_api_cannot_express() {
    let (remote, local) =
        (Provider::start(Script::AsAsked).await, Provider::start(Script::AsAsked).await);
    let setup = Setup {
        more_tenants: "  - { name: clinic, budget_usd: 1, local_only: true }
  - { name: orderly, budget_usd: 1, local_only: true, strict_order: true }
",
        kinds: &["anthropic", "openai"],
        ..Setup::of(&[remote.base_url(), local.base_url()])
    };
    let folder = setup.folder();
    let config = folder.path().join("gateway.yaml");
    let yaml = std::fs::read_to_string(&config).unwrap();
    let yaml = yaml.replacen("name: p1,", "name: p1, local: true,", 1);
    std::fs::write(&config, yaml).unwrap();
    let gateway = Gateway::start_in(folder);
    let (clinic, orderly) = (gateway.key_of("clinic"), gateway.key_of("orderly"));
    assert_eq!(ask(&gateway, &clinic, "m").await.0, 200);
    let (status, body) = ask(&gateway, &orderly, "m").await;
    assert_eq!((status, &body["error"]["code"]), (403, &json!("candidate_not_usable")), "{body}");

    // Messages have no seed.
    let body = json!({"model": "m", "max_tokens": 5, "seed": 7,
        "messages": [{"role": "user", "content": "x"}]});
    let request = client(false).post(gateway.chat_url()).bearer_auth(gateway.key()).json(&body);
    assert_eq!(request.send().await.unwrap().status(), 200);
    assert_eq!((remote.seen().len(), local.seen().len()), (0, 2));

    let folder = gateway.stop().0;
    let intents = records::of_kind(&folder.path().join("data"), Kind::Intent);
    for (intent, reason) in intents.iter().zip(["not_local", "unsupported"]) {
        let excluded = json!([{"candidate": "p0/upstream-m", "reason": reason}]);
        assert_eq!(intent["excluded"], excluded);
    }
    assert_eq!(intents.len(), 2);
}
