//! A provider of large bodies: it keeps none, and does what the path asks for. HTTP/1.1 by hand, as
//! it also answers early, breaks off and never ends.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::{Duration, Instant};

use ring::digest::{Context, SHA256};
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use super::gateway::{Gateway, Setup};
use super::records;

/// Bytes in one piece of a body.
pub const PIECE_BYTES: usize = 64 * 1024;

/// Nano-dollars of a request.
pub const PRICE: u64 = 50_000_000;

const RULES: &str = "
      pass_through:
        - { path: /v1/files, provider: p0, price_usd: 0.05 }
        - { path: /v1/audio, provider: p0 }
        - { path: /v1/fine_tuning, provider: p0, price_usd: 0.05 }
";
const TENANTS: &str = "
  - { name: open, budget_usd: 1, allow_pass_through: true, allow_unpriced: true }
  - { name: local, budget_usd: 1, local_only: true }
  - { name: poor, budget_usd: 0.07 }
  - { name: hash, budget_usd: 1, content: hash }
  - { name: none, budget_usd: 1, content: none }
";
/// One request, and the digest of its body.
#[derive(Clone, Debug)]
pub struct Taken {
    /// `POST /v1/files?a=b`.
    pub line: String,
    pub headers: HashMap<String, String>,
    pub bytes: usize,
    pub sha256: Vec<u8>,
}

#[derive(Default)]
struct Memory {
    taken: Vec<Taken>,
    closed: Vec<Instant>,
}

/// A provider on loopback.
#[derive(Clone)]
pub struct Bulk {
    address: SocketAddr,
    memory: Arc<Mutex<Memory>>,
}

impl Bulk {
    pub async fn start() -> Bulk {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let bulk = Bulk { address: listener.local_addr().unwrap(), memory: Arc::default() };
        let memory = Arc::clone(&bulk.memory);
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let memory = Arc::clone(&memory);
                tokio::spawn(async move {
                    let _ = serve(BufReader::with_capacity(PIECE_BYTES, stream), &memory).await;
                    memory.lock().unwrap().closed.push(Instant::now());
                });
            }
        });
        bulk
    }

    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    pub fn taken(&self) -> Vec<Taken> {
        self.memory.lock().unwrap().taken.clone()
    }

    /// When connections ended, as the provider saw it.
    pub fn closed(&self) -> Vec<Instant> {
        self.memory.lock().unwrap().closed.clone()
    }
}

impl Bulk {
    /// A gateway whose paths lead here: files and fine-tuning at [`PRICE`], audio without a price.
    pub fn gateway(&self, extra: &'static str) -> Gateway {
        let setup = Setup::of(&[self.base_url()]);
        Setup { in_route: RULES, more_tenants: TENANTS, extra, ..setup }.start()
    }
}

/// The gateway stops well, and what it has recorded holds.
pub fn assert_verifies(gateway: Gateway) {
    let (folder, status) = gateway.stop();
    assert!(status.success());
    records::assert_verifies(folder.path());
}

/// The piece of that number of a large body; no two neighbours are alike.
pub fn piece(number: usize) -> Vec<u8> {
    const PERIOD: usize = 251;
    static PATTERN: LazyLock<Vec<u8>> =
        LazyLock::new(|| (0..PIECE_BYTES + PERIOD).map(|at| (at % PERIOD) as u8).collect());
    let start = number * 7 % PERIOD;
    PATTERN[start..start + PIECE_BYTES].to_vec()
}

/// The digest of a body of so many pieces.
pub fn sha256_of(pieces: usize) -> Vec<u8> {
    let mut digest = Context::new(&SHA256);
    (0..pieces).for_each(|number| digest.update(&piece(number)));
    digest.finish().as_ref().to_vec()
}

async fn serve(mut stream: BufReader<TcpStream>, memory: &Mutex<Memory>) -> std::io::Result<()> {
    loop {
        let (line, headers) = head(&mut stream).await?;
        let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
        let last = path.split('?').next().unwrap_or_default().rsplit('/').next().unwrap();
        if last == "early" {
            // Nothing of the body is read, and the connection stays.
            memory.lock().unwrap().taken.push(Taken { line, headers, bytes: 0, sha256: vec![] });
            whole(&mut stream, "413 X", "application/json", br#"{"error":{"message":"big"}}"#)
                .await?;
            return stream.read_u8().await.map(drop);
        }
        let (bytes, sha256) = body(&mut stream, &headers).await?;
        let method = line.split(' ').next().unwrap_or_default().to_owned();
        let key = headers.get("authorization").cloned().unwrap_or_default();
        memory.lock().unwrap().taken.push(Taken { line, headers, bytes, sha256 });
        if method == "HEAD" {
            let head = "HTTP/1.1 200 X\r\ncontent-length: 12345\r\n\r\n";
            stream.write_all(head.as_bytes()).await?;
            continue;
        }
        answer(&mut stream, last, &key).await?;
    }
}

/// What the last segment of the path asks for.
async fn answer(stream: &mut BufReader<TcpStream>, last: &str, key: &str) -> std::io::Result<()> {
    let word = last.split('-').next().unwrap_or_default();
    let count = last.split('-').next_back().and_then(|count| count.parse().ok()).unwrap_or(0);
    match word {
        "fixed" | "chunked" => download(stream, word, count).await,
        "status" => {
            let body = format!(r#"{{"error":{{"message":"bad key: {key}"}}}}"#);
            let status = format!("{count} X\r\nretry-after: 7\r\nlocation: http://127.0.0.1:1/");
            whole(stream, &status, "application/json", body.as_bytes()).await
        }
        "empty" => stream.write_all(b"HTTP/1.1 204 X\r\n\r\n").await,
        "cut" => {
            let head = "HTTP/1.1 200 X\r\ncontent-type: audio/mpeg\r\ncontent-length: 99\r\n\r\n";
            stream.write_all(head.as_bytes()).await?;
            stream.write_all(b"half of it").await?;
            stream.shutdown().await
        }
        "reset" => {
            stream.get_ref().set_zero_linger()?;
            Err(std::io::ErrorKind::ConnectionReset.into())
        }
        "silence" => stream.read_u8().await.map(drop),
        "endless" => endless(stream).await,
        "events" => events(stream).await,
        _ => whole(stream, "200 X", "application/json", br#"{"id":"file-1"}"#).await,
    }
}

async fn whole(
    stream: &mut BufReader<TcpStream>,
    status: &str,
    content_type: &str,
    body: &[u8],
) -> std::io::Result<()> {
    let head = format!(
        "HTTP/1.1 {status}\r\ncontent-type: {content_type}\r\nset-cookie: a=b\r\n\
         content-length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body).await
}

async fn download(
    stream: &mut BufReader<TcpStream>,
    framing: &str,
    pieces: usize,
) -> std::io::Result<()> {
    let length = match framing {
        "fixed" => format!("content-length: {}", pieces * PIECE_BYTES),
        _ => "transfer-encoding: chunked".to_owned(),
    };
    let head = format!(
        "HTTP/1.1 200 X\r\ncontent-type: application/octet-stream\r\n\
         content-disposition: attachment; filename=\"a.bin\"\r\n{length}\r\n\r\n"
    );
    stream.write_all(head.as_bytes()).await?;
    for number in 0..pieces {
        if framing == "fixed" {
            stream.write_all(&piece(number)).await?;
        } else {
            chunk(stream, &piece(number)).await?;
        }
    }
    if framing == "fixed" { Ok(()) } else { stream.write_all(b"0\r\n\r\n").await }
}

async fn endless(stream: &mut BufReader<TcpStream>) -> std::io::Result<()> {
    let head = "HTTP/1.1 200 X\r\ncontent-type: audio/mpeg\r\ntransfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await?;
    loop {
        chunk(stream, b"sound").await?;
        // A client that hangs up is seen by the read, not only by a later write.
        if tokio::time::timeout(Duration::from_millis(20), stream.read_u8()).await.is_ok() {
            return Ok(());
        }
    }
}

/// The first event, and the second when a byte comes that asks for it, which is never.
async fn events(stream: &mut BufReader<TcpStream>) -> std::io::Result<()> {
    let head = "HTTP/1.1 200 X\r\ncontent-type: text/event-stream\r\n\
                transfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await?;
    chunk(stream, b"data: {\"type\":\"transcript.text.delta\"}\n\n").await?;
    tokio::time::sleep(Duration::from_secs(1)).await;
    chunk(stream, b"data: {\"type\":\"transcript.text.done\"}\n\n").await?;
    stream.write_all(b"0\r\n\r\n").await
}

async fn chunk(stream: &mut BufReader<TcpStream>, bytes: &[u8]) -> std::io::Result<()> {
    stream.write_all(format!("{:x}\r\n", bytes.len()).as_bytes()).await?;
    stream.write_all(bytes).await?;
    stream.write_all(b"\r\n").await
}

async fn head(
    stream: &mut BufReader<TcpStream>,
) -> std::io::Result<(String, HashMap<String, String>)> {
    let line = line(stream).await?;
    let line = line.strip_suffix(" HTTP/1.1").unwrap_or(&line).to_owned();
    let mut headers = HashMap::new();
    loop {
        let text = self::line(stream).await?;
        let Some((name, value)) = text.split_once(": ") else { return Ok((line, headers)) };
        headers.insert(name.to_ascii_lowercase(), value.to_owned());
    }
}

async fn line(stream: &mut BufReader<TcpStream>) -> std::io::Result<String> {
    let mut line = String::new();
    match stream.read_line(&mut line).await? {
        0 => Err(std::io::ErrorKind::UnexpectedEof.into()),
        _ => Ok(line.trim_end().to_owned()),
    }
}

/// Number of bytes and digest of a request's body.
async fn body(
    stream: &mut BufReader<TcpStream>,
    headers: &HashMap<String, String>,
) -> std::io::Result<(usize, Vec<u8>)> {
    let (mut digest, mut bytes) = (Context::new(&SHA256), 0);
    if headers.contains_key("transfer-encoding") {
        loop {
            let length = usize::from_str_radix(&line(stream).await?, 16).unwrap();
            bytes += length;
            take(stream, length, &mut digest).await?;
            line(stream).await?;
            if length == 0 {
                break;
            }
        }
    } else if let Some(length) = headers.get("content-length") {
        bytes = length.parse().unwrap();
        take(stream, bytes, &mut digest).await?;
    }
    Ok((bytes, digest.finish().as_ref().to_vec()))
}

async fn take(
    stream: &mut BufReader<TcpStream>,
    mut left: usize,
    digest: &mut Context,
) -> std::io::Result<()> {
    let mut piece = vec![0; PIECE_BYTES];
    while left > 0 {
        let room = left.min(PIECE_BYTES);
        let read = stream.read(&mut piece[..room]).await?;
        if read == 0 {
            return Err(std::io::ErrorKind::UnexpectedEof.into());
        }
        digest.update(&piece[..read]);
        left -= read;
    }
    Ok(())
}
