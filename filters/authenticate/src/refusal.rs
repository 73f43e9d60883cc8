//! Why a request is not let in, as its caller is told. Nothing but its holder learns more of a key
//! than that it is not accepted.

use inferlayer_filter::{ErrorResponse, RefusalCause};

/// Why a request is not let in.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAuthenticated {
    /// No key, or none that is accepted.
    #[error("missing or incorrect API key; send it as `Authorization: Bearer il-…`")]
    NoKey,
    /// Several keys that are not the same.
    #[error("the request carries API keys that differ; send one of them, in one place")]
    DifferingKeys,
    /// A key whose secret is right, and which is revoked.
    #[error("this API key is revoked; ask whoever runs the gateway for another")]
    Revoked,
    /// A key whose secret is right, and whose time is over.
    #[error("this API key has expired; ask whoever runs the gateway for another")]
    Expired,
    /// A key whose secret is right, of a tenant that is not configured any more.
    #[error("the tenant of this API key is not served here any more")]
    NoTenant,
}

impl RefusalCause for NotAuthenticated {
    fn response(&self) -> ErrorResponse {
        let code = match self {
            NotAuthenticated::NoKey | NotAuthenticated::DifferingKeys => "invalid_api_key",
            NotAuthenticated::Revoked => "api_key_revoked",
            NotAuthenticated::Expired => "api_key_expired",
            NotAuthenticated::NoTenant => "tenant_not_found",
        };
        ErrorResponse::caller(401, code)
    }
}

#[cfg(test)]
mod tests {
    use inferlayer_filter::testkit::told;

    use super::*;

    #[test]
    fn what_callers_are_told() {
        use NotAuthenticated::*;
        for (cause, line) in [
            (
                NoKey,
                "401 invalid_request_error invalid_api_key - - -: missing or incorrect API key; \
                 send it as `Authorization: Bearer il-…`",
            ),
            (
                DifferingKeys,
                "401 invalid_request_error invalid_api_key - - -: the request carries API keys \
                 that differ; send one of them, in one place",
            ),
            (
                Revoked,
                "401 invalid_request_error api_key_revoked - - -: this API key is revoked; ask \
                 whoever runs the gateway for another",
            ),
            (
                Expired,
                "401 invalid_request_error api_key_expired - - -: this API key has expired; ask \
                 whoever runs the gateway for another",
            ),
            (
                NoTenant,
                "401 invalid_request_error tenant_not_found - - -: the tenant of this API key is \
                 not served here any more",
            ),
        ] {
            assert_eq!(told(cause), line);
        }
    }
}
