//! Where a model's name becomes part of a URL it is one segment of it, or the request is refused:
//! no name leads the provider's key to another operation than the one that was priced.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use inferlayer_ledger::Kind;
use serde_json::{Value, json};
use support::gateway::{Setup, command_in};
use support::{Gateway, Provider, Script, client, records};

/// Names that lead elsewhere when they are pasted into a path, or read as something else once a
/// server has decoded them.
const LEADING_ELSEWHERE: &[&str] = &[
    "x/../../files?api-version=1&x=",
    "x/../../v1beta/files?a=",
    "x?key=stolen&x=",
    "x#",
    "x/cachedContents/y",
    "cachedContents/y",
    "models/../files",
    "tunedModels/a/../../files",
    "..",
    "%2e%2e",
    "x%2f..%2ffiles",
    "x%252f..%252ffiles",
    "x\\..\\files",
    "..;x",
    "x y",
    "x\u{ff0f}..\u{ff0f}files",
    "f\u{fc}r",
];

const SETTINGS: &str = "first_byte_timeout_seconds: 5, api_version: 2024-10-21";

/// A provider whose URLs have the model in them, for every name that a caller may think of.
async fn in_front_of(kind: &'static str) -> (Provider, Gateway, String) {
    let provider = Provider::start(Script::Chat).await;
    let setup = Setup {
        kinds: Box::leak(Box::new([kind])),
        provider_settings: if kind == "azure" { SETTINGS } else { "first_byte_timeout_seconds: 5" },
        in_route: "        - { name: '*', candidates: [{ provider: p0 }] }\n",
        more_tenants: "  - { name: unpriced, budget_usd: 1, allow_unpriced: true }\n",
        ..Setup::of(&[provider.base_url()])
    };
    let gateway = setup.start();
    let key = gateway.key_of("unpriced");
    (provider, gateway, key)
}

fn ask_of(model: &str) -> String {
    let messages = json!([{"role": "user", "content": "x"}]);
    json!({"model": model, "messages": messages, "max_tokens": 5}).to_string()
}

#[tokio::test]
async fn a_name_that_leads_elsewhere_is_the_callers_error_before_any_attempt() {
    for kind in ["gemini", "azure"] {
        let (provider, gateway, key) = in_front_of(kind).await;
        for name in LEADING_ELSEWHERE {
            let request = client(false).post(gateway.chat_url()).bearer_auth(&key);
            let answer = request.body(ask_of(name)).send().await.unwrap();
            assert_eq!(answer.status(), 400, "{kind} {name}");
            let error: Value = answer.json().await.unwrap();
            assert_eq!(error["error"]["param"], "model", "{kind} {name}: {error}");
        }
        assert_eq!(provider.accepted(), 0, "{kind}");
        assert!(records::of_kind(&gateway.data(), Kind::Intent).is_empty(), "{kind}: a hold");
    }
}

#[tokio::test]
async fn a_name_is_one_segment_of_the_path() {
    for (kind, name, path) in [
        ("azure", "gpt-4o", "/v1/deployments/gpt-4o/chat/completions?api-version=2024-10-21"),
        ("azure", "a&b", "/v1/deployments/a%26b/chat/completions?api-version=2024-10-21"),
        ("gemini", "gemini-2.5-pro", "/v1/models/gemini-2.5-pro:generateContent"),
        ("gemini", "models/gemini-2.5-pro", "/v1/models/gemini-2.5-pro:generateContent"),
        ("gemini", "tunedModels/mine", "/v1/tunedModels/mine:generateContent"),
        ("gemini", "m:free", "/v1/models/m%3Afree:generateContent"),
    ] {
        let (provider, gateway, key) = in_front_of(kind).await;
        let request = client(false).post(gateway.chat_url()).bearer_auth(&key);
        request.body(ask_of(name)).send().await.unwrap();
        assert_eq!(provider.seen().pop().unwrap().path, path);
    }
}

#[tokio::test]
async fn gemini_s_free_methods_reach_models_alone() {
    let (provider, gateway, key) = in_front_of("gemini").await;
    let contents = r#"{"contents":[{"parts":[{"text":"x"}]}],"content":{"parts":[{"text":"x"}]}}"#;
    for method in ["countTokens", "embedContent", "generateContent"] {
        for name in ["gem-/cachedContents/x", "a/b", "cachedContents/x"] {
            let url = gateway.url(&format!("/v1beta/models/{name}:{method}"));
            let request = client(false).post(url).header("x-goog-api-key", &key);
            let answer = request.body(contents).send().await.unwrap();
            assert_eq!(answer.status(), 400, "{name}:{method}");
            let error: Value = answer.json().await.unwrap();
            assert_eq!(error["error"]["status"], "INVALID_ARGUMENT", "in Gemini's words: {error}");
        }
    }
    assert_eq!(provider.accepted(), 0);
}

#[tokio::test]
async fn a_name_that_one_provider_cannot_be_asked_for_goes_to_another() {
    let (gemini, openai) =
        (Provider::start(Script::Chat).await, Provider::start(Script::Chat).await);
    let route = "        - { name: 'org/*', candidates: [{ provider: p0 }, { provider: p1 }] }\n";
    let setup = Setup {
        kinds: &["gemini"],
        in_route: route,
        more_tenants: "  - { name: unpriced, budget_usd: 1, allow_unpriced: true }\n",
        ..Setup::of(&[gemini.base_url(), openai.base_url()])
    };
    let gateway = setup.start();
    let request = client(false).post(gateway.chat_url()).bearer_auth(gateway.key_of("unpriced"));
    let answer = request.body(ask_of("org/model")).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    assert_eq!((gemini.accepted(), openai.seen().len()), (0, 1));
    assert_eq!(openai.seen()[0].json()["model"], "org/model");
}

#[tokio::test]
async fn a_configured_name_that_is_no_segment_is_refused_at_load() {
    for (candidate, field) in [
        ("{ name: n, candidates: [{ provider: p0, model: 'a/../b' }] }", "candidates[0].model"),
        ("{ name: n, candidates: [{ provider: p0, model: '%2e%2e' }] }", "candidates[0].model"),
        ("{ name: 'a?b', candidates: [{ provider: p0 }] }", "models[1].name"),
        ("{ name: n, aliases: ['a/b'], candidates: [{ provider: p0 }] }", "aliases[0]"),
    ] {
        let setup = Setup::of(&["http://127.0.0.1:1/v1".to_owned()]);
        let in_route = Box::leak(format!("        - {candidate}\n").into_boxed_str());
        let folder = Setup { kinds: &["gemini"], in_route, ..setup }.folder();
        let checked = command_in(folder.path(), &["check"]);
        let said = String::from_utf8_lossy(&checked.stderr).into_owned();
        assert!(!checked.status.success(), "{candidate}");
        assert!(said.contains(field) && said.contains("must be 1 to 256"), "{candidate}: {said}");
    }
}

#[tokio::test]
async fn a_header_that_servers_could_read_differently_does_not_go_along() {
    let provider = Provider::start(Script::Chat).await;
    let gateway = Gateway::start(&[provider.base_url()]);
    let key = gateway.key();
    for name in ["openai-beta", "anthropic-beta", "anthropic-version", "openai-organization"] {
        for value in [&b"a\xff"[..], "f\u{fc}r".as_bytes(), b"a\tb", &[b'x'; 2000]] {
            let request = client(false).post(gateway.chat_url()).bearer_auth(&key);
            let request = request.header(name, value).body(ask_of("m"));
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), 400, "{name}");
            assert!(answer.text().await.unwrap().contains(name));
        }
    }
    assert_eq!(provider.accepted(), 0);
}
