//! Causes that more than one crate meets, sorted by whose fault they are. What one filter alone
//! refuses is an error type of that filter.

use inferlayer_accounts::OverStored;
use inferlayer_share::Full;
use inferlayer_wire::Invalid;

use crate::refusal::{ErrorResponse, Refusal, RefusalCause};

/// What a caller, or whoever gave it its key, can mend.
#[derive(Debug, thiserror::Error)]
pub enum CallerError {
    /// Nothing is served at this path.
    #[error("unknown path: it is no API of this gateway, and nothing passes through to it")]
    UnknownPath,
    /// The tenant's requests stay on local providers, and none of them has the model.
    #[error("no local provider serves `{model}`, and this tenant's requests stay local")]
    NotLocal {
        /// The name as asked for; the path of what passes through.
        model: String,
    },
    /// A candidate cannot be used, and its order is strict.
    #[error(
        "`{model}` is not served: `{candidate}` comes first and cannot be used, because {reason}; \
         nobody else is asked instead, because the order is strict"
    )]
    StrictOrder {
        /// The name as asked for; the path of what passes through.
        model: String,
        /// `provider/model`.
        candidate: String,
        /// Why it cannot be used.
        reason: &'static str,
    },
    /// The tenant uses its part of something that all share.
    #[error(
        "this tenant is at its limit of {what}; try again when others of its requests have ended"
    )]
    TenantBusy {
        /// Of what.
        what: &'static str,
    },
}

/// What the gateway fails at.
#[derive(Debug, thiserror::Error)]
pub enum GatewayError {
    /// The ledger cannot record, so nothing may be spent.
    #[error("the audit ledger cannot record this request, so it was not sent to any provider")]
    AuditUnavailable,
    /// Too much at once.
    #[error("the gateway is at its limit of {what}")]
    Overloaded {
        /// Of what.
        what: &'static str,
    },
    /// A filter asked for a fact that no filter gave, or gave one twice.
    #[error("internal error: fact `{0}`")]
    Fact(&'static str),
    /// Anything else of ours.
    #[error("internal error: {0}")]
    Internal(&'static str),
}

impl RefusalCause for CallerError {
    fn response(&self) -> ErrorResponse {
        match self {
            CallerError::UnknownPath => ErrorResponse::caller(404, "unknown_path"),
            CallerError::NotLocal { .. } => {
                ErrorResponse::caller(403, "model_not_allowed").with_param("model").without_retry()
            }
            CallerError::StrictOrder { .. } => ErrorResponse::caller(403, "candidate_not_usable")
                .with_param("model")
                .without_retry(),
            CallerError::TenantBusy { .. } => {
                ErrorResponse::caller(429, "rate_limit_exceeded").with_retry_after(1)
            }
        }
    }
}

impl RefusalCause for GatewayError {
    fn response(&self) -> ErrorResponse {
        match self {
            GatewayError::AuditUnavailable => {
                ErrorResponse::gateway(503, "audit_unavailable").with_retry_after(1)
            }
            GatewayError::Overloaded { .. } => {
                ErrorResponse::gateway(503, "overloaded").with_retry_after(1)
            }
            GatewayError::Fact(_) | GatewayError::Internal(_) => {
                ErrorResponse::gateway(500, "internal_error")
            }
        }
    }
}

/// The body is not a request.
impl RefusalCause for Invalid {
    fn response(&self) -> ErrorResponse {
        let response = ErrorResponse::caller(400, "");
        ErrorResponse { code: self.code, param: self.param.clone(), ..response }
    }
}

/// The tenant's records of today take all the room on the disk that they may.
#[derive(Debug, thiserror::Error)]
#[error("this tenant's records of today fill its part of the disk: {0}")]
struct TenantStored(OverStored);

impl RefusalCause for TenantStored {
    fn response(&self) -> ErrorResponse {
        ErrorResponse::caller(429, "storage_limit_exceeded")
            .with_retry_after(self.0.left_seconds)
            .without_retry()
    }
}

impl From<OverStored> for Refusal {
    fn from(over: OverStored) -> Refusal {
        TenantStored(over).into()
    }
}

impl Refusal {
    /// Nothing of `what` is given: the tenant has its part, or all together have all there is.
    pub fn full(full: Full, what: &'static str) -> Refusal {
        match full {
            Full::Share => CallerError::TenantBusy { what }.into(),
            Full::Pool => GatewayError::Overloaded { what }.into(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testkit::told;

    #[test]
    fn what_callers_are_told_for_their_own_doing() {
        let (model, candidate) = ("m".to_owned(), "p/m".to_owned());
        let stored = OverStored { stored: 9, left_seconds: 60 };
        let invalid = Invalid::value("n", "be 1");
        for (line, expected) in [
            (
                told(CallerError::UnknownPath),
                "404 invalid_request_error unknown_path - - -: unknown path: it is no API of this \
                 gateway, and nothing passes through to it",
            ),
            (
                told(CallerError::NotLocal { model: model.clone() }),
                "403 permission_error model_not_allowed model - final: no local provider serves \
                 `m`, and this tenant's requests stay local",
            ),
            (
                told(CallerError::StrictOrder { model, candidate, reason: "it has no price" }),
                "403 permission_error candidate_not_usable model - final: `m` is not served: \
                 `p/m` comes first and cannot be used, because it has no price; nobody else is \
                 asked instead, because the order is strict",
            ),
            (
                told(Refusal::full(Full::Share, "parallel requests")),
                "429 rate_limit_error rate_limit_exceeded - 1 -: this tenant is at its limit of \
                 parallel requests; try again when others of its requests have ended",
            ),
            (
                told(stored),
                "429 rate_limit_error storage_limit_exceeded - 60 final: this tenant's records of \
                 today fill its part of the disk: 9 bytes of today are stored",
            ),
            (told(invalid), "400 invalid_request_error invalid_value n - -: `n` must be 1"),
        ] {
            assert_eq!(line, expected);
        }
    }

    #[test]
    fn what_callers_are_told_for_ours() {
        for (line, expected) in [
            (
                told(GatewayError::AuditUnavailable),
                "503 api_error audit_unavailable - 1 -: the audit ledger cannot record this \
                 request, so it was not sent to any provider",
            ),
            (
                told(Refusal::full(Full::Pool, "parallel requests")),
                "503 api_error overloaded - 1 -: the gateway is at its limit of parallel requests",
            ),
            (
                told(GatewayError::Fact("tenant")),
                "500 api_error internal_error - - -: internal error: fact `tenant`",
            ),
            (told(Refusal::internal("x")), "500 api_error internal_error - - -: internal error: x"),
        ] {
            assert_eq!(line, expected);
        }
    }
}
