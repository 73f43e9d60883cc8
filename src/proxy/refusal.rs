//! What the proxy itself refuses: paths, methods and bodies, and what its end or its client's cuts.

use inferlayer_filter::{ErrorResponse, RefusalCause};

/// A request that the proxy does not serve.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RequestError {
    // The caller's.
    /// The path is served, but not for this method.
    #[error("method not allowed here; use {allowed}")]
    MethodNotAllowed {
        /// The method that is.
        allowed: &'static str,
    },
    /// The body is larger than the limit.
    #[error("the request body is larger than {limit_bytes} bytes")]
    BodyTooLarge {
        /// `limits.body_bytes`.
        limit_bytes: u64,
    },
    /// The body did not arrive in time.
    #[error("the request body did not arrive in time")]
    BodyTimeout,
    /// The caller hung up. Never sent; recorded as 499.
    #[error("the client closed the connection")]
    ClientGone,

    // Ours.
    /// The gateway stops, and ends what still runs.
    #[error("the gateway is stopping and has ended this request; ask again")]
    Stopping,
}

impl RefusalCause for RequestError {
    fn response(&self) -> ErrorResponse {
        match self {
            RequestError::MethodNotAllowed { allowed } => {
                ErrorResponse::caller(405, "method_not_allowed").with_allow(allowed)
            }
            RequestError::BodyTooLarge { .. } => ErrorResponse::caller(413, "request_too_large"),
            RequestError::BodyTimeout => ErrorResponse::caller(408, "request_timeout"),
            RequestError::ClientGone => ErrorResponse::client_gone(),
            RequestError::Stopping => ErrorResponse::gateway(503, "stopping").with_retry_after(1),
        }
    }
}

#[cfg(test)]
mod tests {
    use inferlayer_filter::testkit::told;

    use super::*;

    #[test]
    fn what_callers_are_told() {
        for (cause, line) in [
            (
                RequestError::MethodNotAllowed { allowed: "GET" },
                "405 invalid_request_error method_not_allowed - - -: method not allowed here; use \
                 GET",
            ),
            (
                RequestError::BodyTooLarge { limit_bytes: 9 },
                "413 invalid_request_error request_too_large - - -: the request body is larger \
                 than 9 bytes",
            ),
            (
                RequestError::BodyTimeout,
                "408 invalid_request_error request_timeout - - -: the request body did not arrive \
                 in time",
            ),
            (
                RequestError::ClientGone,
                "499 api_error client_gone - - -: the client closed the connection",
            ),
            (
                RequestError::Stopping,
                "503 api_error stopping - 1 -: the gateway is stopping and has ended this \
                 request; ask again",
            ),
        ] {
            assert_eq!(told(cause), line);
        }
    }
}
