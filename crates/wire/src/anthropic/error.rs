//! Errors as Anthropic's clients read them: `{"type":"error","error":{"type","message"}}`.
//!
//! Source: the Anthropic API reference, "Errors", and the `ErrorType` of its SDKs. The SDKs choose
//! an exception by HTTP status and tell of the type beside it.

use bytes::Bytes;
use serde::Serialize;

use crate::sse;

/// An error body. Its type follows from the HTTP `status`; `code` is OpenAI's.
pub fn error_body(message: &str, status: u16, code: Option<&str>) -> Vec<u8> {
    let error = Fault { kind: error_type(status, code), message };
    // Strings always serialise.
    serde_json::to_vec(&Body { kind: "error", error }).unwrap_or_default()
}

/// The same as an event, for a stream that has begun: clients raise on its name.
pub fn error_event(message: &str, status: u16, code: Option<&str>) -> Bytes {
    sse::named("error", &error_body(message, status, code))
}

/// A spent budget is a `billing_error` whatever its status: of the two types that would do, the one
/// that no client waits out. (The 429 it comes with makes it a `RateLimitError` in the SDKs, and
/// `x-should-retry: false` keeps them from trying again.)
fn error_type(status: u16, code: Option<&str>) -> &'static str {
    if code == Some("insufficient_quota") {
        return "billing_error";
    }
    match status {
        401 => "authentication_error",
        402 => "billing_error",
        403 => "permission_error",
        404 => "not_found_error",
        413 => "request_too_large",
        429 => "rate_limit_error",
        503 | 529 => "overloaded_error",
        504 => "timeout_error",
        500.. => "api_error",
        _ => "invalid_request_error",
    }
}

#[derive(Serialize)]
struct Body<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    error: Fault<'a>,
}

#[derive(Serialize)]
struct Fault<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    message: &'a str,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_status_chooses_the_type() {
        for (status, kind) in [
            (400, "invalid_request_error"),
            (401, "authentication_error"),
            (402, "billing_error"),
            (403, "permission_error"),
            (404, "not_found_error"),
            (405, "invalid_request_error"),
            (413, "request_too_large"),
            (429, "rate_limit_error"),
            (500, "api_error"),
            (502, "api_error"),
            (503, "overloaded_error"),
            (504, "timeout_error"),
            (529, "overloaded_error"),
        ] {
            assert_eq!(error_type(status, None), kind, "{status}");
        }
        assert_eq!(error_type(429, Some("insufficient_quota")), "billing_error");
        assert_eq!(error_type(429, Some("rate_limit_exceeded")), "rate_limit_error");
    }

    #[test]
    fn writes_a_named_event_on_one_data_line() {
        let event = error_event("no \"x\"\r\n", 503, None);
        assert_eq!(
            &event[..],
            b"event: error\ndata: {\"type\":\"error\",\"error\":{\"type\":\"overloaded_error\",\
              \"message\":\"no \\\"x\\\"\\r\\n\"}}\n\n",
        );
    }
}
