//! A provider that does what a test says, and remembers what it was asked. HTTP/1.1 by hand, so that
//! it can also do what no server should.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use serde_json::{Value, json};
use tokio::io::{AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

/// A text that only answers have.
pub const ANSWER_CANARY: &str = "canary of an answer: 7/9 Grünfinken?";

const LATE_ECHO: &str = r#"{"error":{"message":"bad key: sk-canary-provider-key"}}"#;

/// What the provider does with a request.
#[derive(Clone)]
pub enum Script {
    /// A chat completion, or a stream if one is asked for, with usage if it is asked for.
    Chat,
    /// A stream that goes on for ever, an event each interval.
    Endless(Duration),
    /// A stream that stops being one after so many events.
    After(usize, Then),
    /// A status with a JSON body and one header.
    Status(u16, &'static str, &'static str),
    /// A chat completion after so long.
    Late(Duration),
    /// A chat completion whose text has so many bytes.
    Long(usize),
    /// A stream whose usage comes so much later than the end of its answer.
    LateUsage(Duration),
    /// A stream that is complete but for its last line end and its `[DONE]`.
    Unterminated,
    /// These bytes, then the connection is closed.
    Raw(&'static [u8]),
    /// These bytes, then nothing, ever.
    Hang(&'static [u8]),
    /// Nothing, ever.
    Silence,
    /// A reset as soon as the request has come.
    Reset,
    /// What the last message asks for, in one word: see [`as_asked`].
    AsAsked,
    /// A chat completion, or a stream, that says this.
    Say(&'static str),
    /// A status, and a body that repeats the key the request came with.
    EchoKey(u16),
    /// What a test makes of the request, as bytes on the wire; then the connection is closed.
    With(fn(&Seen) -> Vec<u8>),
    /// The same, but each piece in a packet of its own.
    Pieces(fn(&Seen) -> Vec<Vec<u8>>),
    /// A chat completion that says what the last message says, and so much later the same again,
    /// which nobody asked for.
    EchoTwice(Duration),
    /// Heads of status 103 until the end of time.
    Hints,
}

/// What comes after the first events of a stream.
#[derive(Clone, Copy)]
pub enum Then {
    /// A reset.
    Cut,
    /// Nothing, ever.
    Hang,
    /// A good end, in the middle of the answer.
    End,
    /// This, and then the stream goes on.
    Say(&'static str),
}

/// What the provider saw of one request.
#[derive(Clone, Debug)]
pub struct Seen {
    pub path: String,
    pub headers: HashMap<String, String>,
    pub body: Vec<u8>,
}

#[derive(Default)]
struct Memory {
    accepted: usize,
    seen: Vec<Seen>,
    closed: Vec<Instant>,
}

/// A scripted provider on loopback.
#[derive(Clone)]
pub struct Provider {
    pub address: SocketAddr,
    memory: Arc<Mutex<Memory>>,
}

impl Provider {
    pub async fn start(script: Script) -> Provider {
        Provider::start_on("127.0.0.1:0".parse().unwrap(), script).await
    }

    /// On an address that nobody listens on.
    pub async fn start_on(address: SocketAddr, script: Script) -> Provider {
        let listener = TcpListener::bind(address).await.unwrap();
        let address = listener.local_addr().unwrap();
        let memory = Arc::<Mutex<Memory>>::default();
        let provider = Provider { address, memory: Arc::clone(&memory) };
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let (script, memory) = (script.clone(), Arc::clone(&memory));
                memory.lock().unwrap().accepted += 1;
                tokio::spawn(async move {
                    let _ = connection(stream, script, &memory).await;
                    memory.lock().unwrap().closed.push(Instant::now());
                });
            }
        });
        provider
    }

    /// A port that nobody listens on; taken for the life of the test, so that nobody else will.
    pub async fn refused() -> SocketAddr {
        let socket = tokio::net::TcpSocket::new_v4().unwrap();
        socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
        let address = socket.local_addr().unwrap();
        std::mem::forget(socket);
        address
    }

    pub fn base_url(&self) -> String {
        format!("http://{}/v1", self.address)
    }

    pub fn seen(&self) -> Vec<Seen> {
        self.memory.lock().unwrap().seen.clone()
    }

    /// How many connections were made to it.
    pub fn accepted(&self) -> usize {
        self.memory.lock().unwrap().accepted
    }

    /// When connections ended, as the provider saw it.
    pub fn closed(&self) -> Vec<Instant> {
        self.memory.lock().unwrap().closed.clone()
    }
}

impl Seen {
    pub fn json(&self) -> Value {
        serde_json::from_slice(&self.body).unwrap()
    }
}

async fn connection(
    stream: TcpStream,
    script: Script,
    memory: &Mutex<Memory>,
) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut stream = BufReader::new(stream);
    loop {
        let seen = read_request(&mut stream).await?;
        let asked: Value = serde_json::from_slice(&seen.body).unwrap_or_default();
        let key = seen.headers.get("authorization").cloned().unwrap_or_default();
        memory.lock().unwrap().seen.push(seen.clone());
        let script = match &script {
            Script::AsAsked => as_asked(&asked),
            script => script.clone(),
        };
        match &script {
            Script::Chat if asked["stream"] == true => {
                chat_stream(&mut stream, &asked, &["Hel", "lo ", "wör", "ld"]).await?
            }
            Script::Say(text) if asked["stream"] == true => {
                chat_stream(&mut stream, &asked, &[text]).await?
            }
            Script::Say(text) => {
                let body = completion().replace("Hello wörld", text);
                json_answer(&mut stream, 200, "x-a: b", &body).await?
            }
            Script::EchoKey(status) => {
                let body = json!({"error": {"message": format!("bad key: {key}"), "type": "x"}});
                let header = format!("x-echo: {key}");
                json_answer(&mut stream, *status, &header, &body.to_string()).await?
            }
            Script::Chat => json_answer(&mut stream, 200, "x-a: b", &completion()).await?,
            Script::Long(bytes) => {
                let body = completion().replace("Hello", &"x".repeat(*bytes));
                json_answer(&mut stream, 200, "x-a: b", &body).await?
            }
            Script::Status(status, header, body) => {
                json_answer(&mut stream, *status, header, body).await?
            }
            Script::With(answer) => return write_pieces(&mut stream, vec![answer(&seen)]).await,
            Script::Pieces(pieces) => return write_pieces(&mut stream, pieces(&seen)).await,
            Script::EchoTwice(pause) => echo_twice(&mut stream, &asked, *pause).await?,
            last => return last_answer(&mut stream, last).await,
        }
    }
}

/// The script that the first word of the last message names.
fn as_asked(asked: &Value) -> Script {
    let last = asked["messages"].as_array().and_then(|all| all.last()).cloned().unwrap_or_default();
    match last["content"].as_str().unwrap_or_default().split(' ').next() {
        Some("cut") => Script::After(2, Then::Cut),
        Some("endless") => Script::Endless(Duration::from_millis(20)),
        Some("silence") => Script::Silence,
        Some("reset") => Script::Reset,
        Some("fail") => Script::Status(500, "x: y", "{}"),
        Some("say") => Script::Say(ANSWER_CANARY),
        Some("echo-200") => Script::EchoKey(200),
        Some("echo-400") => Script::EchoKey(400),
        Some("echo-401") => Script::EchoKey(401),
        Some("echo-422") => Script::EchoKey(422),
        Some("echo-500") => Script::EchoKey(500),
        Some("echo-late") => Script::After(2, Then::Say(LATE_ECHO)),
        Some("refuse") => Script::Status(400, "x: y", r#"{"error":{"message":"no"}}"#),
        _ => Script::Chat,
    }
}

/// What ends the connection, one way or another.
async fn last_answer(stream: &mut BufReader<TcpStream>, script: &Script) -> std::io::Result<()> {
    match *script {
        Script::Raw(bytes) => {
            stream.write_all(bytes).await?;
            stream.shutdown().await
        }
        Script::Hang(bytes) => {
            stream.write_all(bytes).await?;
            stream.read_u8().await.map(drop)
        }
        Script::Late(pause) => {
            tokio::time::sleep(pause).await;
            json_answer(stream, 200, "x-a: b", &completion()).await
        }
        Script::Unterminated => unterminated(stream).await,
        Script::LateUsage(pause) => late_usage(stream, pause).await,
        Script::Endless(pace) => endless(stream, pace).await,
        Script::Hints => hints(stream).await,
        Script::Reset => stream.get_ref().set_zero_linger(),
        Script::After(events, then) => after_words(stream, events, then).await,
        // Silence; the others keep their connection.
        _ => stream.read_u8().await.map(drop),
    }
}

/// Each in a packet of its own, then the end.
async fn write_pieces(
    stream: &mut BufReader<TcpStream>,
    pieces: Vec<Vec<u8>>,
) -> std::io::Result<()> {
    for (index, piece) in pieces.iter().enumerate() {
        if index > 0 {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        stream.write_all(piece).await?;
    }
    stream.shutdown().await
}

async fn hints(stream: &mut BufReader<TcpStream>) -> std::io::Result<()> {
    loop {
        stream.write_all(b"HTTP/1.1 103 Early Hints\r\nlink: </a>\r\n\r\n").await?;
        tokio::task::yield_now().await;
    }
}

async fn echo_twice(
    stream: &mut BufReader<TcpStream>,
    asked: &Value,
    pause: Duration,
) -> std::io::Result<()> {
    let last = asked["messages"].as_array().and_then(|all| all.last()).cloned().unwrap_or_default();
    let said = last["content"].as_str().unwrap_or_default();
    let body = completion().replace("Hello wörld", said);
    json_answer(stream, 200, "x-a: b", &body).await?;
    tokio::time::sleep(pause).await;
    json_answer(stream, 200, "x-a: b", &body).await
}

async fn after_words(
    stream: &mut BufReader<TcpStream>,
    events: usize,
    then: Then,
) -> std::io::Result<()> {
    some_words(stream, events).await?;
    match then {
        Then::Cut => return stream.get_ref().set_zero_linger(),
        Then::Hang => return stream.read_u8().await.map(drop),
        Then::End => {}
        Then::Say(said) => {
            event(stream, said).await?;
            event(stream, &delta("never seen")).await?;
        }
    }
    stream.write_all(b"0\r\n\r\n").await
}

async fn some_words(stream: &mut BufReader<TcpStream>, events: usize) -> std::io::Result<()> {
    begin_stream(stream).await?;
    for _ in 0..events {
        event(stream, &delta("word ")).await?;
    }
    Ok(())
}

/// An address that takes no connection and refuses none: its queue is full as long as the streams
/// are kept, so the kernel drops what comes.
pub async fn blackhole() -> (SocketAddr, Vec<TcpStream>) {
    let socket = tokio::net::TcpSocket::new_v4().unwrap();
    socket.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let listener = socket.listen(1).unwrap();
    let address = listener.local_addr().unwrap();
    let mut kept = Vec::new();
    for _ in 0..64 {
        let connecting = TcpStream::connect(address);
        match tokio::time::timeout(Duration::from_millis(300), connecting).await {
            Ok(connected) => kept.push(connected.unwrap()),
            Err(_) => {
                // Nobody accepts; the listener lives as long as the test's runtime.
                tokio::spawn(async move {
                    let _listener = listener;
                    std::future::pending::<()>().await;
                });
                return (address, kept);
            }
        }
    }
    panic!("the queue of a listener does not fill");
}

async fn endless(stream: &mut BufReader<TcpStream>, pace: Duration) -> std::io::Result<()> {
    begin_stream(stream).await?;
    loop {
        event(stream, &delta("word ")).await?;
        // A client that hangs up is seen by the read, not only by a later write.
        if tokio::time::timeout(pace, stream.read_u8()).await.is_ok() {
            return Ok(());
        }
    }
}

async fn late_usage(stream: &mut BufReader<TcpStream>, pause: Duration) -> std::io::Result<()> {
    some_words(stream, 2).await?;
    let last = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]});
    event(stream, &last.to_string()).await?;
    tokio::time::sleep(pause).await;
    event(stream, &json!({"choices": [], "usage": usage()}).to_string()).await?;
    event(stream, "[DONE]").await?;
    stream.write_all(b"0\r\n\r\n").await
}

async fn unterminated(stream: &mut BufReader<TcpStream>) -> std::io::Result<()> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\r\n";
    let last = json!({"choices": [{"delta": {}, "finish_reason": "stop"}]});
    let events = format!("{head}data: {}\n\ndata: {last}", delta("word"));
    stream.write_all(events.as_bytes()).await?;
    stream.shutdown().await
}

/// One request with a body of a told length, or none.
pub async fn read_request(stream: &mut BufReader<TcpStream>) -> std::io::Result<Seen> {
    let mut head = Vec::new();
    while !head.ends_with(b"\r\n\r\n") {
        head.push(stream.read_u8().await?);
    }
    let head = String::from_utf8(head).unwrap();
    let mut lines = head.split("\r\n");
    let path = lines.next().unwrap().split(' ').nth(1).unwrap().to_owned();
    let headers: HashMap<String, String> = lines
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_ascii_lowercase(), value.to_owned()))
        .collect();
    let length = headers.get("content-length").map_or(0, |length| length.parse().unwrap());
    let mut body = vec![0; length];
    stream.read_exact(&mut body).await?;
    Ok(Seen { path, headers, body })
}

async fn json_answer(
    stream: &mut BufReader<TcpStream>,
    status: u16,
    header: &str,
    body: &str,
) -> std::io::Result<()> {
    let length = body.len();
    let answer = format!(
        "HTTP/1.1 {status} X\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\
         {header}\r\n\r\n{body}"
    );
    stream.write_all(answer.as_bytes()).await
}

async fn chat_stream(
    stream: &mut BufReader<TcpStream>,
    asked: &Value,
    words: &[&str],
) -> std::io::Result<()> {
    begin_stream(stream).await?;
    for word in words {
        event(stream, &delta(word)).await?;
    }
    let last = json!({"choices": [{"index": 0, "delta": {}, "finish_reason": "stop"}]});
    event(stream, &last.to_string()).await?;
    if asked["stream_options"]["include_usage"] == true {
        event(stream, &json!({"choices": [], "usage": usage()}).to_string()).await?;
    }
    event(stream, "[DONE]").await?;
    stream.write_all(b"0\r\n\r\n").await
}

async fn begin_stream(stream: &mut BufReader<TcpStream>) -> std::io::Result<()> {
    let head = "HTTP/1.1 200 OK\r\ncontent-type: text/event-stream\r\n\
                transfer-encoding: chunked\r\n\r\n";
    stream.write_all(head.as_bytes()).await
}

async fn event(stream: &mut BufReader<TcpStream>, data: &str) -> std::io::Result<()> {
    let event = format!("data: {data}\n\n");
    let chunk = format!("{:x}\r\n{event}\r\n", event.len());
    stream.write_all(chunk.as_bytes()).await
}

fn delta(word: &str) -> String {
    json!({"model": "mock-1", "choices": [{"index": 0, "delta": {"content": word}}]}).to_string()
}

/// 1,000 nano-dollars at the test's prices: see `gateway::PRICES`.
fn usage() -> Value {
    json!({"prompt_tokens": 7, "completion_tokens": 3, "total_tokens": 10})
}

fn completion() -> String {
    json!({
        "id": "c1", "object": "chat.completion", "model": "mock-1", "usage": usage(), "extra": "kept",
        "choices": [{"index": 0, "finish_reason": "stop",
                     "message": {"role": "assistant", "content": "Hello wörld"}}],
    })
    .to_string()
}
