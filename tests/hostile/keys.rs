//! 21 to 23 and 44: who is asking is said once, by the key alone, and until it is revoked.

use std::time::Duration;

use futures_util::StreamExt;
use inferlayer_ledger::Kind;

use crate::support::gateway::Setup;
use crate::support::raw::{H2, ask, fields, rest, status};
use crate::support::{Gateway, Provider, Script, call, chat, client, eventually, records};
use crate::{assert_openai_shape, assert_unharmed, gateway};

fn post(gateway: &Gateway, headers: &str) -> String {
    let body = chat("m", false, 50);
    let request = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\n{headers}\r\nconnection: close\r\n\
         content-length: {}\r\n\r\n{body}",
        body.len()
    );
    ask(gateway.address, request.as_bytes())
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_21_two_keys_that_disagree_are_no_key() {
    let (provider, gateway, key) = gateway().await;
    let other = gateway.key();
    let bearer = format!("authorization: Bearer {key}");
    for second in [
        "authorization: Bearer il-wrong".to_owned(),
        format!("authorization: Bearer {other}"),
        format!("authorization: Basic {key}"),
        "authorization:".to_owned(),
        format!("x-api-key: {other}"),
        "x-api-key: il-wrong".to_owned(),
        "x-api-key:".to_owned(),
        format!("api-key: {other}"),
        format!("x-goog-api-key: {other}"),
        format!("x-api-key: {key}\r\nx-api-key: {other}"),
        format!("x-api-key: {key}, {other}"),
    ] {
        for headers in [format!("{bearer}\r\n{second}"), format!("{second}\r\n{bearer}")] {
            let told = post(&gateway, &headers);
            assert_eq!(status(&told), 401, "{second}: {told}");
            let (_, body) = told.split_once("\r\n\r\n").unwrap();
            assert_openai_shape(body.as_bytes(), &second);
            assert!(!body.contains(&key) && !body.contains(&other), "{body}");
        }
    }
    assert!(provider.seen().is_empty());
    assert!(records::of_kind(&gateway.data(), Kind::Intent).is_empty());
    // Said twice, it is the same key.
    assert_eq!(status(&post(&gateway, &format!("{bearer}\r\nx-api-key: {key}"))), 200);
    assert_unharmed(&gateway, &key).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_22_what_a_caller_says_of_itself_has_no_effect_and_goes_nowhere() {
    let provider = Provider::start(Script::Chat).await;
    let more_tenants = "  - { name: b, budget_usd: 1000 }\n";
    let gateway = Setup { more_tenants, ..Setup::of(&[provider.base_url()]) }.start();
    let key = gateway.key_of("a");
    let headers = [
        "x-inferlayer-tenant: b",
        "x-tenant-id: b",
        "x-user: root",
        "x-forwarded-for: 127.0.0.1",
        "x-forwarded-host: internal",
        "x-forwarded-proto: https",
        "x-forwarded-prefix: /admin",
        "x-real-ip: 127.0.0.1",
        "forwarded: for=127.0.0.1;host=internal",
        "via: 1.1 b",
        "x-original-url: /admin",
        "x-rewrite-url: /admin",
        "x-http-method-override: DELETE",
        "connection: close, authorization, x-api-key, host, content-length",
        "keep-alive: timeout=1000",
        "proxy-connection: keep-alive",
        "proxy-authorization: Basic eDp5",
        "te: trailers",
        "trailer: authorization",
        "cookie: tenant=b",
    ];
    for header in headers {
        let told = post(&gateway, &format!("{header}\r\nauthorization: Bearer {key}"));
        assert_eq!(status(&told), 200, "{header}: {told}");
        let seen = provider.seen().pop().unwrap();
        assert_eq!(seen.headers["authorization"], "Bearer sk-canary-provider-key", "{header}");
        assert_eq!(seen.path, "/v1/chat/completions", "{header}");
        let name = header.split(':').next().unwrap();
        assert!(name == "connection" || !seen.headers.contains_key(name), "{header}: {seen:?}");
        let value = seen.headers.get("connection").cloned().unwrap_or_default();
        assert!(!value.contains("authorization"), "{seen:?}");
        assert!(!format!("{:?}", seen.headers).contains(&key), "{header}");
    }
    let intents = records::of_kind(&gateway.data(), Kind::Intent);
    assert_eq!(intents.len(), headers.len());
    assert!(intents.iter().all(|intent| intent["tenant"] == "a"), "{intents:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_23_no_line_end_in_a_value_gets_into_another_head() {
    let (provider, gateway, key) = gateway().await;
    let bearer = format!("Bearer {key}");
    for name in ["x-request-id", "traceparent", "user-agent", "accept", "openai-beta", "host"] {
        for value in ["a\r\nset-cookie: b", "a\nset-cookie: b", "a\rset-cookie: b", "\r\n\r\na"] {
            let mut h2 = H2::connect(gateway.address);
            h2.send(
                1,
                4,
                1,
                &fields(&[
                    (":method", "POST"),
                    (":scheme", "http"),
                    (":path", "/v1/chat/completions"),
                    (":authority", "a"),
                    ("authorization", &bearer),
                    (name, value),
                ]),
            );
            h2.send(0, 1, 1, chat("m", false, 50).as_bytes());
            std::thread::sleep(Duration::from_millis(20));
            h2.send(7, 0, 0, &[0; 8]);
            let _ = h2.stream.shutdown(std::net::Shutdown::Write);
            let (told, closed) = rest(&mut h2.stream);
            assert!(closed && !told.contains("chat.completion"), "{name} {value:?}: {told}");
            assert!(!told.contains("set-cookie"), "{name} {value:?}: {told}");
        }
        for value in ["a\rset-cookie: b", "a\r set-cookie: b", "a\r\n set-cookie: b"] {
            let told = post(&gateway, &format!("authorization: {bearer}\r\n{name}: {value}"));
            assert_eq!(status(&told), 400, "{name} {value:?}: {told}");
            assert!(!told.contains("set-cookie"), "{told}");
        }
    }
    assert!(provider.seen().is_empty());
    assert!(records::of_kind(&gateway.data(), Kind::Intent).is_empty());
    // In a body a line end is a letter like others; what is told of it stays in the body.
    let request = client(false).post(gateway.chat_url()).bearer_auth(&key);
    let answer = request.body(chat("m\r\nset-cookie: b", false, 20)).send().await.unwrap();
    assert!(answer.status().is_client_error());
    assert!(!answer.headers().contains_key("set-cookie"));
    assert_unharmed(&gateway, &key).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_44_a_key_revoked_in_a_stream_begins_nothing_more_and_the_stream_is_recorded() {
    let provider = Provider::start(Script::Endless(Duration::from_millis(20))).await;
    let gateway = Gateway::start(&[provider.base_url()]);
    let key = gateway.key();
    let request = client(false).post(gateway.chat_url()).bearer_auth(&key);
    let answer = request.body(chat("m", true, 50)).send().await.unwrap();
    let mut stream = answer.bytes_stream();
    stream.next().await.unwrap().unwrap();
    let id = key.split('-').nth(1).unwrap();
    assert!(gateway.command(&["keys", "revoke", id]).status.success());
    let (refused, told) = call(&gateway, &key).await;
    assert_eq!(refused, 401, "{told}");
    assert!(told.contains("revoked"), "{told}");
    assert_eq!(provider.seen().len(), 1);
    // What was admitted goes on to its end; here its caller ends it.
    stream.next().await.unwrap().unwrap();
    drop(stream);
    let outcomes = || records::of_kind(&gateway.data(), Kind::Outcome);
    eventually("it is recorded", || outcomes().len() == 1).await;
    assert!(records::nano(&outcomes()[0], "cost_nano_usd") > 0);
    assert_eq!(records::of_kind(&gateway.data(), Kind::Intent).len(), 1);
}
