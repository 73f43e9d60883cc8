//! Who gets a connection, and for how long: silence, slowness and numbers take nothing from a client
//! that asks.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::io::{ErrorKind, Write};
use std::net::TcpStream;
use std::time::{Duration, Instant};

use rustix::process::{Resource, getrlimit, setrlimit};
use support::raw::{H2, ask, assert_refused, connect, metric, rest, status};
use support::{Gateway, Provider, Script, call, chat, client, gateway::Setup};

fn setup(provider: &Provider, limits: &'static str) -> Setup {
    let metrics = "'127.0.0.1:0'";
    Setup { extra: limits, metrics, ..Setup::of(&[provider.base_url()]) }
}

/// Descriptors for as many sockets of this process as may be.
fn sockets() -> usize {
    let mut limit = getrlimit(Resource::Nofile);
    limit.current = limit.maximum;
    let _ = setrlimit(Resource::Nofile, limit);
    let now = getrlimit(Resource::Nofile).current;
    now.map_or(usize::MAX, |now| usize::try_from(now).unwrap()).saturating_sub(200)
}

#[tokio::test(flavor = "multi_thread")]
async fn four_thousand_silent_connections_take_nothing_from_a_client_that_asks() {
    let provider = Provider::start(Script::Chat).await;
    // All of them are one client's, and so is the one that asks. It may have a quarter: 1024.
    let limits = "limits: { connections: 4096, head_seconds: 600 }";
    let gateway = setup(&provider, limits).start();
    let key = gateway.key();
    let silent = 4096.min(sockets() / 2);
    assert!(silent > 1024, "{silent} sockets are too few to show anything");
    let address = gateway.address;
    let held = tokio::task::spawn_blocking(move || -> Vec<TcpStream> {
        (0..silent).map(|_| connect(address)).collect()
    });
    let mut calls = 0;
    while !held.is_finished() || calls < 20 {
        assert_eq!(call(&gateway, &key).await.0, 200, "call {calls} beside silent connections");
        calls += 1;
    }
    let held = held.await.unwrap();
    for _ in 0..20 {
        assert_eq!(call(&gateway, &key).await.0, 200);
    }
    let metrics = gateway.metrics.unwrap();
    assert!(metric(metrics, "inferlayer_connections_open ") <= 1030.0);
    let made_room = metric(metrics, "inferlayer_connections_closed_total{cause=\"made_room\"} ");
    assert!(made_room >= (silent - 1024) as f64, "{made_room}");
    drop(held);
}

#[tokio::test(flavor = "multi_thread")]
async fn who_reads_no_answer_is_not_kept_whatever_it_asks() {
    let provider = Provider::start(Script::Chat).await;
    let gateway = setup(&provider, "limits: { write_idle_seconds: 1 }").start();
    let (mut stream, since) = (connect(gateway.address), Instant::now());
    // No answer has a body, so that nothing but heads is written.
    let asked = "HEAD /livez HTTP/1.1\r\nhost: a\r\n\r\n".repeat(1000);
    stream.set_write_timeout(Some(Duration::from_secs(30))).unwrap();
    let end = loop {
        match stream.write_all(asked.as_bytes()) {
            Ok(()) if since.elapsed() < Duration::from_secs(60) => {}
            end => break end,
        }
    };
    let reset = end.unwrap_err();
    let is_timeout = matches!(reset.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut);
    assert!(!is_timeout, "the connection is still there: {reset}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_connection_has_so_long_for_its_head_whatever_it_says_until_then() {
    let provider = Provider::start(Script::Chat).await;
    let gateway = setup(&provider, "limits: { head_seconds: 2 }").start();
    let preface = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
    let headers = support::raw::frame(1, 0, 1, b"\x83");
    let settings = support::raw::frame(4, 0, 0, b"");
    for (case, said) in [
        ("nothing", vec![]),
        ("23 bytes", preface[..23].to_vec()),
        ("a preface", preface.to_vec()),
        ("a preface and SETTINGS", [&preface[..], &settings].concat()),
        ("HEADERS without an end", [&preface[..], &settings, &headers].concat()),
        ("half a head", b"GET /livez HTTP/1.1\r\nho".to_vec()),
    ] {
        let (mut stream, since) = (connect(gateway.address), Instant::now());
        stream.write_all(&said).unwrap();
        let (answer, closed) = rest(&mut stream);
        assert!(closed, "{case}");
        assert!(since.elapsed() > Duration::from_millis(1500), "{case}: {:?}", since.elapsed());
        if case == "half a head" {
            assert_refused(&answer, 408, case);
        }
    }
    let timeouts = "inferlayer_connections_closed_total{cause=\"head_timeout\"} ";
    assert!(metric(gateway.metrics.unwrap(), timeouts) >= 1.0);
    assert_eq!(call(&gateway, &gateway.key()).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_head_that_drips_is_ended_on_a_kept_connection_too() {
    let provider = Provider::start(Script::Chat).await;
    let gateway = setup(&provider, "limits: { head_seconds: 2, keep_alive_seconds: 60 }").start();
    let mut stream = connect(gateway.address);
    stream.write_all(b"GET /livez HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
    assert_eq!(status(&support::raw::answer(&mut stream)), 200);
    let since = Instant::now();
    // Each byte comes well within the deadline; all of them do not.
    for byte in b"GET /livez HTTP/1.1\r\nhost: a\r\nx: yyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyyy" {
        if stream.write_all(&[*byte]).is_err() || since.elapsed() > Duration::from_secs(20) {
            break;
        }
        std::thread::sleep(Duration::from_millis(200));
    }
    let (_, closed) = rest(&mut stream);
    assert!(closed && since.elapsed() < Duration::from_secs(20), "{:?}", since.elapsed());
}

#[tokio::test(flavor = "multi_thread")]
async fn an_idle_connection_is_closed_in_either_version() {
    let provider = Provider::start(Script::Chat).await;
    let gateway = setup(&provider, "limits: { keep_alive_seconds: 1 }").start();
    let mut stream = connect(gateway.address);
    stream.write_all(b"GET /livez HTTP/1.1\r\nhost: a\r\n\r\n").unwrap();
    let (answer, closed) = rest(&mut stream);
    assert!(closed && answer.starts_with("HTTP/1.1 200"), "{answer}");

    let mut h2 = H2::connect(gateway.address);
    let livez = [(":method", "GET"), (":scheme", "http"), (":path", "/livez"), (":authority", "a")];
    h2.send(1, 5, 1, &support::raw::fields(&livez));
    // PINGs keep nothing open.
    for _ in 0..10 {
        h2.send(6, 0, 0, &[0; 8]);
        std::thread::sleep(Duration::from_millis(100));
    }
    assert!(h2.goodbye().1);
    let idle = "inferlayer_connections_closed_total{cause=\"idle\"} ";
    assert!(metric(gateway.metrics.unwrap(), idle) >= 2.0);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_with_nothing_but_busy_connections_gets_no_further_one() {
    let provider = Provider::start(Script::Silence).await;
    let limits = "limits: { connections: 64, connections_per_client: 3 }";
    let gateway =
        Setup { provider_settings: "first_byte_timeout_seconds: 60", ..setup(&provider, limits) }
            .start();
    let body = chat("m", false, 10);
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {}\r\n\
         content-length: {}\r\n\r\n{body}",
        gateway.key(),
        body.len()
    );
    let busy: Vec<_> = (0..3)
        .map(|_| {
            let mut stream = connect(gateway.address);
            stream.write_all(head.as_bytes()).unwrap();
            stream
        })
        .collect();
    support::eventually("three are busy", || provider.seen().len() == 3).await;
    let (answer, closed) = rest(&mut connect(gateway.address));
    assert!(closed && answer.is_empty(), "{answer}");
    let refused = "inferlayer_connections_closed_total{cause=\"client_full\"} ";
    assert!(metric(gateway.metrics.unwrap(), refused) >= 1.0);
    drop(busy);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_balancer_is_no_client() {
    let provider = Provider::start(Script::Silence).await;
    let limits = "limits: { connections_per_client: 1, balancers: [127.0.0.0/8] }";
    let gateway =
        Setup { provider_settings: "first_byte_timeout_seconds: 60", ..setup(&provider, limits) }
            .start();
    let (key, url) = (gateway.key(), gateway.chat_url());
    for _ in 0..4 {
        let request = client(false).post(&url).bearer_auth(&key).body(chat("m", false, 10));
        tokio::spawn(request.send());
    }
    support::eventually("all four are served", || provider.seen().len() == 4).await;
}

#[test]
fn probes_of_any_kind_are_answered() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let provider = runtime.block_on(Provider::start(Script::Chat));
    let gateway = Gateway::start(&[provider.base_url()]);
    // What HAProxy's `option httpchk GET /livez` sends: shorter than the preface of HTTP/2.
    let answer = ask(gateway.address, b"GET /livez HTTP/1.0\r\n\r\n");
    assert!(answer.starts_with("HTTP/1.") && status(&answer) == 200, "{answer}");
    for path in ["/livez", "/readyz", "/health", "/healthz", "/health/readiness"] {
        let request = format!("HEAD {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n");
        let answer = ask(gateway.address, request.as_bytes());
        assert_eq!(status(&answer), 200, "{path}: {answer}");
        assert!(answer.ends_with("\r\n\r\n"), "HEAD has no body: {answer}");
        assert!(answer.to_ascii_lowercase().contains("content-length: "), "{answer}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_drips_is_a_408_and_one_that_comes_is_served() {
    let provider = Provider::start(Script::Chat).await;
    let limits = "limits: { body_idle_seconds: 2, body_bytes_per_second: 1000 }";
    let gateway = setup(&provider, limits).start();
    let (key, body) = (gateway.key(), chat("m", false, 4000));
    for chunked in [false, true] {
        let framing = match chunked {
            true => "transfer-encoding: chunked".to_owned(),
            false => format!("content-length: {}", body.len()),
        };
        let head = format!(
            "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\n\
             {framing}\r\n\r\n"
        );
        let (mut stream, since) = (connect(gateway.address), Instant::now());
        stream.write_all(head.as_bytes()).unwrap();
        for byte in body.as_bytes() {
            let piece = if chunked {
                format!("1\r\n{}\r\n", *byte as char)
            } else {
                (*byte as char).to_string()
            };
            if stream.write_all(piece.as_bytes()).is_err()
                || since.elapsed() > Duration::from_secs(25)
            {
                break;
            }
            std::thread::sleep(Duration::from_millis(100));
            stream.set_nonblocking(true).unwrap();
            let come = stream.peek(&mut [0; 1]).is_ok();
            stream.set_nonblocking(false).unwrap();
            if come {
                break;
            }
        }
        let (answer, closed) = rest(&mut stream);
        assert_eq!(status(&answer), 408, "chunked {chunked}: {answer}");
        assert!(closed);
    }
    assert!(provider.seen().is_empty());
    assert_eq!(call(&gateway, &key).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn few_descriptors_are_fewer_connections_and_never_the_end_of_the_ledger() {
    let provider = Provider::start(Script::Chat).await;
    let folder = setup(&provider, "limits: { head_seconds: 3 }").folder();
    let gateway = Gateway::start_with_descriptors(folder, 64, 256);
    let key = gateway.key();
    assert!(gateway.log().contains("more than this process may open files for"));
    let held: Vec<_> = (0..400).map(|_| TcpStream::connect(gateway.address).unwrap()).collect();
    // A large body is a file of its own in the ledger.
    let request = client(false).post(gateway.chat_url()).bearer_auth(&key);
    let answer = request.body(chat("m", false, 400_000)).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    let made = gateway.command(&["keys", "create", "--tenant", "a"]);
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    drop(held);
    assert_eq!(client(false).get(gateway.url("/readyz")).send().await.unwrap().status(), 200);
    assert_eq!(call(&gateway, &key).await.0, 200);
    let warnings = gateway.log().matches("could not be accepted").count();
    assert!(warnings <= 3, "{warnings} lines");
}
