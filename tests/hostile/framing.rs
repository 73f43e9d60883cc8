//! 13 to 18 and 20: heads and bodies that two servers could read differently.

use std::io::Write;

use inferlayer_ledger::Kind;

use crate::gateway;
use crate::support::raw::{ask, assert_refused, connect, rest, status};
use crate::support::{call, chat, records};

/// Each is refused with this status, closed, and what stands behind it is never parsed.
async fn refused(status: u16, version: &str, cases: &[&str]) {
    let (provider, gateway, key) = gateway().await;
    for case in cases {
        let inner = format!(
            "GET /v1/inferlayer/receipts/smuggled HTTP/1.1\r\nhost: a\r\n\
             authorization: Bearer {key}\r\n\r\n"
        );
        let request = format!(
            "POST /v1/chat/completions {version}\r\nhost: a\r\nauthorization: Bearer {key}\r\n\
             {case}\r\n\r\n0\r\n\r\n{inner}"
        );
        let told = ask(gateway.address, request.as_bytes());
        assert_refused(&told, status, case);
        assert_eq!(told.matches("HTTP/1.1 ").count(), 1, "{case}: {told}");
    }
    assert!(provider.seen().is_empty());
    assert!(records::of_kind(&gateway.data(), Kind::Intent).is_empty());
    assert_eq!(call(&gateway, &key).await.0, 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_13_two_lengths_and_every_other_transfer_encoding_are_refused() {
    refused(
        400,
        "HTTP/1.1",
        &[
            "content-length: 6\r\ntransfer-encoding: chunked",
            "transfer-encoding: chunked\r\ncontent-length: 6",
            "transfer-encoding: gzip, chunked",
            "transfer-encoding: identity, chunked",
            "transfer-encoding: chunked, chunked",
            "transfer-encoding: ,chunked",
            "transfer-encoding: chunked,",
            "transfer-encoding: chunked, identity",
            "transfer-encoding: identity\r\ntransfer-encoding: chunked",
            "transfer-encoding: chunked\r\ntransfer-encoding: identity",
            "transfer-encoding: chunked\r\ntransfer-encoding: chunked",
            "transfer-encoding: xchunked",
            "transfer-encoding: \"chunked\"",
            "transfer-encoding: chunked;q=1",
            "transfer-encoding: \x0bchunked",
            "transfer-encoding: \x0cchunked",
            "transfer-encoding:",
            "transfer-encoding : chunked",
            "transfer-encoding\t: chunked",
            "x: y\r\n transfer-encoding: chunked",
            "x: y\ntransfer-encoding: chunked",
            "x: y\rtransfer-encoding: chunked",
            "transfer_encoding: chunked",
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_14_a_length_that_is_not_one_plain_number_is_refused() {
    refused(
        400,
        "HTTP/1.1",
        &[
            "content-length: 5\r\ncontent-length: 6",
            "content-length: 5\r\ncontent-length: 5",
            "content-length: 5, 5",
            "content-length: 5,6",
            "content-length: +5",
            "content-length: -1",
            "content-length: 0x5",
            "content-length: 5.0",
            "content-length: 5 5",
            "content-length:",
            "content-length: 18446744073709551616",
            "content-length: 99999999999999999999999999",
        ],
    )
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_15_bad_chunks_are_refused_before_any_provider() {
    let (provider, gateway, key) = gateway().await;
    let body = chat("m", false, 100);
    let whole = format!("{:x}\r\n{body}\r\n", body.len());
    let (half, rest_of) = body.split_at(50);
    let head = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\n\
         transfer-encoding: chunked\r\n\r\n"
    );
    let extension = "x".repeat(1_000_000);
    for (case, chunks) in [
        ("size overflow", format!("ffffffffffffffffff\r\n{body}\r\n0\r\n\r\n")),
        ("negative", format!("-{whole}0\r\n\r\n")),
        ("plus", format!("+{whole}0\r\n\r\n")),
        ("0x", format!("0x{whole}0\r\n\r\n")),
        ("no size", format!("\r\n{body}\r\n0\r\n\r\n")),
        ("blank before the line end", format!("{:x} \r\n{body}\r\n0\r\n\r\n", body.len())),
        ("bare LF behind the size", format!("{:x}\n{body}\r\n0\r\n\r\n", body.len())),
        (
            "bare LF behind the data",
            format!("32\r\n{half}\n{:x}\r\n{rest_of}\r\n0\r\n\r\n", rest_of.len()),
        ),
        ("more data than the size", format!("31\r\n{half}\r\n0\r\n\r\n")),
        ("LF in an extension", format!("{:x};a\nb\r\n{body}\r\n0\r\n\r\n", body.len())),
        ("an extension of 1 MB", format!("{:x};{extension}\r\n{body}\r\n0\r\n\r\n", body.len())),
        ("a trailer without a colon", format!("{whole}0\r\nnothing\r\n\r\n")),
        ("a trailer with a bare LF", format!("{whole}0\r\na: b\n\r\n")),
        ("1 MB of trailers", format!("{whole}0\r\n{}\r\n", "a: bcdef\r\n".repeat(100_000))),
    ] {
        for at_once in [true, false] {
            let mut stream = connect(gateway.address);
            let sent = if at_once {
                stream.write_all(format!("{head}{chunks}").as_bytes())
            } else {
                stream.write_all(head.as_bytes()).unwrap();
                std::thread::sleep(std::time::Duration::from_millis(20));
                stream.write_all(chunks.as_bytes())
            };
            // A refusal may come before all is sent.
            drop(sent);
            let (told, closed) = rest(&mut stream);
            assert!(closed, "{case}: {told}");
            assert_refused(&told, 400, case);
        }
    }
    assert!(provider.seen().is_empty());
    assert!(records::of_kind(&gateway.data(), Kind::Intent).is_empty());
    let good = format!(
        "{head}32;a=b\r\n{half}\r\n{:X}\r\n{rest_of}\r\n000\r\nx: y\r\n\r\n",
        rest_of.len()
    );
    let mut stream = connect(gateway.address);
    stream.write_all(good.as_bytes()).unwrap();
    assert_eq!(status(&crate::support::raw::answer(&mut stream)), 200);
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_16_chunks_in_http_1_0_and_upgrades_are_refused_and_nothing_behind_them_is_seen() {
    refused(400, "HTTP/1.0", &["transfer-encoding: chunked"]).await;
    refused(
        400,
        "HTTP/1.1",
        &[
            "connection: upgrade\r\nupgrade: websocket",
            "upgrade: websocket\r\ncontent-length: 0",
            "connection: upgrade\r\nupgrade: h2c, websocket",
            "connection: upgrade\r\nupgrade: TLS/1.0",
            "connection: upgrade, http2-settings\r\nupgrade: h2c\r\nhttp2-settings: AAMAAABkAAQAAP__",
        ],
    )
    .await;
    refused(505, "HTTP/2.0", &["x: y"]).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_17_an_early_answer_never_reads_its_body_as_a_request() {
    let (provider, gateway, key) = gateway().await;
    let inner = format!(
        "POST /v1/chat/completions HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\n\
         content-length: {}\r\n\r\n{}",
        chat("m", false, 10).len(),
        chat("m", false, 10)
    );
    for (path, key) in [
        ("/v1/chat/completions", "il-nobody"),
        ("/nowhere", key.as_str()),
        ("/livez", key.as_str()),
        ("/v1/models", key.as_str()),
    ] {
        for announced in [inner.len(), inner.len() + 70_000, 10 << 20] {
            for expect in ["", "expect: 100-continue\r\n"] {
                let request = format!(
                    "POST {path} HTTP/1.1\r\nhost: a\r\nauthorization: Bearer {key}\r\n{expect}\
                     content-length: {announced}\r\n\r\n{inner}"
                );
                let mut stream = connect(gateway.address);
                stream.write_all(request.as_bytes()).unwrap();
                stream.shutdown(std::net::Shutdown::Write).unwrap();
                let (told, closed) = rest(&mut stream);
                assert!(closed && told.matches("HTTP/1.1 ").count() <= 1, "{path}: {told}");
            }
        }
    }
    assert!(provider.seen().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_18_whom_a_request_is_for_is_told_once_and_plainly() {
    let (provider, gateway, key) = gateway().await;
    let ask = |line: &str, hosts: &str| {
        let bearer = format!("authorization: Bearer {key}\r\nconnection: close\r\n");
        ask(gateway.address, format!("{line}\r\n{hosts}{bearer}\r\n").as_bytes())
    };
    for host in
        ["", "a/b", "a?b", "a#b", "a b", "[::1", "u@a", "a:b:c", "a\\b", "a,b", "a:99999999"]
    {
        let told = ask("GET /v1/models HTTP/1.1", &format!("host: {host}\r\n"));
        assert_refused(&told, 400, host);
    }
    for (line, hosts) in [
        ("GET /v1/models HTTP/1.1", ""),
        ("GET /v1/models HTTP/1.1", "host: a\r\nhost: a\r\n"),
        ("GET /v1/models HTTP/1.1", "host: a\r\nHost: b\r\n"),
        ("GET http://b/v1/models HTTP/1.1", "host: a\r\n"),
        ("GET http://u@a/v1/models HTTP/1.1", "host: a\r\n"),
        ("GET http:///v1/models HTTP/1.1", "host: a\r\n"),
        ("GET v1/models HTTP/1.1", "host: a\r\n"),
    ] {
        assert_refused(&ask(line, hosts), 400, line);
    }
    // The path alone routes.
    for line in ["GET /v1/models HTTP/1.1", "GET http://a/v1/models HTTP/1.1"] {
        assert_eq!(status(&ask(line, "host: a\r\n")), 200, "{line}");
    }
    assert_refused(&ask("CONNECT a:443 HTTP/1.1", "host: a:443\r\n"), 405, "CONNECT");
    assert!(provider.seen().is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a6_20_heads_too_large_or_with_odd_names_are_refused() {
    let many = "x: y\r\n".repeat(10_000);
    let hundred = "x: y\r\n".repeat(101);
    let large = format!("x: {}", "y".repeat(1 << 20));
    let over = format!("x: {}", "y".repeat(65_536));
    refused(431, "HTTP/1.1", &[many.trim_end(), hundred.trim_end(), &large, &over]).await;
    let names = [
        "x y: z",
        "x_inferlayer_tenant: b",
        ": z",
        "x\u{e9}: z",
        "x\0: z",
        "(x): z",
        "x\t: z",
        "x",
    ];
    refused(400, "HTTP/1.1", &names).await;
}
