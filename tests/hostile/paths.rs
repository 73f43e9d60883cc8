//! 19 and 60: paths that lead around a rule, and names made up to fill the memory of metrics.

use inferlayer_ledger::Kind;

use crate::support::raw::{ask, status};
use crate::support::{Gateway, Provider, Script, call, chat, client, gateway::Setup, records};
use crate::{assert_openai_shape, assert_unharmed, gateway};

#[tokio::test(flavor = "multi_thread")]
async fn a6_19_a_path_that_is_not_ours_letter_by_letter_is_nothing() {
    let (provider, gateway, key) = gateway().await;
    for path in [
        "//v1/chat/completions",
        "/v1//chat/completions",
        "/v1/chat/completions/",
        "/v1/chat/completions/.",
        "/v1/chat/completions;a=b",
        "/v1;a=b/chat/completions",
        "/v1/chat/completions%00",
        "/v1/chat/completions%20",
        "/v1/chat/completions%3f",
        "/v1/chat%2fcompletions",
        "/%76%31/chat/completions",
        "/V1/chat/completions",
        "/v1/chat\\completions",
        "/v1/./chat/completions",
        "/v1/../v1/chat/completions",
        "/v1/%2e%2e/v1/chat/completions",
        "/v1/chat/completions/../../keys",
        "/v1/../admin",
        "/v1/%2e%2e/admin",
        "/v1/%252e%252e/admin",
        "/v1/..%2fadmin",
        "/v1/..;/admin",
        "/admin",
        "/keys",
        "/spend",
        "/metrics",
        "/v1/inferlayer/receipts/../../keys",
        "/v1/inferlayer/keys",
        "/v1/models/../../keys",
        "/v1beta/models/m%2f..:generateContent",
        "/v1beta/models/../m:generateContent",
        "/",
        "/*",
    ] {
        for method in ["GET", "POST", "DELETE"] {
            let body = chat("m", false, 50);
            let told = ask(
                gateway.address,
                format!(
                    "{method} {path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\n\
                     connection: close\r\ncontent-length: {}\r\n\r\n{body}",
                    body.len()
                )
                .as_bytes(),
            );
            let case = format!("{method} {path}");
            assert!(matches!(status(&told), 400 | 403 | 404 | 405), "{case}: {told}");
            let (_, body) = told.split_once("\r\n\r\n").unwrap();
            if !path.starts_with("/v1beta") {
                assert_openai_shape(body.as_bytes(), &case);
            }
            assert!(!body.contains(&key) && !body.contains("budget"), "{case}: {told}");
        }
    }
    assert!(provider.seen().is_empty());
    assert!(records::of_kind(&gateway.data(), Kind::Intent).is_empty());
    assert_unharmed(&gateway, &key).await;
}

async fn metrics(gateway: &Gateway) -> String {
    let url = format!("http://{}/metrics", gateway.metrics.unwrap());
    client(false).get(url).send().await.unwrap().text().await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_60_no_caller_makes_a_new_series_of_a_metric() {
    let provider = Provider::start(Script::Chat).await;
    let gateway = Setup { metrics: "'127.0.0.1:0'", ..Setup::of(&[provider.base_url()]) }.start();
    let key = gateway.key();
    let client = client(false);
    let round = async |number: usize| {
        let name = format!("cardinality-{number}");
        let chat_of = |model: &str| client.post(gateway.chat_url()).body(chat(model, false, 20));
        for (request, status) in [
            (chat_of(&name).bearer_auth(&key), 404),
            (chat_of("m").bearer_auth(format!("il-{name}")), 401),
            (client.get(gateway.url(&format!("/v1/{name}"))).bearer_auth(&key), 404),
            (client.get(gateway.url(&format!("/v1/models/{name}"))).bearer_auth(&key), 404),
            (chat_of("m").bearer_auth(&key).header("user-agent", &name), 200),
            (chat_of("m").bearer_auth(&key).header("x-request-id", &name), 200),
        ] {
            assert_eq!(request.send().await.unwrap().status(), status, "{name}");
        }
    };
    round(0).await;
    let before = metrics(&gateway).await;
    for number in 1..150 {
        round(number).await;
    }
    let after = metrics(&gateway).await;
    assert!(!after.contains("cardinality"), "{after}");
    let (before, after) = (before.lines().count(), after.lines().count());
    // A bucket or a state that the first round did not reach.
    assert!(after <= before + 40, "{before} lines, then {after}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_60_a_thousand_tenants_are_served_and_counted_apart() {
    let provider = Provider::start(Script::Chat).await;
    let tenants: String =
        (0..1000).map(|number| format!("  - {{ name: t{number}, budget_usd: 1 }}\n")).collect();
    let more_tenants: &'static str = Box::leak(tenants.into_boxed_str());
    let gateway =
        Setup { more_tenants, metrics: "'127.0.0.1:0'", ..Setup::of(&[provider.base_url()]) }
            .start();
    for tenant in ["t0", "t500", "t999"] {
        let key = gateway.key_of(tenant);
        assert_eq!(call(&gateway, &key).await.0, 200);
    }
    let outcomes = records::of_kind(&gateway.data(), Kind::Outcome);
    let of: Vec<_> = outcomes.iter().map(|o| o["tenant"].as_str().unwrap_or_default()).collect();
    assert_eq!(of, ["t0", "t500", "t999"]);
    assert!(metrics(&gateway).await.contains("t999"));
}
