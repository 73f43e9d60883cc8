//! A request's whole path: what the client gets, what the provider was sent, what the ledger holds.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use inferlayer_ledger::Kind;
use support::{Gateway, Provider, Script, chat, client, events, records, text};

#[tokio::test]
async fn a_plain_call_is_answered_metered_and_recorded() {
    let provider = Provider::start(Script::Chat).await;
    let gateway = Gateway::start(&[provider.base_url()]);
    let request = client(false).post(gateway.chat_url()).bearer_auth(gateway.key());
    let answer = request.body(chat("m", false, 100)).send().await.unwrap();

    assert_eq!(answer.status(), 200);
    let header = |name: &str| answer.headers()[name].to_str().unwrap().to_owned();
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("x-inferlayer-route"), "p0/upstream-m");
    assert_eq!(header("x-inferlayer-cost"), "0.000001");
    assert!(header("x-inferlayer-receipt").len() <= 320);
    let id = header("x-request-id");
    let body: serde_json::Value = answer.json().await.unwrap();
    assert_eq!(body["choices"][0]["message"]["content"], "Hello wörld");
    assert_eq!(body["extra"], "kept");

    let data = gateway.data();
    let (intents, outcomes) =
        (records::of_kind(&data, Kind::Intent), records::of_kind(&data, Kind::Outcome));
    assert_eq!((intents.len(), outcomes.len()), (1, 1));
    assert_eq!(intents[0]["request"], id);
    assert_eq!(intents[0]["gen_ai.request.model"], "m");
    assert_eq!(outcomes[0]["request"], id);
    assert_eq!(outcomes[0]["ending"], "complete");
    assert_eq!(outcomes[0]["gen_ai.usage.input_tokens"], 7);
    assert_eq!(outcomes[0]["gen_ai.usage.output_tokens"], 3);
    assert_eq!(outcomes[0]["gen_ai.response.model"], "mock-1");
    assert_eq!(outcomes[0]["estimated"], false);
    assert_eq!(records::nano(&outcomes[0], "cost_nano_usd"), 1000);
    assert!(records::nano(&intents[0], "hold_nano_usd") >= 1000);
    let (folder, status) = gateway.stop();
    assert!(status.success());
    records::assert_verifies(folder.path());
}

#[tokio::test]
async fn the_provider_gets_the_clients_bytes_and_none_of_its_credentials() {
    let provider = Provider::start(Script::Chat).await;
    let gateway = Gateway::start(&[provider.base_url()]);
    let (key, body) = (gateway.key(), chat("alias-of-m", false, 5000));
    let request = client(false)
        .post(gateway.chat_url())
        .header("x-api-key", &key)
        .header("cookie", "secret=1")
        .header("x-inferlayer-tenant", "b");
    assert_eq!(request.body(body.clone()).send().await.unwrap().status(), 200);

    let seen = &provider.seen()[0];
    assert_eq!(seen.path, "/v1/chat/completions");
    assert_eq!(seen.headers["authorization"], "Bearer sk-canary-provider-key");
    let sent = String::from_utf8(seen.body.clone()).unwrap();
    assert_eq!(sent, body.replace("\"alias-of-m\"", "\"upstream-m\""));
    for name in ["x-api-key", "cookie", "x-inferlayer-tenant"] {
        assert!(!seen.headers.contains_key(name), "{name}");
    }
    assert!(!format!("{seen:?}").contains(&key));
}

#[tokio::test]
async fn a_stream_passes_and_ends_with_cost_and_receipt() {
    let provider = Provider::start(Script::Chat).await;
    let gateway = Gateway::start(&[provider.base_url()]);
    let key = gateway.key();
    for h2 in [false, true] {
        let request = client(h2).post(gateway.chat_url()).bearer_auth(&key);
        let answer = request.body(chat("m", true, 100)).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        assert_eq!(answer.headers()["content-type"], "text/event-stream; charset=utf-8");
        let stream = answer.text().await.unwrap();
        let (json, done) = events(&stream);
        assert!(done);
        assert_eq!(text(&json), "Hello wörld");
        assert!(json.iter().all(|event| event["usage"].is_null()), "usage was not asked for");
        let tail = stream.rsplit("\n\n").take(3).collect::<Vec<_>>();
        assert_eq!(tail[1], "data: [DONE]");
        assert!(tail[2].starts_with(": x-inferlayer-cost: 0.000001\n: x-inferlayer-receipt: v1."));
    }
    assert_eq!(provider.seen()[0].json()["stream_options"]["include_usage"], true);
    let outcomes = records::of_kind(&gateway.data(), Kind::Outcome);
    assert!(outcomes.iter().all(|o| records::nano(o, "cost_nano_usd") == 1000));
}

#[tokio::test]
async fn a_client_that_asks_for_usage_gets_it() {
    let provider = Provider::start(Script::Chat).await;
    let gateway = Gateway::start(&[provider.base_url()]);
    let body =
        chat("m", true, 100).replacen('{', r#"{"stream_options":{"include_usage":true},"#, 1);
    let request = client(false).post(gateway.chat_url()).bearer_auth(gateway.key());
    let (json, done) = events(&request.body(body).send().await.unwrap().text().await.unwrap());
    assert!(done);
    assert_eq!(json.last().unwrap()["usage"]["total_tokens"], 10);
}

#[tokio::test]
async fn models_are_listed_to_those_with_a_key() {
    let gateway = Gateway::start(&["http://127.0.0.1:9/v1".to_owned()]);
    let get = |path: &str, key: &str| client(false).get(gateway.url(path)).bearer_auth(key).send();
    let key = gateway.key();
    let list: serde_json::Value = get("/v1/models", &key).await.unwrap().json().await.unwrap();
    let ids: Vec<_> = list["data"].as_array().unwrap().iter().map(|m| &m["id"]).collect();
    assert_eq!(ids, ["m", "alias-of-m"]);
    let one: serde_json::Value = get("/v1/models/m", &key).await.unwrap().json().await.unwrap();
    assert_eq!(one["object"], "model");
    assert_eq!(get("/v1/models/other", &key).await.unwrap().status(), 404);
    assert_eq!(get("/v1/models", "il-wrong").await.unwrap().status(), 401);
}

#[tokio::test]
async fn a_revoked_key_is_refused_at_once_and_after_a_restart() {
    let gateway = Gateway::start(&["http://127.0.0.1:9/v1".to_owned()]);
    let key = gateway.key();
    let models =
        |gateway: &Gateway| client(false).get(gateway.url("/v1/models")).bearer_auth(&key).send();
    assert_eq!(models(&gateway).await.unwrap().status(), 200);
    let id = key.split('-').nth(1).unwrap();
    assert!(gateway.command(&["keys", "revoke", id]).status.success());
    assert_eq!(models(&gateway).await.unwrap().status(), 401);
    let (folder, _) = gateway.stop();
    let gateway = Gateway::start_in(folder);
    assert_eq!(models(&gateway).await.unwrap().status(), 401);
    let listed = String::from_utf8(gateway.command(&["keys", "list"]).stdout).unwrap();
    assert!(listed.contains("revoked") && !listed.contains(key.rsplit('-').next().unwrap()));
}
