//! The fault matrix: what can go wrong with a provider, each in front of one that answers and each
//! alone, whole and streamed. For every cell: what the client gets, which attempts the ledger names,
//! what is settled, and that no word of an answer comes twice.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use inferlayer_ledger::Kind;
use serde_json::Value;
use support::gateway::Setup;
use support::provider::blackhole;
use support::{Gateway, Provider, Script, Then, chat, client, events, records, text};

/// What the good provider's answer costs at the tests' prices, in nano-dollars.
const ANSWER_COST: u64 = 1000;

/// A provider that fails, and what its attempt is called.
struct Fault {
    what: &'static str,
    at: At,
    attempt: &'static str,
    /// The provider may bill although nothing of an answer was seen.
    billed: bool,
    /// What the client gets when there is nobody else.
    alone: (u16, &'static str),
}

/// Where the fault is.
enum At {
    Refused,
    Blackhole,
    NoName,
    Script(Script),
}

const fn fault(
    what: &'static str,
    script: Script,
    attempt: &'static str,
    billed: bool,
    alone: (u16, &'static str),
) -> Fault {
    Fault { what, at: At::Script(script), attempt, billed, alone }
}

const FAILED: (u16, &str) = (502, "upstream_error");
const LATE: (u16, &str) = (504, "upstream_timeout");
const BUSY: (u16, &str) = (429, "upstream_rate_limited");

const HTML: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/html\r\ncontent-length: 38\r\n\r\n\
                      <html><body>down for now</body></html>";
const ELSEWHERE: &[u8] = b"HTTP/1.1 307 Temporary Redirect\r\nlocation: http://127.0.0.1:1/v1\r\n\
                           content-length: 0\r\n\r\n";
const CUT_JSON: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\n\
                          content-length: 500\r\n\r\n{\"id\":\"c1\",\"choices\":[";
const GARBAGE_SSE: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n\
                             data: <<<not json>>>\n\ndata: {\"choices\":[]}\n\n";
const ERROR_SSE: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n\
                           : waking up\n\ndata: {\"error\":{\"message\":\"overloaded\"}}\n\n";
const EMPTY_SSE: &[u8] = b"HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";

/// Everything that fails before a word of an answer.
fn before_the_first_word() -> Vec<Fault> {
    let error = r#"{"error":{"message":"quota","type":"server_error","code":"x"}}"#;
    let slow = r#"{"error":{"message":"slow down"}}"#;
    vec![
        Fault { at: At::Refused, ..fault("refused", Script::Silence, "refused", false, FAILED) },
        Fault {
            at: At::Blackhole,
            ..fault("blackholed", Script::Silence, "connect_timeout", false, LATE)
        },
        Fault { at: At::NoName, ..fault("no name", Script::Silence, "unresolved", false, FAILED) },
        fault("slow first byte", Script::Silence, "first_byte_timeout", true, LATE),
        fault("reset before the first byte", Script::Reset, "no_http", false, FAILED),
        fault("closed before the first byte", Script::Raw(b""), "no_http", false, FAILED),
        fault("closed within the answer", Script::Raw(CUT_JSON), "broken", true, FAILED),
        fault("stuck within the answer", Script::Hang(CUT_JSON), "broken", true, FAILED),
        fault("429", Script::Status(429, "retry-after: 3600", slow), "status 429", false, BUSY),
        fault("500", Script::Status(500, "x: y", "{}"), "status 500", false, FAILED),
        fault(
            "200 and an error",
            Script::Status(200, "x: y", error),
            "error_answer 200",
            false,
            FAILED,
        ),
        fault(
            "200 and no answer",
            Script::Status(200, "x: y", "{}"),
            "unreadable_answer 200",
            true,
            FAILED,
        ),
        fault("200 and a page", Script::Raw(HTML), "unreadable_answer 200", true, FAILED),
        fault("a redirect", Script::Raw(ELSEWHERE), "status 307", false, FAILED),
        fault("a stream of garbage", Script::Raw(GARBAGE_SSE), "bad_answer", true, FAILED),
        fault("a stream of an error", Script::Raw(ERROR_SSE), "error_answer 200", false, FAILED),
        fault("a stream of nothing", Script::Raw(EMPTY_SSE), "broken", true, FAILED),
    ]
}

#[tokio::test]
async fn a_fault_before_the_first_word_is_the_next_providers_answer() {
    let answering = Provider::start(Script::Chat).await;
    for Fault { what, at, attempt, billed, .. } in before_the_first_word() {
        let (url, _kept) = at.url().await;
        let gateway = Gateway::start(&[url, answering.base_url()]);
        let key = gateway.key();
        for stream in [false, true] {
            let case = format!("{what}, stream {stream}");
            let (status, answer) = ask(&gateway, &key, stream).await;
            assert_eq!(status, 200, "{case}: {answer}");
            assert_eq!(answer_text(&answer, stream), "Hello wörld", "{case}: {answer}");
            let (held, outcome) = last(&gateway);
            assert_eq!(records::attempts(&outcome), [attempt, "answered 200"], "{case}");
            assert_eq!(outcome["ending"], "complete", "{case}");
            let unseen = if billed { held } else { 0 };
            assert_eq!(records::nano(&outcome, "cost_nano_usd"), ANSWER_COST + unseen, "{case}");
            assert_eq!(outcome["estimated"], billed, "{case}");
        }
    }
}

#[tokio::test]
async fn a_fault_of_the_only_provider_is_a_clear_error() {
    for Fault { what, at, attempt, billed, alone: (status, code) } in before_the_first_word() {
        let (url, _kept) = at.url().await;
        let gateway = Gateway::start(&[url]);
        let key = gateway.key();
        for stream in [false, true] {
            let case = format!("{what}, stream {stream}");
            let (told, answer) = ask(&gateway, &key, stream).await;
            assert_eq!(told, status, "{case}: {answer}");
            let error: Value = serde_json::from_str(&answer).expect(&case);
            assert_eq!(error["error"]["code"], code, "{case}");
            assert!(!answer.contains("127.0.0.1"), "{case}: an address is nobody's business");
            let (held, outcome) = last(&gateway);
            assert_eq!(records::attempts(&outcome), [attempt], "{case}");
            assert_eq!(outcome["ending"], "failed", "{case}");
            let cost = if billed { held } else { 0 };
            assert_eq!(records::nano(&outcome, "cost_nano_usd"), cost, "{case}");
        }
    }
}

#[tokio::test]
async fn a_fault_after_the_first_word_ends_in_an_error_event_and_is_not_repeated() {
    const GARBAGE: &str = "<<<not json>>>";
    let other = Provider::start(Script::Chat).await;
    for (what, script) in [
        ("reset", Script::After(2, Then::Cut)),
        ("hang", Script::After(2, Then::Hang)),
        ("garbage", Script::After(2, Then::Say(GARBAGE))),
        ("an error", Script::After(2, Then::Say(r#"{"error":{"message":"overloaded"}}"#))),
        ("the end without an end", Script::After(2, Then::End)),
    ] {
        let failing = Provider::start(script).await;
        let gateway = Gateway::start(&[failing.base_url(), other.base_url()]);
        let (status, answer) = ask(&gateway, &gateway.key(), true).await;
        assert_eq!(status, 200, "{what}");
        assert!(!answer.contains(GARBAGE) && !answer.contains("[DONE]"), "{what}: {answer}");
        let (json, _) = events(&answer);
        assert_eq!(text(&json), "word word ", "{what}: {answer}");
        let errors: Vec<_> = json.iter().filter(|event| event.get("error").is_some()).collect();
        let [error] = errors.as_slice() else { panic!("{what}: {answer}") };
        // The provider's own error is the last word, and the only one.
        let own = error["error"]["message"] == "overloaded";
        assert!(own == (what == "an error"), "{what}: {answer}");
        assert!(own || error["error"]["code"] == "upstream_error", "{what}: {answer}");
        assert!(other.seen().is_empty(), "{what}: the next provider was asked");
        let (held, outcome) = last(&gateway);
        assert_eq!(records::attempts(&outcome), ["answered 200"], "{what}");
        assert_eq!(outcome["ending"], "upstream_cut", "{what}");
        let cost = records::nano(&outcome, "cost_nano_usd");
        assert!(0 < cost && cost <= held && outcome["estimated"] == true, "{what}: {outcome}");
    }
}

#[tokio::test]
async fn a_provider_that_fails_again_and_again_is_left_alone_and_tried_out_later() {
    let failing = Provider::start(Script::Status(500, "x: y", "{}")).await;
    let answering = Provider::start(Script::Chat).await;
    let settings = "breaker: { failures: 3, open_seconds: 1 }";
    let setup = Setup::of(&[failing.base_url(), answering.base_url()]);
    let gateway = Setup { provider_settings: settings, ..setup }.start();
    let key = gateway.key();
    for _ in 0..5 {
        assert_eq!(ask(&gateway, &key, false).await.0, 200);
    }
    assert_eq!(failing.seen().len(), 3, "asked while it was to be left alone");
    let (_, outcome) = last(&gateway);
    assert_eq!(records::attempts(&outcome), ["circuit_open", "answered 200"]);
    assert_eq!(records::nano(&outcome, "cost_nano_usd"), ANSWER_COST);
    tokio::time::sleep(std::time::Duration::from_millis(1100)).await;
    ask(&gateway, &key, false).await;
    assert_eq!(failing.seen().len(), 4, "one request tries it out");
    ask(&gateway, &key, false).await;
    assert_eq!(failing.seen().len(), 4, "and it failed again");
}

#[tokio::test]
async fn when_all_are_left_alone_the_caller_is_told_when_to_come_back() {
    let failing = Provider::start(Script::Status(500, "x: y", "{}")).await;
    let setup = Setup::of(&[failing.base_url()]);
    let settings = "breaker: { failures: 1, open_seconds: 20 }";
    let gateway = Setup { provider_settings: settings, ..setup }.start();
    let key = gateway.key();
    assert_eq!(ask(&gateway, &key, false).await.0, 502);
    let request = client(false).post(gateway.chat_url()).bearer_auth(&key);
    let answer = request.body(chat("m", false, 100)).send().await.unwrap();
    assert_eq!(answer.status(), 503);
    let seconds: u64 = answer.headers()["retry-after"].to_str().unwrap().parse().unwrap();
    assert!((1..=20).contains(&seconds), "{seconds}");
    assert_eq!(answer.json::<Value>().await.unwrap()["error"]["code"], "upstream_unavailable");
    assert_eq!(failing.seen().len(), 1);
    let (_, outcome) = last(&gateway);
    assert_eq!(records::nano(&outcome, "cost_nano_usd"), 0);
}

impl At {
    /// A base URL, and what has to be kept for it to stay as it is.
    async fn url(self) -> (String, Vec<tokio::net::TcpStream>) {
        match self {
            At::Refused => (format!("http://{}/v1", Provider::refused().await), Vec::new()),
            At::NoName => ("http://does-not-exist.invalid/v1".to_owned(), Vec::new()),
            At::Script(script) => (Provider::start(script).await.base_url(), Vec::new()),
            At::Blackhole => {
                let (address, kept) = blackhole().await;
                (format!("http://{address}/v1"), kept)
            }
        }
    }
}

async fn ask(gateway: &Gateway, key: &str, stream: bool) -> (u16, String) {
    let request = client(false).post(gateway.chat_url()).bearer_auth(key);
    let answer = request.body(chat("m", stream, 100)).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

fn answer_text(answer: &str, stream: bool) -> String {
    if stream {
        let (json, done) = events(answer);
        assert!(done, "{answer}");
        return text(&json);
    }
    let answer: Value = serde_json::from_str(answer).unwrap();
    answer["choices"][0]["message"]["content"].as_str().unwrap().to_owned()
}

/// What the last intent held for one attempt, and the last outcome.
fn last(gateway: &Gateway) -> (u64, Value) {
    let intents = records::of_kind(&gateway.data(), Kind::Intent);
    let outcomes = records::of_kind(&gateway.data(), Kind::Outcome);
    let held = records::nano(intents.last().unwrap(), "hold_nano_usd");
    (held, outcomes.last().unwrap().clone())
}
