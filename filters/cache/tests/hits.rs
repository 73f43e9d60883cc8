//! What is given again, in which form, for how long, and what the caller can say about it.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::fs;

use common::*;
use inferlayer_cache::CacheStatus;
use inferlayer_records::Ending;

async fn keep(gateway: &Gateway, body: &str, content: &str) -> inferlayer_ledger::Receipt {
    let mut x = gateway.request(0, body);
    assert!(gateway.ask(&mut x).await.unwrap().is_none());
    gateway.provide(&mut x, &Provided::whole(content)).await.unwrap()
}

async fn hit(gateway: &Gateway, body: &str) -> Option<String> {
    let mut x = gateway.request(0, body);
    gateway.ask(&mut x).await.unwrap().map(|answer| text(&answer))
}

#[tokio::test]
async fn the_same_question_gets_the_recorded_answer() {
    let (gateway, _data) = Gateway::new("{}");
    let receipt = keep(&gateway, &question("hi"), &completion("hello")).await;
    gateway.clock.pass_seconds(5);
    let mut x = gateway.request(0, &question("  hi\\r\\n"));
    let answer = gateway.ask(&mut x).await.unwrap().unwrap();
    let body: serde_json::Value = serde_json::from_slice(&answer.body).unwrap();
    assert_eq!(body["choices"][0]["message"]["content"], "hello");
    assert_eq!(body["id"], format!("chatcmpl-{}", x.id));
    assert_eq!(body["created"], 1_800_000_005);
    assert_eq!(body["usage"]["prompt_tokens"], 11, "from the outcome: the answer told none");
    let hit = x.hit.peek().unwrap();
    assert_eq!((hit.source_sequence, hit.source_hash), (receipt.sequence(), receipt.record_hash()));
    assert_eq!((hit.age_seconds, hit.saved.nano(), hit.simulated), (5, 77, true));
    assert_eq!(status(&x), CacheStatus::HitExact);
    let headers = gateway.headers(&mut x);
    assert_eq!(
        (&headers["x-inferlayer-cache"], &headers["age"]),
        (&"hit-exact".parse().unwrap(), &5.into())
    );
    gateway.filter.response_end(&mut x).await.unwrap();
    assert!(x.admission.peek().is_none(), "what was given again is not kept again");
}

#[tokio::test]
async fn either_form_is_given_from_either() {
    for (asked, content) in [(question("q"), completion("a b")), (streamed("q"), stream("a b"))] {
        let (gateway, _data) = Gateway::new("{}");
        keep(&gateway, &asked, &content).await;
        let whole = hit(&gateway, &question("q")).await.unwrap();
        assert!(whole.contains(r#""content":"a b""#), "{whole}");
        let mut x = gateway.request(0, &streamed("q"));
        let answer = gateway.ask(&mut x).await.unwrap().unwrap();
        assert_eq!(answer.head.headers["content-type"], "text/event-stream; charset=utf-8");
        let events = text(&answer);
        assert!(events.contains(r#""content":" b""#) && events.ends_with("\n\ndata: [DONE]\n\n"));
        assert!(!events.contains("usage"));
        let with_usage = streamed("q").replace(
            r#""stream":true"#,
            r#""stream":true,"stream_options":{"include_usage":true}"#,
        );
        let events = hit(&gateway, &with_usage).await.unwrap();
        assert!(
            events.contains(r#""usage":{"prompt_tokens":11,"completion_tokens":22"#),
            "{events}"
        );
    }
}

#[tokio::test]
async fn an_answer_is_given_until_its_time_is_over() {
    let (gateway, _data) = Gateway::new(r#"{"ttl_seconds": 60}"#);
    keep(&gateway, &question("q"), &completion("a")).await;
    gateway.clock.pass_seconds(59);
    assert!(hit(&gateway, &question("q")).await.is_some());
    gateway.clock.pass_seconds(1);
    assert!(hit(&gateway, &question("q")).await.is_none());
}

const YEAR_SECONDS: u32 = 365 * 24 * 3600;

#[tokio::test]
async fn an_answer_kept_while_the_clock_was_wrong_is_given_no_longer_than_its_time() {
    for jump in [i64::from(YEAR_SECONDS), 3, -3600] {
        let (gateway, _data) = Gateway::new(r#"{"ttl_seconds": 60}"#);
        gateway.clock.jump(jump);
        keep(&gateway, &question("q"), &completion("a")).await;
        gateway.clock.jump(-jump);
        gateway.clock.pass_seconds(59);
        assert!(hit(&gateway, &question("q")).await.is_some(), "{jump}");
        gateway.clock.pass_seconds(2);
        assert_eq!(hit(&gateway, &question("q")).await, None, "{jump}");
    }
}

#[tokio::test]
async fn an_answer_of_a_false_future_does_not_outlive_a_restart() {
    let settings = r#"{"ttl_seconds": 3600}"#;
    // For a moment, and for a whole run.
    for (run_seconds, jump) in [(0, YEAR_SECONDS), (YEAR_SECONDS, 0)] {
        let data = tempfile::tempdir().unwrap();
        let gateway = Gateway::open(data.path(), settings, run_seconds.into());
        gateway.clock.jump(jump.into());
        keep(&gateway, &question("q"), &completion("a")).await;
        gateway.ledger.close().unwrap();
        drop(gateway);
        let gateway = Gateway::open(data.path(), settings, 10);
        assert_eq!(hit(&gateway, &question("q")).await, None, "{run_seconds} {jump}");
    }
}

#[tokio::test]
async fn the_caller_controls_what_it_gets() {
    let (gateway, _data) = Gateway::new("{}");
    keep(&gateway, &question("q"), &completion("first")).await;
    gateway.clock.pass_seconds(10);
    let ask = async |name: &'static str, value: &'static str| {
        let mut x = gateway.request(0, &question("q"));
        x.head.headers.insert(name, value.parse().unwrap());
        let hit = gateway.ask(&mut x).await.unwrap().is_some();
        (hit, gateway.headers(&mut x)["x-inferlayer-cache"].clone(), x)
    };
    for (name, value, expected) in [
        ("cache-control", "max-age=10", "hit-exact"),
        ("cache-control", "max-age=9", "miss"),
        ("cache-control", "no-store", "bypass;no-store"),
        ("x-inferlayer-cache", "off", "bypass;off"),
        ("cache-control", "only-if-cached", "hit-exact"),
    ] {
        let (hit, header, mut x) = ask(name, value).await;
        assert_eq!((hit, header.to_str().unwrap()), (expected == "hit-exact", expected), "{value}");
        if value == "no-store" || value == "off" {
            gateway.provide(&mut x, &Provided::whole(&completion("not kept"))).await;
            assert!(x.admission.peek().is_none());
        }
    }
    let (hit_anew, header, mut x) = ask("cache-control", "no-cache").await;
    assert_eq!((hit_anew, &header), (false, &"bypass;no-cache".parse().unwrap()));
    gateway.provide(&mut x, &Provided::whole(&completion("second"))).await;
    assert!(hit(&gateway, &question("q")).await.unwrap().contains("second"));
}

#[tokio::test]
async fn only_if_cached_asks_nobody() {
    let (gateway, _data) = Gateway::new("{}");
    let further = [question("unknown"), question("q").replace(r#""m""#, r#""m","n":2"#)];
    for body in further {
        let mut x = gateway.request(0, &body);
        x.head.headers.insert("cache-control", "only-if-cached".parse().unwrap());
        let refusal = gateway.ask(&mut x).await.map(drop).unwrap_err();
        assert_eq!(refusal.response().code, Some("not_cached"), "{body}");
    }
    let mut x = gateway.request(0, &question("unknown"));
    assert!(gateway.ask(&mut x).await.unwrap().is_none(), "nobody leads who does not go on");
}

#[tokio::test]
async fn requests_that_ask_for_more_than_an_answer_pass_by() {
    let (gateway, _data) = Gateway::new(r#"{"temperature_max": 0.5}"#);
    for (further, expected) in [
        (r#","temperature":0.6"#, "bypass;sampling"),
        (r#","temperature":0.5"#, "miss"),
        (r#","n":2"#, "bypass;choices"),
        (r#","tools":[{"type":"function","function":{"name":"f"}}]"#, "bypass;tools"),
    ] {
        let mut x =
            gateway.request(0, &question("q").replace(r#""m""#, &format!(r#""m"{further}"#)));
        gateway.serve(&mut x, &Provided::whole(&completion("a"))).await;
        assert_eq!(gateway.headers(&mut x)["x-inferlayer-cache"], expected);
        assert_eq!(x.admission.peek().is_some(), expected == "miss");
    }
}

#[tokio::test]
async fn only_whole_answers_of_the_model_meant_are_kept() {
    let (gateway, _data) = Gateway::new(r#"{"answer_bytes": 4096}"#);
    let ended = |reason: &str| completion("a").replace("\"stop\"", reason);
    let (long, length, none) = (completion(&"a".repeat(5000)), ended("\"length\""), ended("null"));
    let two =
        completion("a").replace("[{", r#"[{"index":1,"message":{},"finish_reason":"stop"},{"#);
    let call = r#""tool_calls":[{"index":0,"function":{"name":"f","arguments":"{}"}}]"#;
    let calls = completion("a").replace(r#""content":"a""#, call);
    let cut_stream = stream("a").replace(r#","finish_reason":"stop""#, "");
    let failed_stream = stream("a") + "data: {\"error\":{\"message\":\"m\"}}\n\n";
    let calling = stream("a").replace(r#""content":"a""#, call);
    let plain = Provided::whole("");
    let whole = completion("a");
    for (number, provided) in [
        Provided { content: &long, ..plain },
        Provided { content: &length, ..plain },
        Provided { content: &none, ..plain },
        Provided { content: &two, ..plain },
        Provided { content: &calls, ..plain },
        Provided { content: &cut_stream, ..plain },
        // As the proxy tells of a stream that ended in an error.
        Provided { content: &failed_stream, ending: Ending::UpstreamCut, ..plain },
        Provided { content: &calling, ..plain },
        Provided { content: r#"{"error":{"message":"m"}}"#, ..plain },
        Provided { content: "<html>", ..plain },
        Provided { content: "", ..plain },
        Provided { status: 400, ..Provided::whole(&whole) },
        Provided { fallback: true, ..Provided::whole(&whole) },
        Provided { cut: true, ..Provided::whole(&whole) },
        Provided { ending: Ending::ClientGone, ..Provided::whole(&whole) },
        Provided { ending: Ending::UpstreamCut, ..Provided::whole(&whole) },
        Provided { recorded: false, ..Provided::whole(&whole) },
    ]
    .into_iter()
    .enumerate()
    {
        let mut x = gateway.request(0, &question("q"));
        assert!(gateway.ask(&mut x).await.unwrap().is_none());
        gateway.provide(&mut x, &provided).await;
        assert_eq!(x.admission.peek().is_some(), !provided.recorded, "{number}");
        assert!(hit(&gateway, &question("q")).await.is_none(), "{number}");
    }
}

#[tokio::test]
async fn a_record_that_is_gone_or_edited_is_a_miss() {
    let (gateway, data) = Gateway::new("{}");
    let receipt = keep(&gateway, &question("q"), &completion("a")).await;
    assert!(hit(&gateway, &question("q")).await.is_some());
    let file = data.path().join("journal/00000000000000000000.ilj");
    let whole = fs::read(&file).unwrap();
    let mut edited = whole.clone();
    // In the outcome's sealed content: the checkpoint behind it is about 200 bytes.
    let at = edited.len() - 300;
    edited[at] ^= 1;
    fs::write(&file, &edited).unwrap();
    assert!(gateway.ledger.read(receipt.place(), receipt.record_hash()).is_err());
    assert!(hit(&gateway, &question("q")).await.is_none());
    fs::write(&file, &whole).unwrap();
    assert!(hit(&gateway, &question("q")).await.is_none(), "its entry was dropped");
    keep(&gateway, &question("r"), &completion("a")).await;
    fs::remove_file(&file).unwrap();
    assert!(hit(&gateway, &question("r")).await.is_none());
}

#[tokio::test]
async fn old_answers_make_room() {
    let (gateway, _data) = Gateway::new(r#"{"tenant_bytes": 65536}"#);
    for number in 0..400 {
        keep(&gateway, &question(&format!("q{number}")), &completion("a")).await;
    }
    let mut kept = 0;
    for number in 0..400 {
        kept += usize::from(hit(&gateway, &question(&format!("q{number}"))).await.is_some());
    }
    let room = 65536 / usize::try_from(inferlayer_cache::index::ENTRY_BYTES).unwrap();
    assert!((room / 2..=room).contains(&kept), "{kept} of {room}");
}

#[tokio::test]
async fn a_restart_finds_what_is_fresh() {
    let data = tempfile::tempdir().unwrap();
    let first = Gateway::open(data.path(), "{}", 0);
    keep(&first, &question("old"), &completion("old answer")).await;
    first.clock.pass_seconds(3000);
    keep(&first, &question("new"), &completion("new answer")).await;
    drop(first);
    let second = Gateway::open(data.path(), "{}", 3700);
    assert!(hit(&second, &question("old")).await.is_none());
    assert!(hit(&second, &question("new")).await.unwrap().contains("new answer"));
    drop(second);
    let configured_anew = Gateway::open(data.path(), r#"{"ttl_seconds": 3600}"#, 3700);
    assert!(
        hit(&configured_anew, &question("new")).await.is_none(),
        "names may lead elsewhere now"
    );
}

#[test]
fn settings_hold_no_bad_values() {
    let read = serde_json::from_str::<inferlayer_cache::CacheSettings>;
    assert!(read("{}").is_ok());
    for bad in [
        r#"{"ttl_seconds":0}"#,
        r#"{"ttl_seconds":86401}"#,
        r#"{"tenant_bytes":65535}"#,
        r#"{"answer_bytes":0}"#,
        r#"{"answer_bytes":67108865}"#,
        r#"{"temperature_max":-0.1}"#,
        r#"{"temperature_max":2.1}"#,
        r#"{"wait_seconds":601}"#,
        r#"{"followers_max":65537}"#,
        r#"{"unknown":1}"#,
    ] {
        assert!(read(bad).is_err(), "{bad}");
    }
}
