//! A tenant whose requests stay local. Whatever name, alias, header, fallback or breaker state: the
//! remote provider sees neither a request nor a connection.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use serde_json::{Value, json};
use support::{Gateway, Provider, Script, Then, client};

/// A gateway with a local provider, a remote one, and every way to be led from one to the other.
async fn gateway(local: Script, remote: &Provider) -> (Gateway, Provider) {
    let local = Provider::start(local).await;
    let folder = tempfile::tempdir().unwrap();
    let yaml = format!(
        "listen: {{ http: '127.0.0.1:0', metrics: null }}
data_dir: data
tenants:
  - {{ name: a, budget_usd: 1, local_only: true, allow_route_header: true }}
  - {{ name: free, budget_usd: 1 }}
providers:
  - {{ name: here, kind: openai, base_url: '{}', local: true, free: true, {FAST} }}
  - {{ name: there, kind: openai, base_url: '{}', free: true, {FAST} }}
filters:
  - authenticate: {{}}
  - classify:
      simple: {{ model: small, fallbacks: [large, mixed, unlisted] }}
      complex: {{ model: large, fallbacks: [mixed, small] }}
  - cache: {{}}
  - route:
      models:
        - {{ name: small, aliases: [pinned], candidates: [{{ provider: here }}, {{ provider: there }}] }}
        - {{ name: large, candidates: [{{ provider: there }}] }}
        - {{ name: mixed, candidates: [{{ provider: there }}, {{ provider: here }}] }}
        - {{ name: '*', candidates: [{{ provider: there }}] }}
  - meter: {{}}
  - audit: {{}}
",
        local.base_url(),
        remote.base_url(),
    );
    std::fs::write(folder.path().join("gateway.yaml"), yaml).unwrap();
    (Gateway::start_in(folder), local)
}

const FAST: &str = "connect_timeout_seconds: 1, first_byte_timeout_seconds: 1, \
                    idle_timeout_seconds: 1, breaker: { failures: 3, open_seconds: 1 }";
const NAMES: [&str; 9] = [
    "auto",
    "auto:cheap",
    "auto:best",
    "small",
    "pinned",
    "large",
    "mixed",
    "unlisted",
    "anything-else",
];

#[tokio::test]
async fn a_remote_provider_is_never_called_for_a_tenant_that_stays_local() {
    for local in [
        Script::Chat,
        Script::Status(500, "x: y", "{}"),
        Script::Status(429, "retry-after: 1", "{}"),
        Script::Raw(b""),
        Script::After(1, Then::Cut),
    ] {
        let remote = Provider::start(Script::Chat).await;
        let (gateway, _local) = gateway(local, &remote).await;
        let key = gateway.key();
        // Often enough that the breaker opens, is tried out, and opens again.
        for round in 0..3 {
            for name in NAMES {
                for header in [None, Some("auto:best"), Some("large"), Some("unlisted")] {
                    for shape in [plain(name, round), streamed(name, round), hard(name, round)] {
                        ask(&gateway, &key, &shape, header).await;
                    }
                }
            }
            tokio::time::sleep(std::time::Duration::from_millis(400)).await;
        }
        assert_eq!((remote.seen().len(), remote.closed().len(), remote.accepted()), (0, 0, 0));
    }
}

#[tokio::test]
async fn aliases_find_the_local_model_and_a_remote_pin_is_told_apart() {
    let remote = Provider::start(Script::Chat).await;
    let (gateway, _local) = gateway(Script::Chat, &remote).await;
    let key = gateway.key();
    for name in ["auto", "auto:cheap", "small", "pinned", "mixed"] {
        let answer = ask(&gateway, &key, &hard(name, 0), None).await;
        assert_eq!(answer.status(), 200, "{name}");
        let route = answer.headers()["x-inferlayer-route"].to_str().unwrap();
        assert!(route.starts_with("here/"), "{name}: {route}");
    }
    for name in ["auto:best", "large", "unlisted"] {
        let answer = ask(&gateway, &key, &plain(name, 0), None).await;
        assert_eq!(answer.status(), 403, "{name}");
        assert_eq!(answer.headers()["x-should-retry"], "false");
        let error: Value = answer.json().await.unwrap();
        assert_eq!(error["error"]["code"], "model_not_allowed");
    }
    let listed = client(false).get(gateway.url("/v1/models")).bearer_auth(&key);
    let listed: Value = listed.send().await.unwrap().json().await.unwrap();
    let listed: Vec<_> = listed["data"].as_array().unwrap().iter().map(|m| &m["id"]).collect();
    assert!(listed.contains(&&json!("small")) && !listed.contains(&&json!("large")), "{listed:?}");
    assert_eq!(remote.accepted(), 0);
}

#[tokio::test]
async fn another_tenant_of_the_same_gateway_reaches_it() {
    let remote = Provider::start(Script::Chat).await;
    let (gateway, _local) = gateway(Script::Chat, &remote).await;
    let made = gateway.command(&["keys", "create", "--tenant", "free"]);
    let key = String::from_utf8(made.stdout).unwrap();
    let answer = ask(&gateway, key.trim(), &plain("large", 0), None).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(remote.seen().len(), 1, "or the test above could not fail");
}

fn plain(model: &str, round: usize) -> Value {
    json!({"model": model, "max_tokens": 5, "messages": [{"role": "user", "content": format!("{round}")}]})
}

fn streamed(model: &str, round: usize) -> Value {
    let mut body = plain(model, round);
    body["stream"] = true.into();
    body
}

fn hard(model: &str, round: usize) -> Value {
    let mut body = plain(model, round);
    let function = json!({"name": "f", "parameters": {"type": "object", "properties": {}}});
    body["tools"] = json!([{"type": "function", "function": function}]);
    body
}

async fn ask(
    gateway: &Gateway,
    key: &str,
    body: &Value,
    header: Option<&str>,
) -> reqwest::Response {
    let mut request = client(false).post(gateway.chat_url()).bearer_auth(key).json(body);
    if let Some(value) = header {
        request = request.header("x-inferlayer-route", value);
    }
    request.send().await.unwrap()
}
