//! Errors of a provider of one dialect, told in the other, whatever they look like.

use bytes::Bytes;
use serde_json::Value;

use crate::{Api, Dialect, ErrorParts, sse};

/// The body of an error answer for a caller of `dialect`.
pub(crate) fn error_body(dialect: Dialect, status: u16, body: &[u8]) -> Bytes {
    let told = Told::parse(body);
    let silent = format!("the provider refused the request with status {status}");
    dialect.error_body(told.parts(status, &silent)).into()
}

/// The body for OpenAI's callers of an error that came with a status of success.
pub(in crate::translate) fn openai_body(body: &[u8]) -> Vec<u8> {
    Dialect::OpenAi.error_body(Told::parse(body).parts(500, SILENT))
}

/// The event for a caller of `api` of a provider's error in the middle of a stream.
pub(crate) fn error_event(api: Api, event: &sse::Event) -> Bytes {
    api.error_event(Told::parse(&event.data()).parts(500, SILENT))
}

const SILENT: &str = "the provider reported an error";

/// What an error tells, in either dialect: both have an `error` with `type` and `message`. Some
/// servers have less.
struct Told {
    body: Value,
}

impl Told {
    fn parse(body: &[u8]) -> Told {
        let mut body: Value = serde_json::from_slice(body).unwrap_or_default();
        // A response that failed holds its error itself.
        if let Some(response) = body.get_mut("response") {
            body = response.take();
        }
        Told { body }
    }

    fn parts<'a>(&'a self, status: u16, silent: &'a str) -> ErrorParts<'a> {
        ErrorParts {
            status,
            message: self.message().unwrap_or(silent),
            kind: self.text("type").unwrap_or(kind(status)),
            param: self.text("param"),
            code: self.text("code").or_else(|| self.known_code()),
        }
    }

    fn message(&self) -> Option<&str> {
        let bare = || self.body.get("error")?.as_str();
        let beside = || self.body.get("message").or(self.body.get("detail"))?.as_str();
        let message = self.text("message").or_else(bare).or_else(beside)?;
        (!message.is_empty()).then_some(message)
    }

    /// OpenAI's code for what Anthropic tells by type and text only, where clients act on it.
    fn known_code(&self) -> Option<&'static str> {
        let message = self.message()?;
        match self.text("type")? {
            "invalid_request_error" if message.starts_with("prompt is too long") => {
                Some("context_length_exceeded")
            }
            "not_found_error" if message.starts_with("model:") => Some("model_not_found"),
            "request_too_large" => Some("request_too_large"),
            _ => None,
        }
    }

    fn text(&self, member: &str) -> Option<&str> {
        self.body.get("error")?.get(member)?.as_str()
    }
}

/// OpenAI's type for a status whose body tells none.
fn kind(status: u16) -> &'static str {
    match status {
        500.. => "api_error",
        _ => "invalid_request_error",
    }
}
