//! Every way a request can end without an answer of its own, sorted by whose fault it is, and the
//! one table that says what the caller sees. Statuses, types and codes are those OpenAI's SDKs act
//! on: they retry 408, 409, 429 and 5xx unless told `x-should-retry: false`.

use http::StatusCode;
use inferlayer_accounts::{OverBudget, OverStored};
use inferlayer_share::Full;
use inferlayer_wire::Invalid;

/// A request that is not served. The text goes to the caller: it names no key and quotes no prompt.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    // The caller's.
    /// No key, or none that is accepted.
    #[error("missing or incorrect API key; send it as `Authorization: Bearer il-…`")]
    Unauthenticated,
    /// Several keys that are not the same.
    #[error("the request carries API keys that differ; send one of them, in one place")]
    DifferingKeys,
    /// A key whose secret is right, and which is revoked.
    #[error("this API key is revoked; ask whoever runs the gateway for another")]
    KeyRevoked,
    /// A key whose secret is right, and whose time is over.
    #[error("this API key has expired; ask whoever runs the gateway for another")]
    KeyExpired,
    /// A key whose secret is right, of a tenant that is not configured any more.
    #[error("the tenant of this API key is not served here any more")]
    KeyWithoutTenant,
    /// Nothing is served at this path.
    #[error("unknown path: it is no API of this gateway, and nothing passes through to it")]
    UnknownPath,
    /// The path is served, but not for this method.
    #[error("method not allowed here; use {allowed}")]
    MethodNotAllowed {
        /// The method that is.
        allowed: &'static str,
    },
    /// The body is not a request.
    #[error("{0}")]
    Invalid(#[from] Invalid),
    /// The path may pass through, but not for this tenant.
    #[error("this tenant may not use the path `{path}`")]
    PathNotAllowed {
        /// The path as asked for.
        path: String,
    },
    /// No route for this model.
    #[error("the model `{model}` does not exist or is not routed here")]
    UnknownModel {
        /// The name as asked for.
        model: String,
    },
    /// The tenant's requests stay on local providers, and none of them has the model.
    #[error("no local provider serves `{model}`, and this tenant's requests stay local")]
    NotLocal {
        /// The name as asked for; the path of what passes through.
        model: String,
    },
    /// The caller takes only what is cached, and nothing is.
    #[error("not in the cache, and the request says only-if-cached")]
    NotCached,
    /// The caller has no request of this id.
    #[error("there is no receipt of this request")]
    NoReceipt,
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
    /// The worst case does not fit the budget.
    #[error("budget exceeded: {cause}{}", assumption(*assumed_output_tokens))]
    OverBudget {
        /// What does not fit.
        cause: OverBudget,
        /// What was taken for the output of a request that names no cap.
        assumed_output_tokens: Option<u64>,
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
    /// The tenant's records of today take all the room on the disk that they may.
    #[error("this tenant's records of today fill its part of the disk: {0}")]
    TenantStored(#[from] OverStored),
    /// No price is known and the tenant does not allow that.
    #[error("`{model}` has no price, so its cost cannot be held against the budget")]
    Unpriced {
        /// The name as asked for; the path of what passes through.
        model: String,
    },

    // The providers'.
    /// Every candidate failed.
    #[error("no provider answered: {attempts}")]
    UpstreamFailed {
        /// What each attempt came to, without addresses or keys.
        attempts: String,
    },
    /// Every candidate failed, the last by taking too long.
    #[error("no provider answered in time: {attempts}")]
    UpstreamTimeout {
        /// What each attempt came to.
        attempts: String,
    },
    /// Every candidate is left alone for a while, because it failed again and again.
    #[error("no provider is available: {attempts}")]
    UpstreamUnavailable {
        /// What each attempt came to.
        attempts: String,
        /// When to come back.
        retry_after_seconds: u64,
    },
    /// Every candidate failed, the last by asking for patience.
    #[error("every provider is at its rate limit: {attempts}")]
    UpstreamBusy {
        /// What each attempt came to.
        attempts: String,
        /// When to come back.
        retry_after_seconds: u64,
    },

    // Ours.
    /// The ledger cannot record, so nothing may be spent.
    #[error("the audit ledger cannot record this request, so it was not sent to any provider")]
    AuditUnavailable,
    /// The outcome of an inference could not be recorded, so its answer is withheld.
    #[error("the answer could not be recorded, so it is withheld; the provider was called")]
    OutcomeLost,
    /// The request was recorded, and the index that proves it has yet to take it in.
    #[error("the receipt of this request is not ready yet")]
    ReceiptPending,
    /// The gateway stops, and ends what still runs.
    #[error("the gateway is stopping and has ended this request; ask again")]
    Stopping,
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

fn assumption(output_tokens: Option<u64>) -> String {
    output_tokens.map_or_else(String::new, |tokens| {
        format!(
            "; it names no max_tokens, so {tokens} tokens of output were assumed, and a lower cap \
             lets it fit more easily"
        )
    })
}

/// What the caller sees of a refusal, whatever the dialect.
#[derive(Debug, PartialEq, Eq)]
pub struct Face {
    /// HTTP status.
    pub status: StatusCode,
    /// OpenAI `error.type`.
    pub kind: &'static str,
    /// OpenAI `error.code`.
    pub code: Option<&'static str>,
    /// OpenAI `error.param`.
    pub param: Option<String>,
    /// `retry-after`, in seconds.
    pub retry_after_seconds: Option<u64>,
    /// `x-should-retry: false`: SDKs would repeat what cannot succeed.
    pub final_answer: bool,
}

impl Refusal {
    /// Nothing of `what` is given: the tenant has its part, or all together have all there is.
    pub fn full(full: Full, what: &'static str) -> Refusal {
        match full {
            Full::Share => Refusal::TenantBusy { what },
            Full::Pool => Refusal::Overloaded { what },
        }
    }

    /// Status, type, code and retry advice.
    pub fn face(&self) -> Face {
        const INVALID: &str = "invalid_request_error";
        const API: &str = "api_error";
        const RATE: &str = "rate_limit_error";
        match self {
            Refusal::Unauthenticated => Face::new(401, INVALID, "invalid_api_key"),
            Refusal::DifferingKeys => Face::new(401, INVALID, "invalid_api_key"),
            Refusal::KeyRevoked => Face::new(401, INVALID, "api_key_revoked"),
            Refusal::KeyExpired => Face::new(401, INVALID, "api_key_expired"),
            Refusal::KeyWithoutTenant => Face::new(401, INVALID, "tenant_not_found"),
            Refusal::UnknownPath => Face::new(404, INVALID, "unknown_path"),
            Refusal::MethodNotAllowed { .. } => Face::new(405, INVALID, "method_not_allowed"),
            Refusal::Invalid(invalid) => Face {
                code: invalid.code,
                param: invalid.param.clone(),
                ..Face::new(400, INVALID, "")
            },
            Refusal::UnknownModel { .. } => Face {
                param: Some("model".to_owned()),
                ..Face::new(404, INVALID, "model_not_found")
            },
            Refusal::NotLocal { .. } => Face {
                param: Some("model".to_owned()),
                ..Face::new(403, "permission_error", "model_not_allowed").not_again()
            },
            Refusal::PathNotAllowed { .. } => {
                Face::new(403, "permission_error", "path_not_allowed").not_again()
            }
            Refusal::NotCached => Face::new(504, INVALID, "not_cached").not_again(),
            Refusal::NoReceipt => Face::new(404, INVALID, "receipt_not_found"),
            Refusal::BodyTooLarge { .. } => Face::new(413, INVALID, "request_too_large"),
            Refusal::BodyTimeout => Face::new(408, INVALID, "request_timeout"),
            Refusal::ClientGone => Face::new(499, API, "client_gone"),
            Refusal::OverBudget { .. } => {
                Face::new(429, "insufficient_quota", "insufficient_quota").not_again()
            }
            Refusal::TenantBusy { .. } => Face::new(429, RATE, "rate_limit_exceeded").after(1),
            Refusal::TenantStored(over) => {
                Face::new(429, RATE, "storage_limit_exceeded").after(over.left_seconds).not_again()
            }
            Refusal::Unpriced { .. } => {
                Face::new(403, "permission_error", "model_not_priced").not_again()
            }
            Refusal::StrictOrder { .. } => Face {
                param: Some("model".to_owned()),
                ..Face::new(403, "permission_error", "candidate_not_usable").not_again()
            },
            Refusal::UpstreamFailed { .. } => Face::new(502, API, "upstream_error"),
            Refusal::UpstreamTimeout { .. } => Face::new(504, API, "upstream_timeout"),
            Refusal::UpstreamBusy { retry_after_seconds, .. } => {
                Face::new(429, "rate_limit_error", "upstream_rate_limited")
                    .after(*retry_after_seconds)
            }
            Refusal::UpstreamUnavailable { retry_after_seconds, .. } => {
                Face::new(503, API, "upstream_unavailable").after(*retry_after_seconds)
            }
            Refusal::AuditUnavailable => Face::new(503, API, "audit_unavailable").after(1),
            Refusal::OutcomeLost => Face::new(503, API, "audit_unavailable").not_again(),
            Refusal::ReceiptPending => Face::new(503, API, "receipt_pending").after(1),
            Refusal::Stopping => Face::new(503, API, "stopping").after(1),
            Refusal::Overloaded { .. } => Face::new(503, API, "overloaded").after(1),
            Refusal::Fact(_) | Refusal::Internal(_) => Face::new(500, API, "internal_error"),
        }
    }
}

impl Face {
    fn new(status: u16, kind: &'static str, code: &'static str) -> Face {
        Face {
            status: StatusCode::from_u16(status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR),
            kind,
            code: Some(code).filter(|code| !code.is_empty()),
            param: None,
            retry_after_seconds: None,
            final_answer: false,
        }
    }

    fn after(mut self, seconds: u64) -> Face {
        self.retry_after_seconds = Some(seconds);
        self
    }

    fn not_again(mut self) -> Face {
        self.final_answer = true;
        self
    }
}
