//! Who may pass where, what it costs, and what a provider and the record get to see of it.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use inferlayer_ledger::Kind;
use reqwest::Method;
use ring::digest::SHA256;
use serde_json::{Value, json};
use support::bulk::{Bulk, PRICE, assert_verifies};
use support::{Gateway, client, eventually, records};

#[tokio::test]
async fn what_is_asked_goes_along_and_who_asks_does_not() {
    let provider = Bulk::start().await;
    let gateway = provider.gateway("");
    let key = gateway.key();
    let body = "--b\r\ncontent-disposition: form-data; name=\"file\"\r\n\r\n\0\u{1}é\r\n--b--\r\n";
    let request = client(false)
        .post(gateway.url(&format!("/v1/files?purpose=batch%20x&key={key}&a=1")))
        .bearer_auth(&key)
        .header("x-api-key", &key)
        .header("cookie", format!("session={key}"))
        .header("openai-beta", "assistants=v2")
        .header("idempotency-key", "once")
        .header("x-stainless-lang", "python")
        .header("content-type", "multipart/form-data; boundary=b");
    let answer = request.body(body).send().await.unwrap();
    assert_eq!(answer.headers()["x-inferlayer-route"], "p0/files");
    assert_eq!(answer.headers()["x-inferlayer-cost"], "0.05");
    assert!(answer.headers().contains_key("x-inferlayer-receipt"));
    assert!(!answer.headers().contains_key("set-cookie"));
    let taken = provider.taken().pop().unwrap();
    assert_eq!(taken.line, "POST /v1/files?purpose=batch%20x&a=1");
    assert_eq!(taken.sha256, ring::digest::digest(&SHA256, body.as_bytes()).as_ref());
    let mut names: Vec<_> = taken.headers.keys().map(String::as_str).collect();
    names.sort_unstable();
    let expected = "accept accept-encoding authorization content-length content-type host \
                    idempotency-key openai-beta user-agent";
    assert_eq!(names.join(" "), expected);
    assert_eq!(taken.headers["authorization"], "Bearer sk-canary-provider-key");
    assert_eq!(taken.headers["content-type"], "multipart/form-data; boundary=b");
    assert!(!format!("{taken:?}").contains(&key));

    let intent = records::of_kind(&gateway.data(), Kind::Intent).pop().unwrap();
    assert_eq!(intent["inferlayer.api"], "pass_through");
    assert!(intent["gen_ai.operation.name"].is_null(), "the convention has no word for it");
    assert_eq!(intent["gen_ai.request.model"], "files");
    assert_eq!((&intent["method"], &intent["path"]), (&json!("POST"), &json!("/v1/files")));
    assert_eq!(records::nano(&intent, "hold_nano_usd"), PRICE);
    let outcome = records::of_kind(&gateway.data(), Kind::Outcome).pop().unwrap();
    assert_eq!(outcome["passed"]["request_bytes"], body.len());
    assert_eq!(outcome["passed"]["answer_bytes"], json!({"id": "file-1"}).to_string().len());
    assert_eq!(outcome["passed"]["request_hmac_sha256"].as_str().unwrap().len(), 64);
    assert_verifies(gateway);
}

#[tokio::test]
async fn every_method_and_no_body() {
    let provider = Bulk::start().await;
    let gateway = provider.gateway("");
    let key = gateway.key();
    let clients = [(false, client(false)), (true, client(true))];
    for (method, path, status, length) in [
        (Method::GET, "/v1/files", 200, None),
        (Method::DELETE, "/v1/files/file-1", 200, None),
        (Method::POST, "/v1/files/empty", 204, Some("0")),
        (Method::HEAD, "/v1/files/file-1", 200, None),
        (Method::PUT, "/v1/files/file-1", 200, Some("0")),
    ] {
        for (h2, client) in &clients {
            let request = client.request(method.clone(), gateway.url(path)).bearer_auth(&key);
            let answer = request.send().await.unwrap();
            assert_eq!(answer.status(), status, "{method} {path} h2 {h2}");
            if method == Method::HEAD {
                assert_eq!(answer.headers()["content-length"], "12345", "h2 {h2}");
            }
            let taken = provider.taken().pop().unwrap();
            assert_eq!(taken.line, format!("{method} {path}"));
            let told = taken.headers.get("content-length").map(String::as_str);
            assert_eq!(told, length, "{method} {path} h2 {h2}");
        }
    }
    assert_verifies(gateway);
}

#[tokio::test]
async fn who_may_pass_where() {
    let provider = Bulk::start().await;
    let gateway = provider.gateway("");
    let request = |key: &str, path: &str| client(false).post(gateway.url(path)).bearer_auth(key);
    let refused = [
        ("a", "/v1/images/edits", 404, "unknown_path"),
        ("open", "/v1/assistants", 404, "unknown_path"),
        ("a", "/v1/files/../files", 404, "unknown_path"),
        ("a", "/v1/files/%2e", 404, "unknown_path"),
        ("a", "/v1/fine_tuning/jobs", 403, "path_not_allowed"),
        ("local", "/v1/files", 403, "model_not_allowed"),
        ("a", "/v1/audio/speech", 403, "model_not_priced"),
    ];
    for (tenant, path, status, code) in refused {
        // As it stands: an URL would be resolved before it is sent.
        let (told, answer) = raw(&gateway, &gateway.key_of(tenant), path).await;
        assert_eq!((told, answer["error"]["code"].as_str()), (status, Some(code)), "{path}");
    }
    let answer = request("il-nobody", "/v1/files").send().await.unwrap();
    assert_eq!(answer.status(), 401);
    assert!(provider.taken().is_empty(), "{:?}", provider.taken());
    for (tenant, path) in [("open", "/v1/fine_tuning/jobs"), ("open", "/v1/audio/speech")] {
        let answer = request(&gateway.key_of(tenant), path).body("{}").send().await.unwrap();
        assert_eq!(answer.status(), 200, "{path}");
    }
    let outcomes = records::of_kind(&gateway.data(), Kind::Outcome);
    let costs: Vec<_> = outcomes.iter().map(|o| records::nano(o, "cost_nano_usd")).collect();
    assert_eq!(costs, [PRICE, 0]);
}

#[tokio::test]
async fn the_price_is_held_before_and_paid_for_success_alone() {
    let provider = Bulk::start().await;
    let gateway = provider.gateway("");
    let key = gateway.key_of("poor");
    let get = async |path: &str| {
        let request = client(false).get(gateway.url(path)).bearer_auth(&key);
        let answer = request.send().await.unwrap();
        (answer.status().as_u16(), answer.text().await.unwrap())
    };
    // Refusals of providers cost nothing, so the budget of one and a half requests lasts.
    for (asked, told) in [
        (400, 400),
        (404, 404),
        (422, 422),
        (401, 502),
        (403, 502),
        (302, 502),
        (429, 429),
        (500, 502),
    ] {
        let (status, body) = get(&format!("/v1/files/status-{asked}")).await;
        assert_eq!(status, told, "{asked}: {body}");
        assert!(!body.contains("canary"), "{body}");
        let passes = matches!(asked, 400 | 404 | 422);
        assert_eq!(body.contains("bad key: Bearer [provider key]"), passes, "{body}");
        let outcome = records::of_kind(&gateway.data(), Kind::Outcome).pop().unwrap();
        assert_eq!(records::nano(&outcome, "cost_nano_usd"), 0, "{asked}");
        assert_eq!(outcome["status"], told);
    }
    assert_eq!(get("/v1/files/file-1").await.0, 200);
    let (status, body) = get("/v1/files/file-1").await;
    assert_eq!(status, 429);
    assert!(body.contains("insufficient_quota"), "{body}");
    assert_eq!(provider.taken().len(), 9, "what cannot be paid does not leave");
    assert_verifies(gateway);
}

#[tokio::test]
async fn what_may_have_been_billed_is_charged() {
    let provider = Bulk::start().await;
    let gateway = provider.gateway("");
    let key = gateway.key();
    // Who resets at once has spoken no HTTP, and is not paid.
    for (path, status, attempt, ending, cost) in [
        ("/v1/files/reset", Some(502), "no_http", "failed", 0),
        ("/v1/files/silence", Some(504), "first_byte_timeout", "failed", PRICE),
        ("/v1/files/cut", None, "answered 200", "upstream_cut", PRICE),
    ] {
        let request = client(false).post(gateway.url(path)).bearer_auth(&key).body("x");
        let answer = request.send().await.unwrap();
        match status {
            Some(status) => assert_eq!(answer.status(), status, "{path}"),
            None => assert!(answer.bytes().await.is_err(), "a cut answer looks like a whole one"),
        }
        let outcomes = || records::of_kind(&gateway.data(), Kind::Outcome);
        let is_last = || outcomes().last().is_some_and(|o| o["ending"] == ending);
        eventually("the outcome is recorded", is_last).await;
        let outcome = outcomes().pop().unwrap();
        assert_eq!(records::attempts(&outcome), [attempt], "{path}");
        assert_eq!(records::nano(&outcome, "cost_nano_usd"), cost, "{path}");
    }
    assert_verifies(gateway);
}

#[tokio::test]
async fn the_policy_says_what_is_kept_of_a_passage() {
    let provider = Bulk::start().await;
    let gateway = provider.gateway("");
    for (tenant, hashed, answer) in
        [("a", true, None), ("hash", true, Some(15)), ("none", false, Some(15))]
    {
        let request = client(false).post(gateway.url("/v1/files"));
        let request = request.bearer_auth(gateway.key_of(tenant)).body("the same words");
        assert_eq!(request.send().await.unwrap().status(), 200);
        let outcome = records::of_kind(&gateway.data(), Kind::Outcome).pop().unwrap();
        assert_eq!(outcome["passed"]["request_hmac_sha256"].is_string(), hashed, "{tenant}");
        assert_eq!(outcome["content_bytes"].as_u64(), answer, "{tenant}");
        assert_eq!(outcome["content_hmac_sha256"].is_string(), tenant == "hash");
    }
    assert_verifies(gateway);
}

/// Status and JSON of a POST whose path goes out as it is.
async fn raw(gateway: &Gateway, key: &str, path: &str) -> (u16, Value) {
    use tokio::io::{AsyncReadExt, AsyncWriteExt};
    let mut stream = tokio::net::TcpStream::connect(gateway.address).await.unwrap();
    let head = format!(
        "POST {path} HTTP/1.1\r\nhost: x\r\nconnection: close\r\ncontent-length: 0\r\n\
         authorization: Bearer {key}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await.unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let status = head.split(' ').nth(1).unwrap().parse().unwrap();
    (status, serde_json::from_str(body).unwrap())
}
