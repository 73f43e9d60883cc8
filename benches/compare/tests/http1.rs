//! Messages survive every way a connection can cut them up, and bad ones are told from short ones.

use inferlayer_compare::http1::{BODY_BYTES_MAX, Connection, HEAD_BYTES_MAX, Http1Error, field};
use tokio::io::AsyncWriteExt;

const SIZED: &[u8] = b"POST / HTTP/1.1\r\nhost: a\r\nContent-Length: 5\r\n\r\nhello";
const CHUNKED: &[u8] = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n\
    3\r\nhel\r\n2;name=value\r\nlo\r\n0\r\ntrailer: x\r\n\r\n";

/// Bodies of all messages in `bytes`, received `step` bytes at a time.
async fn bodies(bytes: &[u8], step: usize) -> Result<Vec<Vec<u8>>, Http1Error> {
    let (mut peer, end) = tokio::io::duplex(step);
    let bytes = bytes.to_vec();
    tokio::spawn(async move { peer.write_all(&bytes).await });
    let mut connection = Connection::new(end);
    let mut bodies = Vec::new();
    while let Some(message) = connection.read_message().await? {
        assert_eq!(message.body_began.is_some(), !message.body.is_empty());
        bodies.push(message.body.to_vec());
    }
    Ok(bodies)
}

#[tokio::test]
async fn reads_messages_however_they_are_cut() {
    let three = [SIZED, CHUNKED, SIZED].concat();
    for step in [1, 2, 7, 64, 4096] {
        assert_eq!(bodies(&three, step).await.unwrap(), [b"hello"; 3], "{step} bytes at a time");
    }
}

#[tokio::test]
async fn a_message_without_a_body_is_whole() {
    assert_eq!(bodies(b"GET / HTTP/1.1\r\nhost: a\r\n\r\n", 64).await.unwrap(), [b""]);
}

#[tokio::test]
async fn every_cut_is_told() {
    for whole in [SIZED, CHUNKED] {
        for end in 1..whole.len() {
            let result = bodies(&whole[..end], 4096).await;
            assert!(matches!(result, Err(Http1Error::Cut)), "cut at {end}: {result:?}");
        }
    }
    assert!(bodies(b"", 64).await.unwrap().is_empty());
}

#[tokio::test]
async fn refuses_what_has_no_clear_end() {
    for fields in [
        "content-length: 5\r\ntransfer-encoding: chunked",
        "transfer-encoding: gzip",
        "content-length: +5",
        "content-length: five",
        "content-length: 99999999999999999999999",
        "content-length:",
    ] {
        let result = bodies(format!("GET / HTTP/1.1\r\n{fields}\r\n\r\n").as_bytes(), 64).await;
        assert!(matches!(result, Err(Http1Error::Malformed(_))), "{fields}: {result:?}");
    }
    let chunks = "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n";
    for chunk in ["x\r\n", "-1\r\n", "\r\n", "1\r\nab\r\n"] {
        let result = bodies(format!("{chunks}{chunk}").as_bytes(), 4096).await;
        assert!(matches!(result, Err(Http1Error::Malformed(_))), "{chunk:?}: {result:?}");
    }
}

#[tokio::test]
async fn bounds_head_and_body() {
    let head = format!("GET / HTTP/1.1\r\nx: {}", "y".repeat(2 * HEAD_BYTES_MAX));
    assert!(matches!(bodies(head.as_bytes(), 1 << 20).await, Err(Http1Error::TooLong)));
    let body = format!("GET / HTTP/1.1\r\ncontent-length: {}\r\n\r\n", BODY_BYTES_MAX + 1);
    assert!(matches!(bodies(body.as_bytes(), 4096).await, Err(Http1Error::TooLong)));
    let chunk =
        "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n1\r\na\r\nffffffffffffffff\r\n";
    assert!(matches!(bodies(chunk.as_bytes(), 4096).await, Err(Http1Error::TooLong)));
}

#[test]
fn fields_are_found_by_whole_name_and_not_in_the_start_line() {
    let head = b"GET host: HTTP/1.1\r\nx-host: no\r\nHOST:  yes \r\nhostile: no\r\n\r\n";
    assert_eq!(field(head, "host"), Some(&b"yes"[..]));
    assert_eq!(field(head, "hos"), None);
}
