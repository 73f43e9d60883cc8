//! What can be wrong with a request before anybody knows who asks, and what its sender is told.

use http::StatusCode;

/// A request that is refused for its form. The connection is closed behind the answer: where the
/// next request begins is what nobody can be sure of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, thiserror::Error)]
pub(crate) enum Malformed {
    #[error("the request line is not `METHOD target HTTP/1.1`")]
    RequestLine,
    #[error("this version of HTTP is not spoken here; 1.0, 1.1 and 2 are")]
    Version,
    #[error("CONNECT is not served: this is no tunnel")]
    Connect,
    #[error("a line of the head does not end in CRLF")]
    LineEnd,
    #[error("a header line is folded, which RFC 9112 forbids")]
    Folded,
    #[error("a header name is empty, has an underscore or other characters that no name has")]
    FieldName,
    #[error("a header value has a control character")]
    FieldValue,
    #[error(
        "the request needs one Host header that names a host, and the target must agree with it"
    )]
    Host,
    #[error("Content-Length must stand once, as a decimal number")]
    ContentLength,
    #[error("Transfer-Encoding must stand once and be `chunked`, and HTTP/1.0 has none")]
    TransferEncoding,
    #[error("Content-Length and Transfer-Encoding exclude each other")]
    TwoLengths,
    #[error("nothing here can be upgraded to")]
    Upgrade,
    #[error("the request's head is larger than `limits.head_bytes`")]
    HeadTooLarge,
    #[error("the request has more headers than `limits.head_fields`")]
    TooManyFields,
    #[error("the request's head did not arrive in time")]
    HeadTimeout,
}

impl Malformed {
    /// Of answer, metric and record.
    pub(crate) fn code(self) -> &'static str {
        match self {
            Malformed::RequestLine => "bad_request_line",
            Malformed::Version => "bad_http_version",
            Malformed::Connect => "method_not_allowed",
            Malformed::LineEnd => "bad_line_end",
            Malformed::Folded => "folded_header",
            Malformed::FieldName => "bad_header_name",
            Malformed::FieldValue => "bad_header_value",
            Malformed::Host => "bad_host",
            Malformed::ContentLength => "bad_content_length",
            Malformed::TransferEncoding => "bad_transfer_encoding",
            Malformed::TwoLengths => "two_body_lengths",
            Malformed::Upgrade => "upgrade_not_served",
            Malformed::HeadTooLarge => "head_too_large",
            Malformed::TooManyFields => "too_many_headers",
            Malformed::HeadTimeout => "head_timeout",
        }
    }

    pub(crate) fn status(self) -> StatusCode {
        match self {
            Malformed::Version => StatusCode::HTTP_VERSION_NOT_SUPPORTED,
            Malformed::Connect => StatusCode::METHOD_NOT_ALLOWED,
            Malformed::HeadTooLarge | Malformed::TooManyFields => {
                StatusCode::REQUEST_HEADER_FIELDS_TOO_LARGE
            }
            Malformed::HeadTimeout => StatusCode::REQUEST_TIMEOUT,
            _ => StatusCode::BAD_REQUEST,
        }
    }

    /// In the shape of OpenAI's errors: whose dialect it would have been, nobody can say yet.
    pub(super) fn body(self) -> Vec<u8> {
        let kind = "invalid_request_error";
        inferlayer_wire::openai::error_body(&self.to_string(), kind, None, Some(self.code()))
    }
}
