//! Bytes on a socket, for what no client library would send.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

/// How long anything is waited for: others load the machine.
const PATIENCE: Duration = Duration::from_secs(30);

pub fn connect(address: SocketAddr) -> TcpStream {
    let stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(PATIENCE)).unwrap();
    stream.set_write_timeout(Some(PATIENCE)).unwrap();
    stream
}

/// All that comes until the gateway closes, and whether it did.
pub fn rest(stream: &mut TcpStream) -> (String, bool) {
    let (mut all, mut piece) = (Vec::new(), [0; 16 * 1024]);
    let closed = loop {
        match stream.read(&mut piece) {
            Ok(0) => break true,
            Ok(count) => all.extend_from_slice(&piece[..count]),
            Err(error) => break error.kind() == std::io::ErrorKind::ConnectionReset,
        }
    };
    (String::from_utf8_lossy(&all).into_owned(), closed)
}

/// Sends bytes; what comes until the gateway closes. Fails when it does not.
pub fn ask(address: SocketAddr, bytes: &[u8]) -> String {
    let mut stream = connect(address);
    // A gateway that refuses early does not read to the end.
    let _ = stream.write_all(bytes);
    let (answer, closed) = rest(&mut stream);
    assert!(closed, "still open after {PATIENCE:?}: {answer}");
    answer
}

/// One answer whose length is told, on a connection that stays open.
pub fn answer(stream: &mut TcpStream) -> String {
    let (mut all, mut byte) = (Vec::new(), [0; 1]);
    while !all.ends_with(b"\r\n\r\n") {
        stream.read_exact(&mut byte).unwrap();
        all.push(byte[0]);
    }
    let head = String::from_utf8(all).unwrap();
    let length = head
        .lines()
        .find_map(|l| l.to_ascii_lowercase().strip_prefix("content-length: ").map(str::to_owned));
    let mut body = vec![0; length.expect("a length").trim().parse().unwrap()];
    stream.read_exact(&mut body).unwrap();
    head + &String::from_utf8(body).unwrap()
}

pub fn status(answer: &str) -> u16 {
    answer.split(' ').nth(1).and_then(|status| status.parse().ok()).unwrap_or(0)
}

/// A refusal for its form: closed, in OpenAI's shape, without a `Server` header.
pub fn assert_refused(answer: &str, expected: u16, case: &str) {
    assert_eq!(status(answer), expected, "{case}: {answer}");
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    let head = head.to_ascii_lowercase();
    assert!(head.contains("connection: close") && !head.contains("\r\nserver:"), "{case}: {head}");
    let error: serde_json::Value = serde_json::from_str(body).expect(case);
    let error = &error["error"];
    assert!(error["message"].is_string() && error["code"].is_string(), "{case}: {body}");
    assert!(error["type"].is_string() && error.get("param").is_some(), "{case}: {body}");
}

/// The value of a metric, 0 when there is none.
pub fn metric(address: SocketAddr, name: &str) -> f64 {
    let request = b"GET /metrics HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n";
    let text = ask(address, request);
    let value = text.lines().find_map(|line| line.strip_prefix(name)?.trim().parse().ok());
    value.unwrap_or(0.0)
}

/// HTTP/2 frame by frame.
pub struct H2 {
    pub stream: TcpStream,
}

impl H2 {
    pub fn connect(address: SocketAddr) -> H2 {
        let mut stream = connect(address);
        stream.write_all(b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n").unwrap();
        let mut h2 = H2 { stream };
        h2.send(4, 0, 0, &[]);
        h2
    }

    /// One frame; false when the gateway has closed.
    pub fn send(&mut self, kind: u8, flags: u8, stream: u32, payload: &[u8]) -> bool {
        self.stream.write_all(&frame(kind, flags, stream, payload)).is_ok()
    }

    /// The reason of the gateway's GOAWAY, and whether it closed.
    pub fn goodbye(&mut self) -> (Option<u32>, bool) {
        let (mut reason, since) = (None, Instant::now());
        while since.elapsed() < PATIENCE {
            let mut header = [0; 9];
            match self.stream.read_exact(&mut header) {
                Ok(()) => {}
                Err(error) => {
                    let kind = error.kind();
                    return (
                        reason,
                        kind != std::io::ErrorKind::WouldBlock
                            && kind != std::io::ErrorKind::TimedOut,
                    );
                }
            }
            let [a, b, c, kind, ..] = header;
            let mut payload = vec![0; u32::from_be_bytes([0, a, b, c]) as usize];
            if self.stream.read_exact(&mut payload).is_err() {
                return (reason, true);
            }
            if kind == 7 {
                reason = Some(u32::from_be_bytes(payload[4..8].try_into().unwrap()));
            }
        }
        (reason, false)
    }
}

pub fn frame(kind: u8, flags: u8, stream: u32, payload: &[u8]) -> Vec<u8> {
    let length = (payload.len() as u32).to_be_bytes();
    [&length[1..], &[kind, flags], &stream.to_be_bytes(), payload].concat()
}

/// HPACK without compression: literal fields that enter no table.
pub fn fields(pairs: &[(&str, &str)]) -> Vec<u8> {
    let mut block = Vec::new();
    for (name, value) in pairs {
        block.push(0);
        for text in [name, value] {
            assert!(text.len() < 127, "a longer one needs another length");
            block.push(text.len() as u8);
            block.extend_from_slice(text.as_bytes());
        }
    }
    block
}
