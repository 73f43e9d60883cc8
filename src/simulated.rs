//! The simulated provider: what the embedded default serves when it knows no other. A small HTTP
//! server on loopback, so that a request to it takes the whole path a real one does. Its answers
//! say that they are made up.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bytes::{Bytes, BytesMut};
use http::StatusCode;
use http::header::{CONTENT_LENGTH, CONTENT_TYPE, TRANSFER_ENCODING};
use inferlayer_wire::{ChatRequest, openai, sse};
use pingora_core::apps::{HttpPersistentSettings, HttpServerApp, ReusedHttpStream};
use pingora_core::protocols::http::ServerSession;
use pingora_core::server::ShutdownWatch;
use pingora_http::ResponseHeader;
use serde_json::{Value, json};

/// The simulated provider.
pub(crate) struct Simulated;

const WORDS: &[&str] = &[
    "This",
    " answer",
    " is",
    " simulated:",
    " no",
    " model",
    " was",
    " asked.",
    " Set",
    " OPENAI_API_KEY",
    " or",
    " INFERLAYER_LOCAL_URL",
    " to",
    " talk",
    " to",
    " a",
    " real",
    " one.",
];
/// About the pace of a fast provider, so that a stream looks like one.
const PACE: Duration = Duration::from_millis(15);
/// The gateway has read the body within its own limit already.
const BODY_MAX_BYTES: usize = 512 * 1024 * 1024;

#[async_trait]
impl HttpServerApp for Simulated {
    async fn process_new_http(
        self: &Arc<Self>,
        mut session: ServerSession,
        _shutdown: &ShutdownWatch,
    ) -> Option<ReusedHttpStream> {
        if !session.read_request().await.ok()? {
            return None;
        }
        let answered = answer(&mut session).await;
        let settings = HttpPersistentSettings::for_session(&session);
        answered.ok()?;
        let reusable = session.finish().await.ok()??;
        Some(ReusedHttpStream::from_reusable_stream(reusable, settings))
    }
}

async fn answer(session: &mut ServerSession) -> pingora_core::Result<()> {
    let mut body = BytesMut::new();
    while let Some(bytes) = session.read_request_body().await? {
        body.extend_from_slice(&bytes);
        if body.len() > BODY_MAX_BYTES {
            break;
        }
    }
    match ChatRequest::parse(body.freeze()) {
        Ok(call) if call.gist().stream() => stream(session, &call).await,
        Ok(call) => whole(session, StatusCode::OK, completion(&call).to_string().into()).await,
        Err(invalid) => {
            let kind = "invalid_request_error";
            let told = openai::error_body(&invalid.message, kind, invalid.param.as_deref(), None);
            whole(session, StatusCode::BAD_REQUEST, told.into()).await
        }
    }
}

async fn whole(
    session: &mut ServerSession,
    status: StatusCode,
    body: Bytes,
) -> pingora_core::Result<()> {
    let mut head = ResponseHeader::build(status, Some(2))?;
    head.insert_header(CONTENT_TYPE, "application/json")?;
    head.insert_header(CONTENT_LENGTH, body.len())?;
    session.write_response_header(Box::new(head)).await?;
    session.write_response_body(body, true).await
}

async fn stream(session: &mut ServerSession, call: &ChatRequest) -> pingora_core::Result<()> {
    let mut head = ResponseHeader::build(StatusCode::OK, Some(2))?;
    head.insert_header(CONTENT_TYPE, "text/event-stream")?;
    head.insert_header(TRANSFER_ENCODING, "chunked")?;
    session.write_response_header(Box::new(head)).await?;
    let words = words(call);
    for word in words {
        let delta = json!({"content": word});
        session.write_response_body(event(call, &delta, Value::Null), false).await?;
        tokio::time::sleep(PACE).await;
    }
    session.write_response_body(event(call, &json!({}), finish(call).into()), false).await?;
    if call.wants_usage() {
        let mut last = envelope(call, "chat.completion.chunk");
        last["choices"] = json!([]);
        last["usage"] = usage(call);
        session.write_response_body(sse::data(last.to_string().as_bytes()), false).await?;
    }
    session.write_response_body(sse::data(b"[DONE]"), true).await
}

fn event(call: &ChatRequest, delta: &Value, finish_reason: Value) -> Bytes {
    let mut chunk = envelope(call, "chat.completion.chunk");
    chunk["choices"] = json!([{"index": 0, "delta": delta, "finish_reason": finish_reason}]);
    sse::data(chunk.to_string().as_bytes())
}

fn completion(call: &ChatRequest) -> Value {
    let message = json!({"role": "assistant", "content": words(call).concat()});
    let choice = |index| json!({"index": index, "message": message, "finish_reason": finish(call)});
    let mut whole = envelope(call, "chat.completion");
    whole["choices"] = (0..call.gist().choices()).map(choice).collect();
    whole["usage"] = usage(call);
    whole
}

fn envelope(call: &ChatRequest, object: &str) -> Value {
    json!({
        "id": "chatcmpl-simulated",
        "object": object,
        "created": inferlayer_accounts::tenant::unix_seconds(),
        "model": call.gist().model(),
        "system_fingerprint": "simulated",
    })
}

/// A word counts as a token, here.
fn words(call: &ChatRequest) -> &'static [&'static str] {
    let cap = call.gist().max_output_tokens().and_then(|cap| usize::try_from(cap).ok());
    WORDS.get(..cap.unwrap_or(WORDS.len())).unwrap_or(WORDS)
}

fn finish(call: &ChatRequest) -> &'static str {
    if words(call).len() < WORDS.len() { "length" } else { "stop" }
}

fn usage(call: &ChatRequest) -> Value {
    let input = call.gist().body().len().div_ceil(4);
    let output = words(call).len() * call.gist().choices() as usize;
    json!({"prompt_tokens": input, "completion_tokens": output, "total_tokens": input + output})
}
