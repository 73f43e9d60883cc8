//! What a provider counts, says or does beyond what was held: charged up to what its model can make,
//! told in the record, counted in a metric; and what cannot have been billed is free.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use futures_util::StreamExt;
use inferlayer_ledger::Kind;
use serde_json::{Value, json};
use support::gateway::Setup;
use support::{Gateway, Provider, Script, Seen, client, events, message, records};

/// A head of 200 and a JSON body.
fn answer(body: &Value) -> Vec<u8> {
    let body = body.to_string();
    let head = "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\n";
    format!("{head}content-length: {}\r\n\r\n{body}", body.len()).into_bytes()
}

/// A chat completion of eight bytes with this usage.
fn completion(usage: &Value) -> Value {
    json!({"id": "c", "object": "chat.completion", "model": "upstream-m", "usage": usage,
           "choices": [{"index": 0, "finish_reason": "stop",
                        "message": {"role": "assistant", "content": "Hi there"}}]})
}

fn event_stream(chunks: &[Value], done: bool) -> Vec<u8> {
    let mut stream = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n".to_owned();
    for chunk in chunks {
        stream += &format!("data: {chunk}\n\n");
    }
    if done {
        stream += "data: [DONE]\n\n";
    }
    stream.into_bytes()
}

fn words(text: &str, usage: &Value) -> Value {
    json!({"choices": [{"index": 0, "delta": {"content": text}}], "usage": usage})
}

fn stop(usage: &Value) -> Value {
    json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}], "usage": usage})
}

async fn ask(gateway: &Gateway, key: &str, body: &Value) -> (u16, String) {
    let request = client(false).post(gateway.chat_url()).bearer_auth(key);
    let answer = request.body(body.to_string()).send().await.unwrap();
    let status = answer.status().as_u16();
    // An answer that is cut short is what came of it.
    let mut text = Vec::new();
    let mut pieces = answer.bytes_stream();
    while let Some(Ok(piece)) = pieces.next().await {
        text.extend_from_slice(&piece);
    }
    (status, String::from_utf8(text).unwrap())
}

/// The one outcome of a call to a provider that does this.
async fn outcome_of(script: Script, stream: bool) -> Value {
    let provider = Provider::start(script).await;
    let gateway = Gateway::start(&[provider.base_url()]);
    ask(&gateway, &gateway.key(), &message("Hi", stream)).await;
    let folder = gateway.stop().0;
    records::assert_verifies(folder.path());
    let outcomes = records::of_kind(&folder.path().join("data"), Kind::Outcome);
    assert_eq!(outcomes.len(), 1);
    outcomes.into_iter().next().unwrap()
}

fn basis(outcome: &Value) -> Vec<&str> {
    let charges = outcome["charges"].as_array().map_or(&[][..], Vec::as_slice);
    charges.iter().map(|charge| charge["basis"].as_str().unwrap()).collect()
}

fn metric(text: &str, name: &str, label: &str) -> f64 {
    let line = text.lines().find(|line| line.starts_with(name) && line.contains(label));
    line.map_or(0.0, |line| line.rsplit(' ').next().unwrap().parse().unwrap())
}

async fn metrics(gateway: &Gateway) -> String {
    let url = format!("http://{}/metrics", gateway.metrics.unwrap());
    client(false).get(url).send().await.unwrap().text().await.unwrap()
}

#[tokio::test]
async fn a6_35_a_count_above_the_hold_is_claimed_charged_and_counted() {
    let script = Script::With(|_| {
        let usage = json!({"prompt_tokens": 7, "completion_tokens": 1_000_000_000_000_u64});
        answer(&completion(&usage))
    });
    let provider = Provider::start(script).await;
    // Room for one call of about 90 bytes and 10 tokens, which then costs 1000 tokens.
    let setup = Setup {
        budget_usd: "0.00003",
        metrics: "'127.0.0.1:0'",
        ..Setup::of(&[provider.base_url()])
    };
    let gateway = setup.start();
    let key = gateway.key();
    assert_eq!(ask(&gateway, &key, &message("Hi", false)).await.0, 200);
    assert_eq!(ask(&gateway, &key, &message("Hi", false)).await.0, 429, "the limit is passed");
    let text = metrics(&gateway).await;
    assert_eq!(metric(&text, "inferlayer_charges_total", "basis=\"claimed\""), 1.0);
    let outcome = &records::of_kind(&gateway.data(), Kind::Outcome)[0];
    assert_eq!(outcome["gen_ai.usage.output_tokens"], 1_000_000_000_000_u64, "as it says");
    let charge = &outcome["charges"][0];
    assert_eq!((&charge["basis"], &charge["used"]["output"]), (&json!("claimed"), &json!(1000)));
    assert_eq!(records::nano(outcome, "cost_nano_usd"), 1007 * 100);
    assert_eq!(outcome["estimated"], true);
}

#[tokio::test]
async fn a6_35_no_usage_and_usage_of_nothing_are_counted_by_us() {
    for (usage, counted) in [
        (|| json!({"prompt_tokens": 0, "completion_tokens": 0}), "own_count"),
        (|| json!({"prompt_tokens": 7, "completion_tokens": 0}), "own_count"),
        (|| json!({"prompt_tokens": 7, "completion_tokens": -5}), "own_count"),
        (|| json!(null), "own_count"),
        (|| json!({"prompt_tokens": 7, "completion_tokens": 2}), "usage"),
    ] as [(fn() -> Value, &str); 5]
    {
        // A script is a plain function: what it says of usage is asked for in the message.
        let script = Script::With(|seen: &Seen| {
            let asked = seen.json();
            let told = asked["messages"][0]["content"].as_str().unwrap();
            answer(&completion(&serde_json::from_str(told).unwrap()))
        });
        let provider = Provider::start(script).await;
        let gateway = Gateway::start(&[provider.base_url()]);
        let asked = message(&usage().to_string(), false);
        assert_eq!(ask(&gateway, &gateway.key(), &asked).await.0, 200);
        let outcome = &records::of_kind(&gateway.data(), Kind::Outcome)[0];
        assert_eq!(basis(outcome), [counted], "{}", usage());
        assert!(records::nano(outcome, "cost_nano_usd") > 0);
        assert_eq!(outcome["estimated"], counted == "own_count");
    }
}

#[tokio::test]
async fn a6_34_usage_in_every_chunk_is_no_sum_and_none_is_our_own_count() {
    let none = Script::With(|_| {
        event_stream(&[words("Hi there", &Value::Null), stop(&Value::Null)], true)
    });
    let outcome = outcome_of(none, true).await;
    assert_eq!(
        (outcome["ending"].as_str(), basis(&outcome)),
        (Some("complete"), vec!["own_count"])
    );
    assert_eq!(outcome["charges"][0]["used"]["output"], 3, "eight bytes");

    let each = Script::With(|_| {
        let usage = |output: u64| json!({"prompt_tokens": 7, "completion_tokens": output});
        event_stream(&[words("Hi", &usage(1)), words(" there", &usage(2)), stop(&usage(3))], true)
    });
    let outcome = outcome_of(each, true).await;
    assert_eq!(
        (basis(&outcome), &outcome["charges"][0]["used"]["output"]),
        (vec!["usage"], &json!(3))
    );

    let taken_back = Script::With(|_| {
        let usage =
            |output: u64| json!({"prompt_tokens": 7 * output.min(1), "completion_tokens": output});
        event_stream(&[words("Hi there", &usage(2)), stop(&usage(0))], true)
    });
    let outcome = outcome_of(taken_back, true).await;
    assert_eq!(
        (basis(&outcome), &outcome["charges"][0]["used"]["output"]),
        (vec!["usage"], &json!(2))
    );
}

#[tokio::test]
async fn a_success_that_cannot_be_read_may_be_billed() {
    const PAGE: &[u8] =
        b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 6\r\n\r\n<html>";
    const GZIP: &[u8] =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-encoding: gzip\r\n\
        content-length: 12\r\n\r\n\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03\xab\x56";
    const NOTHING: &[u8] = b"HTTP/1.1 204 No Content\r\n\r\n";
    const OTHER: &[u8] =
        b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 2\r\n\r\n{}";
    for (bytes, result) in [
        (PAGE, "unreadable_answer"),
        (GZIP, "bad_answer"),
        (NOTHING, "unreadable_answer"),
        (OTHER, "unreadable_answer"),
    ] {
        let outcome = outcome_of(Script::Raw(bytes), false).await;
        assert_eq!(basis(&outcome), ["worst_case"], "{outcome}");
        assert_eq!(outcome["attempts"][0]["result"], result, "{outcome}");
    }
    let error = Script::Status(200, "x: y", r#"{"error":{"message":"no"}}"#);
    let outcome = outcome_of(error, false).await;
    assert_eq!((records::nano(&outcome, "cost_nano_usd"), basis(&outcome)), (0, vec![]));
    const BROKEN_ERROR: &[u8] = b"HTTP/1.1 400 No\r\ncontent-length: 900\r\n\r\n{\"error\":";
    let outcome = outcome_of(Script::Raw(BROKEN_ERROR), false).await;
    assert_eq!(records::nano(&outcome, "cost_nano_usd"), 0, "a status of error is no answer");
}

#[tokio::test]
async fn what_spoke_no_http_costs_nothing_and_what_fell_silent_may() {
    // A TLS server's word for plain text; a reset; an end without a word.
    const ALERT: &[u8] = b"\x15\x03\x03\x00\x02\x02\x46";
    for (script, result) in [
        (Script::Raw(ALERT), "not_http"),
        (Script::Reset, "no_http"),
        (Script::Raw(b""), "no_http"),
    ] {
        let outcome = outcome_of(script, false).await;
        assert_eq!(records::attempts(&outcome), [result]);
        assert_eq!((records::nano(&outcome, "cost_nano_usd"), basis(&outcome)), (0, vec![]));
    }
    const HALF_A_HEAD: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-";
    const EARLY_HINT: &[u8] = b"HTTP/1.1 103 Early Hints\r\n\r\n";
    const HEAD_ALONE: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-length: 5\r\n\r\n";
    for bytes in [HALF_A_HEAD, EARLY_HINT, HEAD_ALONE] {
        let outcome = outcome_of(Script::Raw(bytes), false).await;
        assert_eq!(basis(&outcome), ["worst_case"], "{outcome}");
    }
    for script in [Script::Silence, Script::Hang(ALERT)] {
        let outcome = outcome_of(script, false).await;
        assert_eq!(outcome["attempts"][0]["status"], Value::Null);
    }
    let outcome = outcome_of(Script::Silence, false).await;
    assert_eq!(basis(&outcome), ["worst_case"]);
}

#[tokio::test]
async fn the_spend_metric_has_what_may_be_billed() {
    let (silent, second) =
        (Provider::start(Script::Silence).await, Provider::start(Script::Chat).await);
    let setup =
        Setup { metrics: "'127.0.0.1:0'", ..Setup::of(&[silent.base_url(), second.base_url()]) };
    let gateway = setup.start();
    assert_eq!(ask(&gateway, &gateway.key(), &message("Hi", false)).await.0, 200);
    let text = metrics(&gateway).await;
    let spent = |provider: &str| metric(&text, "inferlayer_spend_usd_total", provider);
    let outcome = &records::of_kind(&gateway.data(), Kind::Outcome)[0];
    let charge = |index: usize| records::nano(&outcome["charges"][index], "nano_usd") as f64 / 1e9;
    assert!((spent("\"p0\"") - charge(0)).abs() < 1e-12, "{text}");
    assert!((spent("\"p1\"") - charge(1)).abs() < 1e-12, "{text}");
    assert_eq!(metric(&text, "inferlayer_charges_total", "basis=\"worst_case\""), 1.0);
}

#[tokio::test]
async fn a6_45_a_stream_far_beyond_its_cap_is_cut_with_an_error_event() {
    let script = Script::With(|_| {
        let chunk = words(&"word ".repeat(200), &Value::Null);
        event_stream(&vec![chunk; 2000], false)
    });
    let provider = Provider::start(script).await;
    let gateway = Gateway::start(&[provider.base_url()]);
    let (status, text) = ask(&gateway, &gateway.key(), &message("Hi", true)).await;
    assert_eq!(status, 200);
    assert!(text.len() < 200_000, "{} of 2 MB came", text.len());
    let lines: Vec<Value> = events(&text).0;
    let error = &lines.last().unwrap()["error"];
    assert!(error["message"].as_str().unwrap().contains("beyond its cap"), "{error}");
    let outcome = &records::of_kind(&gateway.data(), Kind::Outcome)[0];
    assert_eq!(
        (outcome["ending"].as_str(), basis(outcome)),
        (Some("upstream_cut"), vec!["own_count"])
    );
    assert_eq!(outcome["charges"][0]["used"]["output"], 1000, "what the model can make at all");
}

#[tokio::test]
async fn a_member_that_moves_the_cost_is_refused_before_anything_is_sent() {
    let provider = Provider::start(Script::Chat).await;
    let setup = Setup { kinds: &["llama_cpp"], ..Setup::of(&[provider.base_url()]) };
    let gateway = setup.start();
    let key = gateway.key();
    for (member, value) in
        [("n_predict", json!(8000)), ("N_Predict", json!(8000)), ("best_of", json!(9))]
    {
        let mut asked = message("Hi", false);
        asked[member] = value;
        let (status, text) = ask(&gateway, &key, &asked).await;
        let error: Value = serde_json::from_str(&text).unwrap();
        assert_eq!((status, error["error"]["param"].as_str()), (400, Some(member)), "{text}");
    }
    assert!(provider.seen().is_empty());
    let mut idle = message("Hi", false);
    idle["n_predict"] = Value::Null;
    assert_eq!(ask(&gateway, &key, &idle).await.0, 200);
}

/// A gateway whose price book has these rows beside its own.
fn with_prices(provider: &Provider, rows: &str) -> Gateway {
    let folder = Setup::of(&[provider.base_url()]).folder();
    let file = folder.path().join("prices.yaml");
    let prices = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, prices + rows).unwrap();
    Gateway::start_in(folder)
}

const DEAR: &str = "per_million_tokens: { input_usd: 1, output_usd: 1, max_output_tokens: 1000, \
                    context_tokens: 100000 } }\n";

#[tokio::test]
async fn the_price_of_the_model_that_answered_settles() {
    // The scripted provider says that `mock-1` answered: 7 and 3 tokens.
    let provider = Provider::start(Script::Chat).await;
    let row = format!("  - {{ provider: p0, model: mock-1, {DEAR}");
    let gateway = with_prices(&provider, &row);
    ask(&gateway, &gateway.key(), &message("Hi", false)).await;
    let outcome = &records::of_kind(&gateway.data(), Kind::Outcome)[0];
    let charge = &outcome["charges"][0];
    assert_eq!(
        (charge["model"].as_str(), charge["nano_usd"].as_str()),
        (Some("mock-1"), Some("10000"))
    );
    let gateway = with_prices(&provider, "");
    ask(&gateway, &gateway.key(), &message("Hi", false)).await;
    let outcome = &records::of_kind(&gateway.data(), Kind::Outcome)[0];
    let charge = &outcome["charges"][0];
    assert_eq!(
        (charge["nano_usd"].as_str(), &charge["unpriced_answer"]),
        (Some("1000"), &json!(true))
    );
}

#[tokio::test]
async fn a_service_tier_costs_its_own_price_or_is_refused() {
    let script = Script::With(|seen: &Seen| {
        let mut body = completion(&json!({"prompt_tokens": 7, "completion_tokens": 3}));
        body["service_tier"] = seen.json()["service_tier"].clone();
        answer(&body)
    });
    let provider = Provider::start(script).await;
    let row = format!("  - {{ provider: p0, model: upstream-m, service_tier: priority, {DEAR}");
    let gateway = with_prices(&provider, &row);
    let key = gateway.key();
    let tiered = |tier: &str| {
        let mut asked = message("Hi", false);
        asked["service_tier"] = tier.into();
        asked
    };
    assert_eq!(ask(&gateway, &key, &tiered("default")).await.0, 200);
    assert_eq!(ask(&gateway, &key, &tiered("priority")).await.0, 200);
    let (status, text) = ask(&gateway, &key, &tiered("flex")).await;
    let error: Value = serde_json::from_str(&text).unwrap();
    assert_eq!((status, error["error"]["param"].as_str()), (400, Some("service_tier")), "{text}");
    let outcomes = records::of_kind(&gateway.data(), Kind::Outcome);
    let costs: Vec<_> = outcomes.iter().map(|o| records::nano(o, "cost_nano_usd")).collect();
    assert_eq!(costs, [1000, 10_000]);
    assert_eq!(outcomes[1]["charges"][0]["service_tier"], "priority");
    let intents = records::of_kind(&gateway.data(), Kind::Intent);
    assert_eq!(intents[1]["quotes"][0]["service_tier"], "priority");
    assert_eq!(provider.seen().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_46_a_thousand_at_once_against_a_budget_for_a_hundred() {
    let provider = Provider::start(Script::Chat).await;
    let asked = message("Hi", false);
    let worst_case = (asked.to_string().len() as u64 + 10) * 100;
    let limit = worst_case * 100;
    let budget = format!("0.{limit:09}").leak();
    let gateway = Setup { budget_usd: budget, ..Setup::of(&[provider.base_url()]) }.start();
    let key = gateway.key();
    let clients: Vec<_> = (0..8).map(|_| client(true)).collect();
    let calls = (0..1000).map(|index| {
        let request = clients[index % 8].post(gateway.chat_url()).bearer_auth(&key);
        let call = request.body(asked.to_string()).send();
        async move { call.await.map_or(0, |answer| answer.status().as_u16()) }
    });
    let calls = futures_util::stream::iter(calls).buffer_unordered(1000);
    let statuses: Vec<u16> = calls.collect().await;
    assert!(statuses.iter().all(|status| matches!(status, 200 | 429)), "{statuses:?}");
    let outcomes = records::of_kind(&gateway.data(), Kind::Outcome);
    let spent: u64 = outcomes.iter().map(|o| records::nano(o, "cost_nano_usd")).sum();
    assert!(spent <= limit && outcomes.len() >= 100, "{spent} of {limit}, {}", outcomes.len());
    let told = gateway.command(&["spend", "--json"]);
    let accounts: Value = serde_json::from_slice(&told.stdout).unwrap();
    assert_eq!(records::nano(&accounts[0], "held_nano_usd"), 0, "no hold is left");
    assert_eq!(records::nano(&accounts[0], "settled_nano_usd"), spent);
}
