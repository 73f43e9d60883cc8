//! The demo's client: one request, its whole answer, and what the gateway says beside it.

use std::collections::HashMap;
use std::io;
use std::net::SocketAddr;

use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST};
use pingora_core::upstreams::peer::HttpPeer;
use pingora_http::RequestHeader;
use serde_json::Value;

use crate::cli::Failure;
use crate::net::{HttpAnswer, HttpClient, HttpError};

/// More than any answer of the demo.
const ANSWER_MAX_BYTES: usize = 1024 * 1024;

/// Talks to the demo's gateway.
pub(super) struct Client {
    address: SocketAddr,
    client: HttpClient,
}

/// An answer.
pub(super) struct Answer {
    pub(super) status: u16,
    /// Of the head, and for a stream also of the comment at its end.
    facts: HashMap<String, String>,
    pub(super) body: String,
}

impl Client {
    pub(super) fn new(address: SocketAddr) -> Client {
        Client { address, client: HttpClient::new(None, ANSWER_MAX_BYTES) }
    }

    /// Asks for a chat completion.
    pub(super) async fn ask(&self, key: &str, body: &Value) -> Result<Answer, Failure> {
        self.exchange(key, body.to_string()).await.map_err(|error| {
            Failure::Output(io::Error::other(format!("the demo's own request: {error}")))
        })
    }

    #[expect(clippy::disallowed_methods, reason = "an address needs no resolution")]
    async fn exchange(&self, key: &str, body: String) -> Result<Answer, HttpError> {
        let peer = HttpPeer::new(self.address, false, String::new());
        let mut head = RequestHeader::build("POST", b"/v1/chat/completions", None)?;
        head.insert_header(HOST, self.address.to_string())?;
        head.insert_header(AUTHORIZATION, format!("Bearer {key}"))?;
        head.insert_header(CONTENT_TYPE, "application/json")?;
        head.insert_header(CONTENT_LENGTH, body.len())?;
        let connection = self.client.connect(&peer).await?;
        Ok(Answer::of(self.client.exchange(connection, head, body.into()).await?))
    }
}

impl Answer {
    fn of(answer: HttpAnswer) -> Answer {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        let headers = answer.headers.iter();
        let headers = headers.map(|(name, value)| (name.to_string(), text(value.as_bytes())));
        let body = text(&answer.body);
        let facts = headers.chain(comments(&body)).collect();
        Answer { status: answer.status.as_u16(), facts, body }
    }

    /// What the gateway says under this name.
    pub(super) fn fact(&self, name: &str) -> Option<&str> {
        self.facts.get(name).map(String::as_str)
    }

    /// The code of an error answer.
    pub(super) fn error_code(&self) -> Option<String> {
        let body: Value = serde_json::from_str(&self.body).ok()?;
        Some(body.get("error")?.get("code")?.as_str()?.to_owned())
    }
}

/// `: name: value` in a stream of events.
fn comments(body: &str) -> impl Iterator<Item = (String, String)> {
    let comments = body.lines().filter_map(|line| line.strip_prefix(": "));
    let facts = comments.filter_map(|comment| comment.split_once(": "));
    facts.map(|(name, value)| (name.to_owned(), value.to_owned()))
}
