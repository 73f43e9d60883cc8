//! Errors as Google's clients read them: `{"error":{"code","message","status"}}`, where the status
//! is a word of gRPC.
//!
//! Source: the Gemini API reference, "Troubleshooting", and `google.rpc.Code`.

use bytes::Bytes;
use serde::Serialize;

use crate::sse;

/// An error body. Its word follows from the HTTP `status`.
pub fn error_body(message: &str, status: u16) -> Vec<u8> {
    let body = Body { error: Fault { code: status, message, status: word(status) } };
    // Strings and integers always serialise.
    serde_json::to_vec(&body).unwrap_or_default()
}

/// The same as an event, for a stream that has begun.
pub fn error_event(message: &str, status: u16) -> Bytes {
    sse::data(&error_body(message, status))
}

fn word(status: u16) -> &'static str {
    match status {
        401 => "UNAUTHENTICATED",
        403 => "PERMISSION_DENIED",
        404 => "NOT_FOUND",
        409 => "ABORTED",
        429 => "RESOURCE_EXHAUSTED",
        499 => "CANCELLED",
        501 => "UNIMPLEMENTED",
        502 | 503 => "UNAVAILABLE",
        504 => "DEADLINE_EXCEEDED",
        500.. => "INTERNAL",
        _ => "INVALID_ARGUMENT",
    }
}

#[derive(Serialize)]
struct Body<'a> {
    error: Fault<'a>,
}

#[derive(Serialize)]
struct Fault<'a> {
    code: u16,
    message: &'a str,
    status: &'static str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_chooses_the_word() {
        let body = String::from_utf8(error_body("no \"x\"", 404)).unwrap();
        let expected = r#"{"error":{"code":404,"message":"no \"x\"","status":"NOT_FOUND"}}"#;
        assert_eq!(body, expected);
        assert_eq!(error_event("m", 502), format!("data: {}\n\n", said("m", 502)));
        assert!(said("m", 418).contains("INVALID_ARGUMENT"));
    }

    fn said(message: &str, status: u16) -> String {
        String::from_utf8(error_body(message, status)).unwrap()
    }
}
