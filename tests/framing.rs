//! Requests whose form leaves room for two readings: refused, told, counted, recorded. And bytes
//! around a request that mean nothing, or something later: they end no request.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::io::Write;
use std::net::Shutdown;
use std::time::{Duration, Instant};

use inferlayer_ledger::Kind;
use support::raw::{H2, answer, ask, assert_refused, connect, fields, metric, rest, status};
use support::{Provider, Script, chat, eventually, gateway::Setup, records};

fn post(key: &str, body: &str, extra: &str) -> String {
    format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\n{extra}\
         content-length: {}\r\n\r\n{body}",
        body.len()
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_refused_for_its_form_is_counted_and_recorded_in_aggregate() {
    let provider = Provider::start(Script::Chat).await;
    let setup = Setup::of(&[provider.base_url()]);
    let gateway = Setup { metrics: "'127.0.0.1:0'", ..setup }.start();
    let bad = b"GET /v1/models HTTP/1.1\r\nhost: a\r\nhost: a\r\n\r\n";
    for _ in 0..20 {
        assert_refused(&ask(gateway.address, bad), 400, "two hosts");
    }
    let metrics = gateway.metrics.unwrap();
    assert_eq!(metric(metrics, "inferlayer_malformed_requests_total{cause=\"bad_host\"} "), 20.0);
    let counted = metric(metrics, "inferlayer_requests_total{status=\"400\",tenant=\"\"} ");
    assert_eq!(counted, 20.0);
    let refusals = || records::of_kind(&gateway.data(), Kind::Refusal);
    let count = || refusals().iter().map(|r| r["count"].as_u64().unwrap()).sum::<u64>();
    eventually("all are recorded", || count() == 20).await;
    assert!(refusals().iter().all(|r| r["code"] == "bad_host" && r["status"] == 400));
    assert!(refusals().len() < 10, "{} records", refusals().len());
    support::bulk::assert_verifies(gateway);
}

#[tokio::test(flavor = "multi_thread")]
async fn over_http_2_the_same_is_refused_on_its_stream() {
    let provider = Provider::start(Script::Chat).await;
    let gateway = Setup::of(&[provider.base_url()]).start();
    let head = [(":method", "GET"), (":scheme", "http"), (":path", "/livez")];
    let mut h2 = H2::connect(gateway.address);
    for (stream, extra) in [
        (1, vec![(":authority", "a b")]),
        (3, vec![(":authority", "a"), ("x_y", "z")]),
        (5, vec![(":authority", "a"), ("content-length", "0, 0")]),
    ] {
        h2.send(1, 5, stream, &fields(&[&head[..], &extra].concat()));
    }
    h2.send(1, 5, 7, &fields(&[&head[..], &[(":authority", "a")]].concat()));
    // A GOAWAY of ours, so that the gateway closes when all is said.
    h2.send(7, 0, 0, &[0; 8]);
    let (told, _) = rest(&mut h2.stream);
    assert!(told.contains("bad_host") || told.contains("bad_header_name"), "{told}");
    assert!(told.contains("\"status\":\"live\""), "its siblings are served: {told}");
    assert!(!told.to_ascii_lowercase().contains("pingora"));
}

#[tokio::test(flavor = "multi_thread")]
async fn bytes_behind_a_request_never_end_it() {
    let provider = Provider::start(Script::Late(Duration::from_millis(1200))).await;
    let gateway = Setup::of(&[provider.base_url()]).start();
    let (key, body) = (gateway.key(), chat("m", false, 100));
    let livez = "GET /livez HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    for (case, behind, expected) in [
        ("a stray CRLF", "\r\n", 1),
        ("a pipelined request", livez, 2),
        ("both", &format!("\r\n\r\n{livez}"), 2),
    ] {
        for at_once in [true, false] {
            let mut stream = connect(gateway.address);
            let request = post(&key, &body, "");
            if at_once {
                stream.write_all(format!("{request}{behind}").as_bytes()).unwrap();
            } else {
                stream.write_all(request.as_bytes()).unwrap();
                std::thread::sleep(Duration::from_millis(400));
                stream.write_all(behind.as_bytes()).unwrap();
            }
            let first = answer(&mut stream);
            assert_eq!(status(&first), 200, "{case}, at once {at_once}: {first}");
            assert!(first.contains("Hello wörld"), "{case}: {first}");
            if expected == 2 {
                let (second, closed) = rest(&mut stream);
                assert!(closed && second.contains("\"status\":\"live\""), "{case}: {second}");
            } else {
                stream.write_all(livez.as_bytes()).unwrap();
                assert_eq!(status(&answer(&mut stream)), 200, "{case}");
            }
        }
    }
    for outcome in records::of_kind(&gateway.data(), Kind::Outcome) {
        assert_eq!(
            (&outcome["ending"], &outcome["estimated"]),
            (&"complete".into(), &false.into())
        );
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn pipelined_requests_are_served_in_order() {
    let provider = Provider::start(Script::Chat).await;
    let gateway = Setup::of(&[provider.base_url()]).start();
    let (key, body) = (gateway.key(), chat("m", false, 30_000));
    let chunked = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\n\
         transfer-encoding: chunked\r\n\r\n{:x}\r\n{body}\r\n0\r\n\r\n",
        body.len()
    );
    let last = "GET /v1/models HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let all = [post(&key, &body, ""), chunked, post(&key, &body, ""), last.to_owned()].concat();
    let mut stream = connect(gateway.address);
    // Nobody reads while this is written, so it must not wait for that.
    let mut writing = stream.try_clone().unwrap();
    let writer = std::thread::spawn(move || writing.write_all(all.as_bytes()));
    for number in 0..3 {
        let told = answer(&mut stream);
        assert!(status(&told) == 200 && told.contains("Hello wörld"), "{number}: {told}");
    }
    let (told, closed) = rest(&mut stream);
    assert!(closed && status(&told) == 401, "{told}");
    writer.join().unwrap().unwrap();
    assert_eq!(provider.seen().len(), 3);
    assert!(provider.seen().iter().all(|seen| seen.body.len() == provider.seen()[0].body.len()));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_has_said_all_and_ended_its_side_gets_its_answer() {
    // Longer than the gateway waits before it asks whether anybody still listens.
    let provider = Provider::start(Script::Late(Duration::from_millis(2500))).await;
    let gateway = Setup {
        provider_settings: "first_byte_timeout_seconds: 20",
        ..Setup::of(&[provider.base_url()])
    }
    .start();
    let key = gateway.key();
    for stream in [false, true] {
        let mut connection = connect(gateway.address);
        let request = post(&key, &chat("m", stream, 100), "");
        connection.write_all(request.as_bytes()).unwrap();
        connection.shutdown(Shutdown::Write).unwrap();
        let (told, closed) = rest(&mut connection);
        assert!(closed && told.contains("HTTP/1.1 200"), "{told}");
        assert!(told.contains("Hello wörld"), "{told}");
    }
    let endless = Provider::start(Script::Endless(Duration::from_millis(50))).await;
    let gateway = Setup::of(&[endless.base_url()]).start();
    let mut connection = connect(gateway.address);
    let request = post(&gateway.key(), &chat("m", true, 100), "");
    connection.write_all(request.as_bytes()).unwrap();
    connection.shutdown(Shutdown::Write).unwrap();
    for _ in 0..20 {
        let mut piece = [0; 100];
        std::io::Read::read_exact(&mut connection, &mut piece).unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_is_gone_is_noticed_without_a_word_of_the_provider() {
    for stream in [false, true] {
        let script = if stream { Script::After(1, support::Then::Hang) } else { Script::Silence };
        let provider = Provider::start(script).await;
        let gateway = Setup {
            provider_settings: "first_byte_timeout_seconds: 60, idle_timeout_seconds: 60",
            ..Setup::of(&[provider.base_url()])
        }
        .start();
        let mut connection = connect(gateway.address);
        let request = post(&gateway.key(), &chat("m", stream, 100), "");
        connection.write_all(request.as_bytes()).unwrap();
        if stream {
            std::io::Read::read_exact(&mut connection, &mut [0; 100]).unwrap();
        }
        eventually("the provider is asked", || !provider.seen().is_empty()).await;
        drop(connection);
        let since = Instant::now();
        eventually("its connection is closed", || !provider.closed().is_empty()).await;
        assert!(since.elapsed() < Duration::from_secs(8));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_upgrade_to_http_2_that_nobody_needs_is_passed_over() {
    let provider = Provider::start(Script::Chat).await;
    let gateway = Setup::of(&[provider.base_url()]).start();
    let (key, body) = (gateway.key(), chat("m", false, 100));
    // As java.net.http does with every first request on a plain connection.
    let upgrade = "connection: Upgrade, HTTP2-Settings\r\nupgrade: h2c\r\nhttp2-settings: AAEAAEAAAAIAAAAB\r\n";
    let mut stream = connect(gateway.address);
    stream.write_all(post(&key, &body, upgrade).as_bytes()).unwrap();
    assert_eq!(status(&answer(&mut stream)), 200);
    stream.write_all(post(&key, &body, "").as_bytes()).unwrap();
    assert_eq!(status(&answer(&mut stream)), 200);
}
