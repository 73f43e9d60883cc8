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

/// The event for a caller of `api` of a provider's error in the middle of a stream.
pub(crate) fn error_event(api: Api, event: &sse::Event) -> Bytes {
    let told = Told::parse(&event.data());
    api.error_event(told.parts(told.status(), SILENT))
}

/// The longest error that is told anew.
const MAX_BYTES: usize = 64 * 1024;

const SILENT: &str = "the provider reported an error";

/// What an error tells, in any dialect: all have an `error` with a `message`, and a `type` or, as
/// Google's, a `status`. Some servers have less.
struct Told {
    body: Value,
}

impl Told {
    fn parse(body: &[u8]) -> Told {
        // No error is that long, and a tree of it takes many times its bytes.
        let body = Some(body).filter(|body| body.len() <= MAX_BYTES).unwrap_or_default();
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
            kind: self.text("type").or_else(|| self.known_kind()).unwrap_or(kind(status)),
            param: self.text("param"),
            code: self.text("code").or_else(|| self.known_code()),
        }
    }

    fn message(&self) -> Option<&str> {
        let bare = || self.error()?.as_str();
        let beside = || self.body.get("message").or(self.body.get("detail"))?.as_str();
        let message = self.text("message").or_else(bare).or_else(beside)?;
        (!message.is_empty()).then_some(message)
    }

    /// The status that an error inside of an answer would have had, where it has a number.
    fn status(&self) -> u16 {
        let code = self.error().and_then(|error| error.get("code")?.as_u64());
        code.and_then(|code| code.try_into().ok())
            .filter(|code| (400..600).contains(code))
            .unwrap_or(500)
    }

    /// OpenAI's type for a word of Google's, where its clients act on it.
    fn known_kind(&self) -> Option<&'static str> {
        match self.text("status")? {
            "RESOURCE_EXHAUSTED" => Some("rate_limit_error"),
            _ => None,
        }
    }

    /// OpenAI's code for what others tell by type and text only, where clients act on it.
    fn known_code(&self) -> Option<&'static str> {
        let message = self.message()?;
        match self.text("type").or(self.text("status"))? {
            "INVALID_ARGUMENT" if message.contains("exceeds the maximum number of tokens") => {
                Some("context_length_exceeded")
            }
            "NOT_FOUND" if message.contains("models/") => Some("model_not_found"),
            "RESOURCE_EXHAUSTED" => Some("rate_limit_exceeded"),
            "invalid_request_error" if message.starts_with("prompt is too long") => {
                Some("context_length_exceeded")
            }
            "not_found_error" if message.starts_with("model:") => Some("model_not_found"),
            "request_too_large" => Some("request_too_large"),
            _ => None,
        }
    }

    fn text(&self, member: &str) -> Option<&str> {
        self.error()?.get(member)?.as_str()
    }

    /// Google's streams that are no event streams have their errors in an array.
    fn error(&self) -> Option<&Value> {
        self.body.get(0).unwrap_or(&self.body).get("error")
    }
}

/// OpenAI's type for a status whose body tells none.
fn kind(status: u16) -> &'static str {
    match status {
        500.. => "api_error",
        _ => "invalid_request_error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(status: u16, body: &str) -> String {
        let told = error_body(Dialect::OpenAi, status, body.as_bytes());
        String::from_utf8(told.to_vec()).unwrap()
    }

    #[test]
    fn google_s_words_become_codes_that_clients_act_on() {
        for (status, error, kind, code) in [
            (
                400,
                r#""message":"The count (9) exceeds the maximum number of tokens allowed (8).",
                    "status":"INVALID_ARGUMENT""#,
                "invalid_request_error",
                r#""context_length_exceeded""#,
            ),
            (
                404,
                r#""message":"models/x is not found","status":"NOT_FOUND""#,
                "invalid_request_error",
                r#""model_not_found""#,
            ),
            (
                429,
                r#""message":"Quota","status":"RESOURCE_EXHAUSTED""#,
                "rate_limit_error",
                r#""rate_limit_exceeded""#,
            ),
            (400, r#""message":"no","status":"INVALID_ARGUMENT""#, "invalid_request_error", "null"),
        ] {
            let error = format!(r#"{{"error":{{"code":{status},{error}}}}}"#);
            for body in [error.clone(), format!("[{error}]")] {
                let told = told(status, &body);
                assert!(told.contains(&format!(r#""type":"{kind}""#)), "{told}");
                assert!(told.contains(&format!(r#""code":{code}"#)), "{told}");
            }
        }
    }

    #[test]
    fn an_error_inside_of_an_answer_has_the_status_of_its_number() {
        for (code, status) in [("503", 503), ("7", 500), (r#""x""#, 500), ("-1", 500)] {
            let body = format!(r#"{{"error":{{"code":{code},"message":"m"}}}}"#);
            assert_eq!(Told::parse(body.as_bytes()).status(), status, "{code}");
        }
    }
}
