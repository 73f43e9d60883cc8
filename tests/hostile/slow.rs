//! 9 to 12: too much, too little, too slow.

use std::io::{Read, Write};
use std::time::{Duration, Instant};

use inferlayer_ledger::Kind;

use crate::support::raw::{ask, connect, rest, status};
use crate::support::{Gateway, Provider, Script, call, chat, eventually, gateway::Setup, records};

fn gateway(provider: &Provider, limits: &'static str) -> Gateway {
    Setup { extra: limits, ..Setup::of(&[provider.base_url()]) }.start()
}

fn head(key: &str, framing: &str) -> String {
    format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\n\
         {framing}\r\n\r\n"
    )
}

fn resident_bytes(pid: u32) -> u64 {
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).unwrap();
    line.trim().trim_end_matches(" kB").parse::<u64>().unwrap() * 1024
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_09_a_hundred_megabytes_are_refused_at_the_limit_and_the_connection_closed() {
    let provider = Provider::start(Script::Chat).await;
    let gateway = gateway(&provider, "limits: { body_bytes: 1048576 }");
    let key = gateway.key();
    let before = resident_bytes(gateway.pid());
    let told = ask(gateway.address, head(&key, "content-length: 100000000").as_bytes());
    assert_eq!(status(&told), 413, "{told}");
    let mut stream = connect(gateway.address);
    stream.write_all(head(&key, "transfer-encoding: chunked").as_bytes()).unwrap();
    let chunk = format!("10000\r\n{}\r\n", "x".repeat(65536));
    for _ in 0..1600 {
        if stream.write_all(chunk.as_bytes()).is_err() {
            break;
        }
    }
    let (told, closed) = rest(&mut stream);
    assert!(closed && (told.is_empty() || status(&told) == 413), "{told}");
    let grown = resident_bytes(gateway.pid()).saturating_sub(before);
    assert!(grown < 64 << 20, "{grown} bytes more");
    assert!(provider.seen().is_empty());
    assert_eq!(call(&gateway, &key).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_10_a_body_that_stops_short_is_a_408_and_its_connection_closed() {
    let provider = Provider::start(Script::Chat).await;
    let gateway = gateway(&provider, "limits: { body_idle_seconds: 1 }");
    let key = gateway.key();
    for framing in ["content-length: 1000", "transfer-encoding: chunked"] {
        let begun = format!("{}1\r\n{{", head(&key, framing));
        let told = ask(gateway.address, begun.as_bytes());
        assert_eq!(status(&told), 408, "{framing}: {told}");
    }
    assert!(provider.seen().is_empty());
    assert!(records::of_kind(&gateway.data(), Kind::Intent).is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_11_slow_heads_are_closed() {
    let provider = Provider::start(Script::Chat).await;
    let gateway = gateway(&provider, "limits: { head_seconds: 3 }");
    let (key, address) = (gateway.key(), gateway.address);
    let slow: Vec<_> = (0..200)
        .map(|_| {
            let mut stream = connect(address);
            stream.write_all(b"POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nx: ").unwrap();
            stream
        })
        .collect();
    let dripping = std::thread::spawn(move || {
        let (mut slow, since) = (slow, Instant::now());
        // One byte a second each, which no timeout of a single read would ever mind.
        while !slow.is_empty() && since.elapsed() < Duration::from_secs(30) {
            slow.retain_mut(|stream| {
                stream.set_nonblocking(true).unwrap();
                let open = matches!(stream.peek(&mut [0; 1]), Err(e) if e.kind() == std::io::ErrorKind::WouldBlock);
                stream.set_nonblocking(false).unwrap();
                open && stream.write_all(b"y").is_ok()
            });
            std::thread::sleep(Duration::from_secs(1));
        }
        (slow.len(), since.elapsed())
    });
    for _ in 0..20 {
        assert_eq!(call(&gateway, &key).await.0, 200);
    }
    let (open, _) = dripping.join().unwrap();
    assert_eq!(open, 0, "slow heads are still open");
}

/// More than the buffers of any socket hold.
fn large_stream() -> Vec<u8> {
    let text = "x".repeat(64 * 1024);
    let event =
        format!("data: {{\"choices\":[{{\"index\":0,\"delta\":{{\"content\":\"{text}\"}}}}]}}\n\n");
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
    (head.to_owned() + &event.repeat(800)).into_bytes()
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_12_slow_bodies_and_slow_readers_are_cut() {
    let endless = Provider::start(Script::With(|_| large_stream())).await;
    // Its answer is far longer than its cap, which is not what is tried here.
    let limits = "limits: { body_idle_seconds: 2, body_bytes_per_second: 1000, \
                  write_idle_seconds: 1, output_token_bytes: 1048576 }";
    let gateway = gateway(&endless, limits);
    let key = gateway.key();
    let (mut body, since) = (connect(gateway.address), Instant::now());
    body.write_all(head(&key, "content-length: 10000").as_bytes()).unwrap();
    let mut dripping = body.try_clone().unwrap();
    let drip = std::thread::spawn(move || {
        while dripping.write_all(b"x").is_ok() && since.elapsed() < Duration::from_secs(20) {
            std::thread::sleep(Duration::from_millis(300));
        }
    });
    let (told, closed) = rest(&mut body);
    assert!(closed && status(&told) == 408, "{told}");
    drip.join().unwrap();

    let mut reader = connect(gateway.address);
    let asked = chat("m", true, 100);
    let framing = format!("content-length: {}", asked.len());
    reader.write_all((head(&key, &framing) + &asked).as_bytes()).unwrap();
    reader.read_exact(&mut [0; 100]).unwrap();
    let outcomes = || records::of_kind(&gateway.data(), Kind::Outcome);
    for _ in 0..600 {
        if !outcomes().is_empty() {
            break;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(outcomes()[0]["ending"], "client_gone");
    eventually("the provider is let go", || !endless.closed().is_empty()).await;
    assert!(resident_bytes(gateway.pid()) < 512 << 20);
}
