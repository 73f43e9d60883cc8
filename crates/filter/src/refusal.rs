//! A refusal: the end of a request that gets no answer of its own. It is an open value. A crate
//! makes one from an error type of its own, which says with [`RefusalCause`] what its caller sees,
//! or on the spot with [`Refusal::new`]. The proxy renders every refusal in the caller's dialect,
//! in one place, and the ledger gets a record of it.
//!
//! Statuses, types and codes are those that OpenAI's SDKs act on: they retry 408, 409, 429 and 5xx
//! unless told `x-should-retry: false`.

mod causes;

use std::error::Error;

use http::StatusCode;

pub use self::causes::{CallerError, GatewayError};

/// A request that is not served. The text goes to the caller: it names no key and quotes no prompt.
#[derive(Debug, thiserror::Error)]
#[error("{}", .0.message)]
pub struct Refusal(Box<Parts>);

#[derive(Debug)]
struct Parts {
    message: String,
    response: ErrorResponse,
}

/// An error that ends a request. Its text is the message that the caller gets.
pub trait RefusalCause: Error {
    /// Everything else that the caller gets.
    fn response(&self) -> ErrorResponse;
}

/// What a refusal says beside its message, before it has a dialect.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ErrorResponse {
    /// HTTP status.
    pub status: StatusCode,
    /// Whose fault it is.
    pub blame: Blame,
    /// OpenAI `error.type`.
    pub kind: &'static str,
    /// OpenAI `error.code`. Also a label in metrics, so it is one of a few words.
    pub code: Option<&'static str>,
    /// OpenAI `error.param`: the field at fault.
    pub param: Option<String>,
    /// `retry-after`, in seconds.
    pub retry_after_seconds: Option<u64>,
    /// `x-should-retry: false`: SDKs would repeat what cannot succeed.
    pub no_retry: bool,
    /// The header `allow`: the methods that are served.
    pub allow: Option<&'static str>,
    client_gone: bool,
}

/// Whose fault a refusal is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Blame {
    /// The caller can mend it, or whoever gave it its key.
    Caller,
    /// Every provider that could be asked failed.
    Provider,
    /// The gateway cannot serve now.
    Gateway,
}

impl Blame {
    /// The word in metrics.
    pub fn name(self) -> &'static str {
        match self {
            Blame::Caller => "caller",
            Blame::Provider => "provider",
            Blame::Gateway => "gateway",
        }
    }
}

impl Refusal {
    /// A refusal with this message.
    pub fn new(message: impl Into<String>, response: ErrorResponse) -> Refusal {
        Refusal(Box::new(Parts { message: message.into(), response }))
    }

    /// A failure of the gateway's own that no caller can cause or mend.
    pub fn internal(what: &'static str) -> Refusal {
        GatewayError::Internal(what).into()
    }

    /// What its caller gets beside the message.
    pub fn response(&self) -> &ErrorResponse {
        &self.0.response
    }

    /// Whether there is nobody left to answer: the client closed the connection.
    pub fn is_client_gone(&self) -> bool {
        self.0.response.client_gone
    }
}

impl<C: RefusalCause> From<C> for Refusal {
    fn from(cause: C) -> Refusal {
        Refusal::new(cause.to_string(), cause.response())
    }
}

impl ErrorResponse {
    /// What the caller can mend. The type follows the status.
    pub fn caller(status: u16, code: &'static str) -> ErrorResponse {
        ErrorResponse::new(Blame::Caller, status, code)
    }

    /// What providers failed at.
    pub fn provider(status: u16, code: &'static str) -> ErrorResponse {
        ErrorResponse::new(Blame::Provider, status, code)
    }

    /// What the gateway cannot do now.
    pub fn gateway(status: u16, code: &'static str) -> ErrorResponse {
        ErrorResponse::new(Blame::Gateway, status, code)
    }

    /// For a client that closed the connection: never sent, and recorded with nginx's status 499.
    pub fn client_gone() -> ErrorResponse {
        let response = ErrorResponse::caller(499, "client_gone").with_kind("api_error");
        ErrorResponse { client_gone: true, ..response }
    }

    fn new(blame: Blame, status: u16, code: &'static str) -> ErrorResponse {
        let kind = match (status, blame) {
            (403, _) => "permission_error",
            (429, _) => "rate_limit_error",
            (_, Blame::Caller) => "invalid_request_error",
            (_, Blame::Provider | Blame::Gateway) => "api_error",
        };
        ErrorResponse {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            blame,
            kind,
            code: Some(code),
            param: None,
            retry_after_seconds: None,
            no_retry: false,
            allow: None,
            client_gone: false,
        }
    }

    /// Another type than the status suggests.
    #[must_use]
    pub fn with_kind(mut self, kind: &'static str) -> ErrorResponse {
        self.kind = kind;
        self
    }

    /// The field at fault.
    #[must_use]
    pub fn with_param(mut self, param: &str) -> ErrorResponse {
        self.param = Some(param.to_owned());
        self
    }

    /// When to come back.
    #[must_use]
    pub fn with_retry_after(mut self, seconds: u64) -> ErrorResponse {
        self.retry_after_seconds = Some(seconds);
        self
    }

    /// A retry cannot succeed.
    #[must_use]
    pub fn without_retry(mut self) -> ErrorResponse {
        self.no_retry = true;
        self
    }

    /// The methods that are served instead.
    #[must_use]
    pub fn with_allow(mut self, methods: &'static str) -> ErrorResponse {
        self.allow = Some(methods);
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("the moon is full")]
    struct FullMoon;

    impl RefusalCause for FullMoon {
        fn response(&self) -> ErrorResponse {
            ErrorResponse::gateway(503, "full_moon").with_retry_after(60)
        }
    }

    #[test]
    fn any_error_type_becomes_a_refusal_with_its_own_text() {
        let refuse = || -> Result<(), Refusal> { Err(FullMoon)? };
        let refusal = refuse().unwrap_err();
        assert_eq!(refusal.to_string(), "the moon is full");
        assert_eq!(*refusal.response(), FullMoon.response());
        assert!(!refusal.is_client_gone());
    }

    #[test]
    fn the_type_follows_status_and_blame() {
        for (response, kind) in [
            (ErrorResponse::caller(400, ""), "invalid_request_error"),
            (ErrorResponse::caller(403, ""), "permission_error"),
            (ErrorResponse::caller(429, ""), "rate_limit_error"),
            (ErrorResponse::caller(504, ""), "invalid_request_error"),
            (ErrorResponse::provider(502, ""), "api_error"),
            (ErrorResponse::gateway(500, ""), "api_error"),
        ] {
            assert_eq!(response.kind, kind);
        }
    }
}
