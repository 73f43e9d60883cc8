//! What whole-proxy tests share: the built gateway as a process of its own, a scripted provider on
//! loopback, and a reader of what the ledger holds afterwards.
#![allow(dead_code, missing_docs, unused_imports)]

pub mod bulk;
pub mod canary;
pub mod gateway;
pub mod load;
pub mod operator;
pub mod provider;
pub mod raw;
pub mod records;
pub mod syslog;
pub mod tls;
pub mod witness;

pub use gateway::Gateway;
pub use provider::{Provider, Script, Seen, Then};

use reqwest::{Body, Client, RequestBuilder};
use serde_json::{Value, json};

/// A chat request of about `bytes` bytes.
pub fn chat(model: &str, stream: bool, bytes: usize) -> String {
    let content = "lorem ipsum dolor ".repeat(bytes / 18 + 1);
    json!({
        "model": model, "stream": stream, "max_tokens": 10, "an_unknown_field": {"kept": [1, 2.50]},
        "messages": [{"role": "user", "content": content}],
    })
    .to_string()
}

/// A chat request of one message to the model `m`.
pub fn message(text: &str, stream: bool) -> Value {
    let messages = json!([{"role": "user", "content": text}]);
    json!({"model": "m", "stream": stream, "max_tokens": 10, "messages": messages})
}

/// A client of HTTP/1.1, or of HTTP/2 without TLS.
pub fn client(h2: bool) -> Client {
    let builder = Client::builder().timeout(std::time::Duration::from_secs(60)).no_proxy();
    let builder = if h2 { builder.http2_prior_knowledge() } else { builder.http1_only() };
    builder.build().unwrap()
}

/// The same body with its length told, or in chunks of 64 KiB.
pub fn with_body(request: RequestBuilder, body: String, chunked: bool) -> RequestBuilder {
    if !chunked {
        return request.body(body);
    }
    let pieces: Vec<Result<Vec<u8>, std::io::Error>> =
        body.as_bytes().chunks(64 * 1024).map(|piece| Ok(piece.to_vec())).collect();
    request.body(Body::wrap_stream(futures_util::stream::iter(pieces)))
}

/// The JSON objects of a stream's `data:` lines, and whether `[DONE]` came last.
pub fn events(stream: &str) -> (Vec<Value>, bool) {
    let data: Vec<&str> = stream.lines().filter_map(|line| line.strip_prefix("data: ")).collect();
    let done = data.last() == Some(&"[DONE]");
    let json = data.iter().filter(|data| **data != "[DONE]");
    (json.map(|data| serde_json::from_str(data).unwrap()).collect(), done)
}

/// The text of a stream.
pub fn text(events: &[Value]) -> String {
    events.iter().filter_map(|e| e["choices"][0]["delta"]["content"].as_str()).collect()
}

/// A configuration whose ledger has these anchors, as YAML.
pub fn anchored(provider: &Provider, anchors: &str) -> gateway::Setup {
    let extra = format!("ledger: {{ anchors: [{anchors}] }}");
    let setup = gateway::Setup::of(&[provider.base_url()]);
    gateway::Setup { extra: Box::leak(extra.into_boxed_str()), ..setup }
}

/// Status and body of one small call.
pub async fn call(gateway: &Gateway, key: &str) -> (u16, String) {
    let request = client(false).post(gateway.chat_url()).bearer_auth(key);
    let answer = request.body(chat("m", false, 50)).send().await.unwrap();
    (answer.status().as_u16(), answer.text().await.unwrap())
}

/// Waits until something holds, at most ten seconds.
pub async fn eventually(what: &str, mut holds: impl FnMut() -> bool) {
    for _ in 0..1000 {
        if holds() {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(10)).await;
    }
    panic!("did not come true: {what}");
}
