//! The filter that masks e-mail addresses in a running gateway: in each dialect and each pair of
//! translation, whole, streamed and from the cache. The provider is asked, the client answered and
//! the ledger told without an address.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

#[path = "../redact/tests/dialects/mod.rs"]
mod dialects;

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use dialects::{DIALECTS, Dialect, answer, request, stream};
use inferlayer_wire::Api;
use serde_json::Value;
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};

const BINARY: &str = env!("CARGO_BIN_EXE_inferlayer-maintenance");
const TEXT: &str = "Mail jo.doe@example.com, or 东@x.io: bye";
const ARGUMENTS: &str = r#"{"to":"jo.doe@example.com"}"#;

/// A provider of all dialects that always says the same, a letter an event where it streams; and
/// what it was asked.
async fn provider() -> (String, Arc<Mutex<Vec<String>>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let all = Arc::clone(&asked);
    tokio::spawn(async move {
        while let Ok((connection, _)) = listener.accept().await {
            tokio::spawn(serve(connection, Arc::clone(&all)));
        }
    });
    (url, asked)
}

async fn serve(mut connection: TcpStream, asked: Arc<Mutex<Vec<String>>>) {
    while let Some((line, body)) = read(&mut connection).await {
        let (api, streams) = match &line {
            line if line.contains("streamGenerateContent") => (Api::Generate, true),
            line if line.contains("generateContent") => (Api::Generate, false),
            line if line.contains("/responses") => (Api::Responses, false),
            line if line.contains("/messages") => (Api::Messages, false),
            _ => (Api::Chat, false),
        };
        let streams = streams || body.contains(r#""stream":true"#);
        // Only an answer that calls no tool is cached.
        let plain = body.contains("plain");
        asked.lock().unwrap().push(body);
        let said = match (streams, plain) {
            (true, _) => stream(api, &letters(TEXT), &letters(ARGUMENTS)),
            (false, false) => answer(api, TEXT, ARGUMENTS),
            (false, true) => plain_answer(),
        };
        let kind = if streams { "text/event-stream" } else { "application/json" };
        let length = said.len();
        let head =
            format!("HTTP/1.1 200 OK\r\ncontent-type: {kind}\r\ncontent-length: {length}\r\n\r\n");
        if connection.write_all((head + &said).as_bytes()).await.is_err() {
            return;
        }
    }
}

fn plain_answer() -> String {
    let answer = answer(Api::Chat, TEXT, ARGUMENTS);
    let mut answer: Value = serde_json::from_str(&answer).unwrap();
    answer["choices"][0]["message"].as_object_mut().unwrap().remove("tool_calls");
    answer["choices"][0]["finish_reason"] = "stop".into();
    answer.to_string()
}

fn letters(text: &str) -> Vec<&str> {
    text.char_indices().map(|(at, letter)| &text[at..at + letter.len_utf8()]).collect()
}

/// The request line, and the body.
async fn read(connection: &mut TcpStream) -> Option<(String, String)> {
    let (mut bytes, mut chunk) = (Vec::new(), [0; 4096]);
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let lower = head.to_lowercase();
            let length = lower.split_once("content-length: ").unwrap().1;
            let length: usize = length.lines().next().unwrap().trim().parse().unwrap();
            if body.len() >= length {
                return Some((head.lines().next().unwrap().to_owned(), body.to_owned()));
            }
        }
        match connection.read(&mut chunk).await {
            Ok(0) | Err(_) => return None,
            Ok(read) => bytes.extend_from_slice(&chunk[..read]),
        }
    }
}

struct Gateway {
    process: Child,
    folder: TempDir,
    address: String,
    key: String,
}

impl Drop for Gateway {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Gateway {
    fn start(provider: &str) -> Gateway {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("gateway.yaml"), configuration(provider)).unwrap();
        let mut serve = Command::new(BINARY);
        serve.args(["serve", "--config"]).arg(folder.path().join("gateway.yaml"));
        let mut process = serve.stdout(Stdio::piped()).spawn().unwrap();
        let mut said = String::new();
        BufReader::new(process.stdout.take().unwrap()).read_line(&mut said).unwrap();
        let address = said.trim().split_once("http://").unwrap().1.to_owned();
        let key = run(folder.path(), &["keys", "create", "--tenant", "a"]).trim().to_owned();
        Gateway { process, folder, address, key }
    }

    /// What this caller gets of that provider: the bytes of the body.
    async fn ask(&self, caller: &Dialect, provider: &str, stream: bool, text: &str) -> String {
        let path = match caller.api {
            Api::Responses => "/v1/responses".to_owned(),
            Api::Messages => "/v1/messages".to_owned(),
            Api::Generate if stream => {
                format!("/v1beta/models/{provider}:streamGenerateContent?alt=sse")
            }
            Api::Generate => format!("/v1beta/models/{provider}:generateContent"),
            _ => "/v1/chat/completions".to_owned(),
        };
        let body = request(caller.api, stream, text);
        let body = body.replace(r#""model":"m""#, &format!(r#""model":"{provider}""#));
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let request = client.post(format!("http://{}{path}", self.address));
        let answer = request.bearer_auth(&self.key).body(body).send().await.unwrap();
        let status = answer.status();
        let body = answer.text().await.unwrap();
        assert_eq!(status, 200, "{} of {provider}: {body}", caller.name);
        body
    }
}

fn run(folder: &Path, words: &[&str]) -> String {
    let config = folder.join("gateway.yaml");
    let output = Command::new(BINARY).args(words).arg("--config").arg(config).output().unwrap();
    assert!(output.status.success(), "{words:?}: {}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

/// A provider and a model for each dialect, by its name.
fn configuration(provider: &str) -> String {
    let kinds = [
        ("chat", "openai"),
        ("responses", "openai"),
        ("messages", "anthropic"),
        ("generate", "gemini"),
    ];
    let providers = kinds.map(|(name, kind)| {
        format!(
            "  - {{ name: {name}, kind: {kind}, base_url: '{provider}/v1', local: true, free: true }}\n"
        )
    });
    let models = kinds.map(|(name, _)| {
        let api = match name {
            "chat" | "responses" => format!(", api: {name}"),
            _ => String::new(),
        };
        format!(
            "        - {{ name: {name}, candidates: [{{ provider: {name}, model: m{api} }}] }}\n"
        )
    });
    format!(
        "listen: {{ http: '127.0.0.1:0', metrics: null }}\n\
         data_dir: data\n\
         tenants: [{{ name: a, budget_usd: 1 }}]\n\
         providers:\n{}\
         filters:\n\
         \x20 - authenticate: {{}}\n\
         \x20 - redact: {{}}\n\
         \x20 - cache: {{}}\n\
         \x20 - route:\n\
         \x20     models:\n{}\
         \x20 - meter: {{}}\n\
         \x20 - audit: {{}}\n",
        providers.concat(),
        models.concat()
    )
}

fn assert_masked(said: &str, what: &str) {
    for address in ["jo.doe", "example.com", "x.io", "东"] {
        assert!(!said.contains(address), "{what}: {address} in {said}");
    }
    assert!(said.contains("[email]"), "{what}: {said}");
}

#[tokio::test]
async fn no_address_leaves_the_gateway() {
    let (url, asked) = provider().await;
    let gateway = Gateway::start(&url);
    for caller in &DIALECTS {
        for provider in &DIALECTS {
            for stream in [false, true] {
                let what = format!("{} of {}, stream {stream}", caller.name, provider.name);
                let said = gateway.ask(caller, provider.name, stream, TEXT).await;
                assert_masked(&said, &what);
                let asked = asked.lock().unwrap().pop().unwrap();
                assert_masked(&asked, &format!("the provider of {what}"));
            }
        }
    }
    // The second time from the cache, in either form.
    let chat = &DIALECTS[0];
    let text = format!("plain {TEXT}");
    for stream in [false, false, true] {
        assert_masked(&gateway.ask(chat, "chat", stream, &text).await, "cached");
    }
    assert_eq!(asked.lock().unwrap().len(), 1, "the answers came from the cache");
    let folder = gateway.folder.path().to_owned();
    let exported = run(&folder, &["ledger", "export", "--content"]);
    assert_masked(&exported, "the ledger");
    // What was changed is said. A hit gives again what was changed before.
    for kind in ["intent", "outcome"] {
        let line = |line: &str| -> Value { serde_json::from_str(line).unwrap() };
        let lines = exported.lines().map(line);
        let records: Vec<Value> = lines.filter(|line| line["kind"] == kind).collect();
        let is_told = |record: &Value| record["metadata"]["edited_texts"].is_u64();
        assert!(!records.is_empty() && records.iter().all(is_told), "{kind}");
    }
}
