//! The cache in a running gateway: the same question is paid for once, nobody gets what another
//! asked, and every answer has its record.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use inferlayer_ledger::Kind;
use reqwest::Response;
use serde_json::{Value, json};
use support::gateway::Setup;
use support::{Gateway, Provider, Script, client, events, records, text};

fn setup(provider: &Provider) -> Setup {
    Setup {
        before_route: "  - cache: {}\n",
        more_tenants: "  - { name: b, budget_usd: 1 }\n",
        ..Setup::of(&[provider.base_url()])
    }
}

fn question(text: &str, stream: bool) -> Value {
    let messages = json!([{"role": "user", "content": text}]);
    json!({"model": "m", "max_tokens": 10, "stream": stream, "messages": messages})
}

async fn ask(gateway: &Gateway, key: &str, body: &Value) -> Response {
    ask_with(gateway, key, body, "", "").await
}

async fn ask_with(
    gateway: &Gateway,
    key: &str,
    body: &Value,
    header: &'static str,
    value: &str,
) -> Response {
    let mut request = client(false).post(gateway.chat_url()).bearer_auth(key).json(body);
    if !header.is_empty() {
        request = request.header(header, value);
    }
    request.send().await.unwrap()
}

fn said(answer: &Response) -> String {
    answer.headers()["x-inferlayer-cache"].to_str().unwrap().to_owned()
}

async fn content(answer: Response) -> String {
    let answer: Value = answer.json().await.unwrap();
    answer["choices"][0]["message"]["content"].as_str().unwrap().to_owned()
}

#[tokio::test]
async fn the_second_answer_is_free_and_names_the_first() {
    let provider = Provider::start(Script::Chat).await;
    let gateway = setup(&provider).start();
    let key = gateway.key();
    let first = ask(&gateway, &key, &question("Hi", false)).await;
    assert_eq!(said(&first), "miss");
    assert_eq!(content(first).await, "Hello wörld");
    let second = ask(&gateway, &key, &question("Hi", false)).await;
    assert_eq!(said(&second), "hit-exact");
    assert_eq!(second.headers()["x-inferlayer-cost"], "0");
    assert!(second.headers().contains_key("age"));
    assert!(second.headers()["x-inferlayer-receipt"].to_str().unwrap().starts_with("v1."));
    assert_eq!(content(second).await, "Hello wörld");
    assert_eq!(provider.seen().len(), 1);

    let outcomes = records::of_kind(&gateway.data(), Kind::Outcome);
    let hits = records::of_kind(&gateway.data(), Kind::Hit);
    assert_eq!((outcomes.len(), hits.len()), (1, 1));
    assert_eq!(hits[0]["saved_nano_usd"], outcomes[0]["cost_nano_usd"]);
    assert_eq!(hits[0]["status"], 200);
    let (folder, _) = gateway.stop();
    assert!(records::assert_verifies(folder.path()).contains("hit 1"));
}

#[tokio::test]
async fn streams_and_whole_answers_stand_for_each_other() {
    let provider = Provider::start(Script::Chat).await;
    let gateway = setup(&provider).start();
    let key = gateway.key();
    for (question_text, first_is_stream) in [("whole first", false), ("stream first", true)] {
        ask(&gateway, &key, &question(question_text, first_is_stream)).await.text().await.unwrap();
        let whole = ask(&gateway, &key, &question(question_text, false)).await;
        assert_eq!(said(&whole), "hit-exact");
        assert_eq!(content(whole).await, "Hello wörld");
        let stream = ask(&gateway, &key, &question(question_text, true)).await;
        assert_eq!(said(&stream), "hit-exact");
        assert!(
            stream.headers()["content-type"].to_str().unwrap().starts_with("text/event-stream")
        );
        let stream = stream.text().await.unwrap();
        let (json, done) = events(&stream);
        assert!(done && text(&json) == "Hello wörld", "{stream}");
        assert_eq!(json.last().unwrap()["choices"][0]["finish_reason"], "stop", "{stream}");
    }
    assert_eq!(provider.seen().len(), 2);
}

#[tokio::test]
async fn two_tenants_with_one_question_do_not_cross() {
    let provider = Provider::start(Script::Chat).await;
    let gateway = setup(&provider).start();
    let (a, b) = (gateway.key(), gateway.key_of("b"));
    for round in 1..=2 {
        for key in [&a, &b] {
            let answer = ask(&gateway, key, &question("a secret of mine", false)).await;
            assert_eq!(said(&answer), if round == 1 { "miss" } else { "hit-exact" });
        }
    }
    assert_eq!(provider.seen().len(), 2, "each tenant's first question is its own");
    // Another key of the same tenant is the same tenant.
    let answer = ask(&gateway, &gateway.key(), &question("a secret of mine", false)).await;
    assert_eq!(said(&answer), "hit-exact");
}

#[tokio::test]
async fn a_hundred_at_once_are_one_call_and_a_hundred_records() {
    let provider = Provider::start(Script::Chat).await;
    let gateway = setup(&provider).start();
    let key = gateway.key();
    let client = client(false);
    let ask = |index: usize| {
        let body = question("all at once", index % 2 == 1);
        let request = client.post(gateway.chat_url()).bearer_auth(&key).json(&body);
        async move { request.send().await.unwrap().text().await.unwrap() }
    };
    let answers = futures_util::future::join_all((0..100).map(ask)).await;
    for (index, answer) in answers.iter().enumerate() {
        let whole = match index % 2 {
            0 => {
                let answer: Value = serde_json::from_str(answer).unwrap();
                answer["choices"][0]["message"]["content"].as_str().unwrap().to_owned()
            }
            _ => text(&events(answer).0),
        };
        assert_eq!(whole, "Hello wörld", "{index}: {answer}");
    }
    assert_eq!(provider.seen().len(), 1);
    let count = |kind| records::of_kind(&gateway.data(), kind).len();
    assert_eq!((count(Kind::Intent), count(Kind::Outcome), count(Kind::Hit)), (1, 1, 99));
}

#[tokio::test]
async fn those_who_wait_for_a_failure_go_on_alone() {
    let provider = Provider::start(Script::Status(500, "x: y", "{}")).await;
    let gateway = setup(&provider).start();
    let key = gateway.key();
    let body = question("will fail", false);
    let asked = (0..20).map(|_| ask(&gateway, &key, &body));
    for answer in futures_util::future::join_all(asked).await {
        assert_eq!(answer.status(), 502);
    }
    assert_eq!(provider.seen().len(), 20);
    assert_eq!(records::of_kind(&gateway.data(), Kind::Hit).len(), 0);
}

#[tokio::test]
async fn a_spent_budget_still_gets_its_free_answers() {
    let provider = Provider::start(Script::Chat).await;
    let gateway = Setup { budget_usd: "0.00002", ..setup(&provider) }.start();
    let key = gateway.key();
    assert_eq!(ask(&gateway, &key, &question("Hi", false)).await.status(), 200);
    let mut dear = question("Hi", false);
    dear["max_tokens"] = 1000.into();
    assert_eq!(ask(&gateway, &key, &dear).await.status(), 429);
    let again = ask(&gateway, &key, &question("Hi", false)).await;
    assert_eq!((again.status().as_u16(), said(&again).as_str()), (200, "hit-exact"));
}

#[tokio::test]
async fn the_caller_decides_what_it_takes() {
    let provider = Provider::start(Script::Chat).await;
    let gateway = setup(&provider).start();
    let key = gateway.key();
    let body = question("Hi", false);
    let only = ask_with(&gateway, &key, &body, "cache-control", "only-if-cached").await;
    assert_eq!(only.status(), 504);
    assert_eq!(only.json::<Value>().await.unwrap()["error"]["code"], "not_cached");
    assert_eq!(provider.seen().len(), 0);
    for (header, value, told, calls) in [
        ("cache-control", "no-store", "bypass;no-store", 1),
        ("cache-control", "max-age=60", "miss", 2),
        ("cache-control", "max-age=60", "hit-exact", 2),
        ("cache-control", "only-if-cached", "hit-exact", 2),
        ("cache-control", "no-cache", "bypass;no-cache", 3),
        ("x-inferlayer-cache", "off", "bypass;off", 4),
        ("x-unrelated", "1", "hit-exact", 4),
    ] {
        let answer = ask_with(&gateway, &key, &body, header, value).await;
        assert_eq!((said(&answer).as_str(), answer.status().as_u16()), (told, 200), "{value}");
        assert_eq!(provider.seen().len(), calls, "{value}");
    }
}

#[tokio::test]
async fn what_asks_for_variety_or_tools_is_not_looked_up() {
    let provider = Provider::start(Script::Chat).await;
    let gateway = setup(&provider).start();
    let key = gateway.key();
    let function = json!({"name": "f", "parameters": {"type": "object", "properties": {}}});
    for (field, value) in [
        ("temperature", json!(0.9)),
        ("n", json!(2)),
        ("tools", json!([{"type": "function", "function": function}])),
        ("logprobs", json!(true)),
    ] {
        let mut body = question("Hi", false);
        body[field] = value;
        for _ in 0..2 {
            let answer = ask(&gateway, &key, &body).await;
            assert!(said(&answer).starts_with("bypass;"), "{field}: {}", said(&answer));
        }
    }
    assert_eq!(provider.seen().len(), 8);
}

#[tokio::test]
async fn the_cache_survives_a_restart_and_a_changed_configuration_empties_it() {
    let provider = Provider::start(Script::Chat).await;
    let gateway = setup(&provider).start();
    let key = gateway.key();
    ask(&gateway, &key, &question("Hi", false)).await;
    let (folder, _) = gateway.stop();
    let gateway = Gateway::start_in(folder);
    let again = ask(&gateway, &key, &question("Hi", false)).await;
    assert_eq!(said(&again), "hit-exact");
    assert_eq!(content(again).await, "Hello wörld");

    let (folder, _) = gateway.stop();
    let config = folder.path().join("gateway.yaml");
    let yaml = std::fs::read_to_string(&config).unwrap();
    std::fs::write(&config, yaml.replace("model: upstream-m }", "model: another-m }")).unwrap();
    let prices = folder.path().join("prices.yaml");
    let yaml = std::fs::read_to_string(&prices).unwrap();
    std::fs::write(&prices, yaml.replace("model: upstream-m,", "model: another-m,")).unwrap();
    let gateway = Gateway::start_in(folder);
    let changed = ask(&gateway, &key, &question("Hi", false)).await;
    assert_eq!(said(&changed), "miss", "another model may answer now");
}
