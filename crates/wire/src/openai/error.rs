//! Errors as OpenAI clients read them: `{"error":{"message","type","param","code"}}`.

use bytes::Bytes;
use serde::Serialize;

use crate::sse;

/// An error body. `kind` is its `type`, such as `invalid_request_error`; `param` the field at
/// fault; `code` what a program acts on. Absent ones are written as null, as OpenAI does.
pub fn error_body(message: &str, kind: &str, param: Option<&str>, code: Option<&str>) -> Vec<u8> {
    let body = Body { error: Fault { message, kind, param, code } };
    // Strings always serialise.
    serde_json::to_vec(&body).unwrap_or_default()
}

/// The same as an event, for a stream that has begun: clients raise on it, whereas a plain close
/// looks to them like success.
pub fn error_event(message: &str, kind: &str, param: Option<&str>, code: Option<&str>) -> Bytes {
    sse::data(&error_body(message, kind, param, code))
}

/// The same as an event of a streamed response. The description has the members side by side;
/// OpenAI sends them in `error`, which is what its SDKs raise on and Vercel's reads: both are said.
pub fn response_error_event(
    message: &str,
    kind: &str,
    param: Option<&str>,
    code: Option<&str>,
) -> Bytes {
    let error = Fault { message, kind, param, code };
    let event = ResponseError { event: "error", code, message, param, error };
    sse::named("error", &serde_json::to_vec(&event).unwrap_or_default())
}

#[derive(Serialize)]
struct ResponseError<'a> {
    #[serde(rename = "type")]
    event: &'static str,
    code: Option<&'a str>,
    message: &'a str,
    param: Option<&'a str>,
    error: Fault<'a>,
}

#[derive(Serialize)]
struct Body<'a> {
    error: Fault<'a>,
}

#[derive(Serialize)]
struct Fault<'a> {
    message: &'a str,
    #[serde(rename = "type")]
    kind: &'a str,
    param: Option<&'a str>,
    code: Option<&'a str>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_every_field_and_escapes() {
        assert_eq!(
            String::from_utf8(error_body("no \"x\"\n", "api_error", None, Some("c"))).unwrap(),
            r#"{"error":{"message":"no \"x\"\n","type":"api_error","param":null,"code":"c"}}"#,
        );
    }

    #[test]
    fn an_error_event_is_one_data_line() {
        let event = error_event("broken\r\nstream", "api_error", Some("n"), None);
        assert_eq!(
            &event[..],
            b"data: {\"error\":{\"message\":\"broken\\r\\nstream\",\"type\":\"api_error\",\
              \"param\":\"n\",\"code\":null}}\n\n",
        );
    }

    #[test]
    fn an_error_of_a_streamed_response_is_said_in_both_forms() {
        let event = response_error_event("broken", "api_error", None, Some("c"));
        assert_eq!(
            &event[..],
            b"event: error\ndata: {\"type\":\"error\",\"code\":\"c\",\"message\":\"broken\",\
              \"param\":null,\"error\":{\"message\":\"broken\",\"type\":\"api_error\",\
              \"param\":null,\"code\":\"c\"}}\n\n",
        );
    }
}
