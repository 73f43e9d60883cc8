//! 24 to 26: HTTP/2 frames that cost us and not their sender, and heads made of tricks.

use std::time::Duration;

use inferlayer_ledger::Kind;

use crate::gateway;
use crate::support::raw::{H2, fields, frame, rest};
use crate::support::{Gateway, call, records};

/// RFC 9113 §7.
const PROTOCOL_ERROR: u32 = 1;
const ENHANCE_YOUR_CALM: u32 = 11;

/// Sends this until the gateway says goodbye; its reason.
fn flood(gateway: &Gateway, what: &str, mut frames: impl FnMut(u32) -> Vec<u8>) -> Option<u32> {
    let mut h2 = H2::connect(gateway.address);
    let mut writing = h2.stream.try_clone().unwrap();
    let bytes: Vec<u8> = (0..100_000).flat_map(&mut frames).collect();
    let writer = std::thread::spawn(move || {
        let _ = std::io::Write::write_all(&mut writing, &bytes);
    });
    let (reason, closed) = h2.goodbye();
    assert!(closed, "{what}: still open");
    drop(h2);
    writer.join().unwrap();
    reason
}

fn request(key: &str) -> Vec<u8> {
    let bearer = format!("Bearer {key}");
    fields(&[
        (":method", "POST"),
        (":scheme", "http"),
        (":path", "/v1/chat/completions"),
        (":authority", "a"),
        ("authorization", &bearer),
    ])
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_24_rapid_resets_end_the_connection_and_cost_no_provider() {
    let (provider, gateway, key) = gateway().await;
    let head = request(&key);
    let reason = flood(&gateway, "HEADERS and RST_STREAM", |number| {
        let stream = 1 + 2 * number;
        [frame(1, 4, stream, &head), frame(3, 0, stream, &8_u32.to_be_bytes())].concat()
    });
    assert!(matches!(reason, Some(ENHANCE_YOUR_CALM) | None), "{reason:?}");
    // MadeYouReset: the client provokes resets of ours, here by windows of nothing.
    let reason = flood(&gateway, "HEADERS and an empty WINDOW_UPDATE", |number| {
        let stream = 1 + 2 * number;
        [frame(1, 4, stream, &head), frame(8, 0, stream, &[0; 4])].concat()
    });
    assert!(matches!(reason, Some(ENHANCE_YOUR_CALM | PROTOCOL_ERROR) | None), "{reason:?}");
    assert!(provider.seen().is_empty());
    assert!(records::of_kind(&gateway.data(), Kind::Intent).is_empty());
    let lines = gateway.log().lines().count();
    assert!(lines < 40, "{lines} lines in the log");
    assert_eq!(call(&gateway, &key).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_25_floods_of_frames_that_only_cost_are_told_to_calm_down() {
    let (_provider, gateway, key) = gateway().await;
    for (what, bytes) in [
        ("PING", frame(6, 0, 0, &[7; 8])),
        ("SETTINGS", frame(4, 0, 0, &[])),
        ("PRIORITY", frame(2, 0, 1, &[0, 0, 0, 0, 16])),
        ("WINDOW_UPDATE", frame(8, 0, 0, &[0, 0, 0, 1])),
    ] {
        let reason = flood(&gateway, what, |_| bytes.clone());
        assert!(matches!(reason, Some(ENHANCE_YOUR_CALM) | None), "{what}: {reason:?}");
    }
    let head = request(&key);
    // On a stream that is open.
    for (what, bytes) in
        [("empty DATA", frame(0, 0, 1, &[])), ("DATA of one byte", frame(0, 0, 1, b"x"))]
    {
        let opened = frame(1, 4, 1, &head);
        let reason =
            flood(
                &gateway,
                what,
                |number| {
                    if number == 0 { opened.clone() } else { bytes.clone() }
                },
            );
        assert_ne!(reason, Some(0), "{what}");
    }
    flood(&gateway, "CONTINUATION", |number| match number {
        0 => frame(1, 0, 1, &head),
        _ => frame(9, 0, 1, &fields(&[("x", "y")])),
    });
    // A field of 4 KB in the table, named a hundred thousand times.
    flood(&gateway, "an HPACK bomb", |number| {
        let mut block = request(&key);
        if number == 0 {
            block.extend_from_slice(&[0x40, 1, b'x', 0x7f, 0x80, 0x1e]);
            block.extend_from_slice(&[b'y'; 3967]);
        }
        block.extend_from_slice(&[0xbe; 8000]);
        frame(1, 5, 1 + 2 * number, &block)[..].to_vec()
    });
    assert_eq!(call(&gateway, &key).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_26_heads_made_of_tricks_reach_no_provider() {
    let (provider, gateway, key) = gateway().await;
    let bearer = format!("Bearer {key}");
    let path = (":path", "/v1/chat/completions");
    let (post, http, a) = ((":method", "POST"), (":scheme", "http"), (":authority", "a"));
    let auth = ("authorization", bearer.as_str());
    for (case, head) in [
        ("no path", vec![post, http, a, auth]),
        ("two paths", vec![post, http, path, path, a, auth]),
        ("two methods", vec![post, post, http, path, a, auth]),
        ("pseudo behind a field", vec![post, http, a, auth, path]),
        ("unknown pseudo", vec![post, http, path, a, (":x", "y"), auth]),
        ("a status", vec![post, http, path, a, (":status", "200"), auth]),
        ("an empty path", vec![post, http, (":path", ""), a, auth]),
        ("an absolute path", vec![post, http, (":path", "http://b/v1/models"), a, auth]),
        ("upper case", vec![post, http, path, a, auth, ("X-Y", "z")]),
        ("connection", vec![post, http, path, a, auth, ("connection", "close")]),
        ("transfer-encoding", vec![post, http, path, a, auth, ("transfer-encoding", "chunked")]),
        ("te", vec![post, http, path, a, auth, ("te", "gzip")]),
        ("CRLF in a value", vec![post, http, path, a, auth, ("x", "y\r\nz: w")]),
        ("NUL in a value", vec![post, http, path, a, auth, ("x", "y\0")]),
        ("CR in the path", vec![post, http, (":path", "/v1/chat/completions\r"), a, auth]),
        ("a foreign host", vec![post, http, path, a, ("host", "b"), auth]),
        ("no authority", vec![post, http, path, auth]),
        (
            "two lengths",
            vec![post, http, path, a, auth, ("content-length", "2"), ("content-length", "3")],
        ),
        ("a length of nothing", vec![post, http, path, a, auth, ("content-length", "x")]),
        ("more DATA than told", vec![post, http, path, a, auth, ("content-length", "1")]),
        ("less DATA than told", vec![post, http, path, a, auth, ("content-length", "99")]),
    ] {
        let mut h2 = H2::connect(gateway.address);
        h2.send(1, 4, 1, &fields(&head));
        h2.send(0, 1, 1, b"{\"model\":\"m\",\"messages\":[{}]}");
        std::thread::sleep(Duration::from_millis(20));
        h2.send(7, 0, 0, &[0; 8]);
        let _ = h2.stream.shutdown(std::net::Shutdown::Write);
        let (told, closed) = rest(&mut h2.stream);
        assert!(closed, "{case}");
        assert!(!told.contains("chat.completion"), "{case}: {told}");
    }
    assert!(provider.seen().is_empty());
    assert!(records::of_kind(&gateway.data(), Kind::Intent).is_empty());
}
