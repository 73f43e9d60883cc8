//! Heads that have one reading, and those that have two.

use super::*;

fn read(head: &str) -> Result<Head, Malformed> {
    let bytes = head.as_bytes();
    let end = Lines::default().end(bytes, 100)?;
    assert_eq!(end, Some(bytes.len()), "{head:?}");
    Head::read(bytes)
}

fn with(fields: &str) -> Result<Head, Malformed> {
    read(&format!("POST /v1/x HTTP/1.1\r\nHost: a\r\n{fields}\r\n"))
}

#[test]
fn a_head_that_has_one_reading_is_read() {
    let head = |framing| Ok(Head { framing, upgrade: false });
    assert_eq!(read("GET /livez HTTP/1.0\r\n\r\n"), head(Framing::Ended));
    assert_eq!(read("OPTIONS * HTTP/1.1\r\nhost:a:80\r\n\r\n"), head(Framing::Ended));
    assert_eq!(read("GET http://a:1/x?y HTTP/1.1\r\nhOST: a:1\r\n\r\n"), head(Framing::Ended));
    assert_eq!(with("content-length: 0012 \r\n"), head(Framing::Sized(12)));
    assert_eq!(with("Transfer-Encoding:\tChunked\r\n"), head(Framing::Chunked(Chunks::default())));
    assert_eq!(with("x-empty:\r\nx: caf\u{e9}: b\r\n"), head(Framing::Ended));
    assert_eq!(with("Upgrade: h2c\r\n"), Ok(Head { framing: Framing::Ended, upgrade: true }));
    for host in ["a", "a.b-c:8080", "127.0.0.1:1", "[::1]:80", "[::1]", "a_b", "a:"] {
        assert!(read(&format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n")).is_ok(), "{host}");
    }
}

#[test]
fn a_head_that_has_two_readings_is_refused() {
    for (line, why) in [
        ("GET  / HTTP/1.1", Malformed::RequestLine),
        ("GET /  HTTP/1.1", Malformed::RequestLine),
        ("GET /a b HTTP/1.1", Malformed::RequestLine),
        ("GET /\tHTTP/1.1", Malformed::RequestLine),
        ("GET /\0 HTTP/1.1", Malformed::RequestLine),
        ("GET /\u{fc} HTTP/1.1", Malformed::RequestLine),
        ("G(T / HTTP/1.1", Malformed::RequestLine),
        (" / HTTP/1.1", Malformed::RequestLine),
        ("GET /", Malformed::RequestLine),
        ("GET / http/1.1", Malformed::RequestLine),
        ("GET / HTTP/1.1 ", Malformed::RequestLine),
        ("GET v1/x HTTP/1.1", Malformed::RequestLine),
        ("GET ftp://a/x HTTP/1.1", Malformed::RequestLine),
        ("GET / HTTP/2.0", Malformed::Version),
        ("GET / HTTP/0.9", Malformed::Version),
        ("CONNECT a:443 HTTP/1.1", Malformed::Connect),
        ("GET http://b/x HTTP/1.1", Malformed::Host),
        ("GET http://u@a/x HTTP/1.1", Malformed::Host),
    ] {
        assert_eq!(read(&format!("{line}\r\nHost: a\r\n\r\n")), Err(why), "{line:?}");
    }
    for (fields, why) in [
        ("content-length: 81\r\ncontent-length: 81\r\n", Malformed::ContentLength),
        ("content-length: 81, 81\r\n", Malformed::ContentLength),
        ("content-length: +5\r\n", Malformed::ContentLength),
        ("content-length: 0x5\r\n", Malformed::ContentLength),
        ("content-length:\r\n", Malformed::ContentLength),
        ("content-length: -1\r\n", Malformed::ContentLength),
        ("content-length: 18446744073709551616\r\n", Malformed::ContentLength),
        ("content-length: 4\r\ntransfer-encoding: chunked\r\n", Malformed::TwoLengths),
        ("transfer-encoding: gzip, chunked\r\n", Malformed::TransferEncoding),
        ("transfer-encoding: identity\r\n", Malformed::TransferEncoding),
        ("transfer-encoding: chunked, chunked\r\n", Malformed::TransferEncoding),
        ("transfer-encoding: ,chunked\r\n", Malformed::TransferEncoding),
        ("transfer-encoding: xchunked\r\n", Malformed::TransferEncoding),
        ("transfer-encoding: \"chunked\"\r\n", Malformed::TransferEncoding),
        (
            "transfer-encoding: chunked\r\ntransfer-encoding: chunked\r\n",
            Malformed::TransferEncoding,
        ),
        ("transfer-encoding: \u{b}chunked\r\n", Malformed::FieldValue),
        ("transfer-encoding: \u{c}chunked\r\n", Malformed::FieldValue),
        ("content-length: 5\u{c}\r\n", Malformed::FieldValue),
        ("x: a\0b\r\n", Malformed::FieldValue),
        ("x: a\rb\r\n", Malformed::FieldValue),
        ("x: a\r\n b\r\n", Malformed::Folded),
        (": a\r\n", Malformed::FieldName),
        ("x : a\r\n", Malformed::FieldName),
        ("x_y: a\r\n", Malformed::FieldName),
        ("xy\r\n", Malformed::FieldName),
        ("host: a\r\n", Malformed::Host),
        ("upgrade: websocket\r\n", Malformed::Upgrade),
        ("upgrade: h2c, websocket\r\n", Malformed::Upgrade),
    ] {
        assert_eq!(with(fields), Err(why), "{fields:?}");
    }
    for host in
        ["", "a/b", "a?b", "a#b", "a b", "[::1", "u@a", "a:b", "a:123456", "a,b", "[a]", ":80"]
    {
        let head = format!("GET / HTTP/1.1\r\nHost: {host}\r\n\r\n");
        assert_eq!(read(&head), Err(Malformed::Host), "{host:?}");
    }
    assert_eq!(read("GET / HTTP/1.1\r\n\r\n"), Err(Malformed::Host));
    let old = "POST / HTTP/1.0\r\ntransfer-encoding: chunked\r\n\r\n";
    assert_eq!(read(old), Err(Malformed::TransferEncoding));
}

#[test]
fn the_end_is_found_however_the_head_is_cut_and_a_bare_lf_at_once() {
    let head = b"GET / HTTP/1.1\r\nHost: a\r\n\r\nGET";
    let mut lines = Lines::default();
    for come in 0..head.len() - 3 {
        let whole = lines.end(&head[..come], 100).unwrap();
        assert_eq!(whole, None, "after {come}");
    }
    assert_eq!(lines.end(head, 100), Ok(Some(head.len() - 3)));
    assert_eq!(Lines::default().end(b"GET / HTTP/1.1\nHo", 100), Err(Malformed::LineEnd));
    assert_eq!(
        Lines::default().end(b"GET / HTTP/1.1\r\nHost: a\n\r\n", 9),
        Err(Malformed::LineEnd)
    );
    let many = [&b"GET / HTTP/1.1\r\n"[..], &b"a: b\r\n".repeat(101)].concat();
    assert_eq!(Lines::default().end(&many, 100), Err(Malformed::TooManyFields));
    assert_eq!(Lines::default().end(&many, 101), Ok(None));
}
