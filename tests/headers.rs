//! Which headers pass the gateway: a trace goes on, ids are echoed, what is said of limits comes
//! back under names of ours, and no credential of one side reaches the other.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use inferlayer_ledger::Kind;
use reqwest::Response;
use reqwest::header::HeaderMap;
use support::gateway::Setup;
use support::{Gateway, Provider, Script, Seen, chat, client, records};

const TRACE: &str = "4bf92f3577b34da6a3ce929d0e0e4736";

/// A completion with headers of all sorts.
fn talkative(_: &Seen) -> Vec<u8> {
    let body = r#"{"choices":[{"message":{"content":"Hi"},"finish_reason":"stop"}]}"#;
    let headers = [
        "content-type: application/json",
        "x-ratelimit-remaining-tokens: 149984",
        "anthropic-ratelimit-requests-limit: 50",
        "x-ratelimit-leak: sk-canary-provider-key",
        "x-request-id: req_of_the_provider",
        "set-cookie: a=b",
        "x-goog-api-key: sk-canary-provider-key",
        "connection: close, x-secret",
        "x-secret: hop",
        "server: someone",
    ];
    let length = body.len();
    let head = headers.join("\r\n");
    format!("HTTP/1.1 200 OK\r\n{head}\r\ncontent-length: {length}\r\n\r\n{body}").into_bytes()
}

async fn gateway(kind: &'static str, provider: &str, tenant: &'static str) -> (Provider, Gateway) {
    let upstream = Provider::start(Script::With(talkative)).await;
    let settings = Setup::of(&[]).provider_settings;
    let provider_settings = Box::leak(format!("{provider} {settings}").into_boxed_str());
    let kinds = Box::leak(Box::new([kind]));
    let setup = Setup { kinds, provider_settings, ..Setup::of(&[upstream.base_url()]) };
    let gateway = Setup { more_tenants: tenant, ..setup }.start();
    (upstream, gateway)
}

async fn ask(gateway: &Gateway, tenant: &str, headers: &[(&str, &str)]) -> Response {
    let mut request = client(false).post(gateway.chat_url()).bearer_auth(gateway.key_of(tenant));
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    request.body(chat("m", false, 50)).send().await.unwrap()
}

fn header<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name).map(|value| value.to_str().unwrap())
}

#[tokio::test]
async fn a_trace_goes_on_through_the_gateway_and_into_the_record() {
    let (provider, gateway) = gateway("openai", "", "").await;
    let parent = format!("00-{TRACE}-00f067aa0ba902b7-01");
    let answer = ask(&gateway, "a", &[("traceparent", &parent), ("tracestate", "v=1")]).await;
    let id = header(answer.headers(), "x-inferlayer-request-id").unwrap().replace('-', "");
    let seen = provider.seen().pop().unwrap();
    assert_eq!(seen.headers["traceparent"], format!("00-{TRACE}-{}-01", &id[16..]));
    assert_eq!(seen.headers["tracestate"], "v=1");
    assert_eq!(records::of_kind(&gateway.data(), Kind::Intent)[0]["trace_id"], TRACE);

    ask(&gateway, "a", &[("traceparent", "00-nonsense"), ("tracestate", "v=1")]).await;
    let seen = provider.seen().pop().unwrap();
    assert!(!seen.headers.contains_key("traceparent") && !seen.headers.contains_key("tracestate"));
}

#[tokio::test]
async fn an_id_of_the_caller_s_is_echoed_and_recorded_and_one_is_minted_without() {
    let (provider, gateway) = gateway("openai", "", "").await;
    let answer = ask(&gateway, "a", &[("x-request-id", "req-of-the-caller")]).await;
    assert_eq!(header(answer.headers(), "x-request-id"), Some("req-of-the-caller"));
    let ours = header(answer.headers(), "x-inferlayer-request-id").unwrap().to_owned();
    let intent = records::of_kind(&gateway.data(), Kind::Intent).pop().unwrap();
    assert_eq!(intent["client_request_id"], "req-of-the-caller");
    assert_eq!(intent["request"], ours.as_str());
    assert!(!provider.seen()[0].headers.contains_key("x-request-id"));

    let long = "x".repeat(129);
    for headers in [vec![], vec![("x-request-id", long.as_str())], vec![("x-request-id", "a b")]] {
        let answer = ask(&gateway, "a", &headers).await;
        let ours = header(answer.headers(), "x-inferlayer-request-id");
        assert_eq!(header(answer.headers(), "x-request-id"), ours);
    }
}

#[tokio::test]
async fn what_a_provider_says_of_its_limits_has_names_of_ours_and_the_rest_stays_behind() {
    let (_provider, gateway) = gateway("openai", "", "").await;
    let answer = ask(&gateway, "a", &[]).await;
    let headers = answer.headers();
    let told = |name: &str| header(headers, &format!("x-inferlayer-provider-{name}"));
    assert_eq!(told("ratelimit-remaining-tokens"), Some("149984"));
    assert_eq!(told("ratelimit-requests-limit"), Some("50"));
    assert_eq!(told("request-id"), Some("req_of_the_provider"));
    assert_eq!(told("ratelimit-leak"), None);
    for name in ["set-cookie", "x-goog-api-key", "x-secret", "server", "x-ratelimit-leak"] {
        assert_eq!(header(headers, name), None, "{name}");
    }
    assert!(!format!("{headers:?}").contains("canary"));
}

#[tokio::test]
async fn organisations_go_along_where_the_policy_says_so() {
    let tenant = "  - { name: b, budget_usd: 1, allow_organization_headers: true }\n";
    let own = "headers: { openai-organization: org-ours, x-title: gw },";
    let (provider, gateway) = gateway("openai", own, tenant).await;
    let theirs = [("openai-organization", "org-theirs"), ("openai-project", "proj")];
    let mut seen = Vec::new();
    for tenant in ["a", "b"] {
        assert_eq!(ask(&gateway, tenant, &theirs).await.status(), 200);
        let headers = provider.seen().pop().unwrap().headers;
        let value = |name: &str| headers.get(name).cloned().unwrap_or_default();
        seen.push([value("openai-organization"), value("openai-project"), value("x-title")]);
    }
    assert_eq!(seen, [["org-ours", "", "gw"], ["org-theirs", "proj", "gw"]]);
}

#[tokio::test]
async fn nothing_of_a_caller_s_credentials_and_hops_reaches_a_provider() {
    let (provider, gateway) = gateway("openai", "", "").await;
    let key = gateway.key();
    let headers = [
        ("x-api-key", key.as_str()),
        ("cookie", "session=client"),
        ("connection", "keep-alive, x-hop"),
        ("x-hop", "1"),
        ("x-inferlayer-tenant", "b"),
        ("x-forwarded-for", "10.0.0.1"),
        ("proxy-authorization", "Basic client"),
        ("openai-beta", "assistants=v2"),
    ];
    let mut request = client(false).post(gateway.chat_url());
    for (name, value) in headers {
        request = request.header(name, value);
    }
    let answer = request.body(chat("m", false, 50)).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let seen = provider.seen().pop().unwrap().headers;
    let mut names: Vec<_> = seen.keys().map(String::as_str).collect();
    names.sort_unstable();
    let expected = [
        "accept",
        "accept-encoding",
        "authorization",
        "content-length",
        "content-type",
        "host",
        "openai-beta",
        "user-agent",
    ];
    assert_eq!(names, expected);
    assert!(!format!("{seen:?}").contains(&key));
}

#[tokio::test]
async fn azure_s_dated_api_has_the_model_in_the_path() {
    let (provider, gateway) = gateway("azure", "api_version: 2024-10-21,", "").await;
    assert_eq!(ask(&gateway, "a", &[]).await.status(), 200);
    let seen = provider.seen().pop().unwrap();
    let expected = "/v1/deployments/upstream-m/chat/completions?api-version=2024-10-21";
    assert_eq!(seen.path, expected);
    assert_eq!(seen.headers["api-key"], "sk-canary-provider-key");
}
