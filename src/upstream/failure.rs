//! What its caller is told when no candidate answered: what each attempt came to, and when it is
//! worth another try.

use std::time::Duration;

use inferlayer_filter::exchange::{Attempt, AttemptResult};
use inferlayer_filter::{ErrorResponse, Exchange, GatewayError, Refusal, RefusalCause};

/// A client told to wait longer than this gives up or hangs, so it is told to try again by then.
const RETRY_AFTER_MAX_SECONDS: u64 = 30;

/// Why providers gave no answer. What each attempt came to is told without addresses or keys.
#[derive(Debug, thiserror::Error)]
pub(crate) enum UpstreamError {
    /// Every candidate failed.
    #[error("no provider answered: {attempts}")]
    Failed { attempts: String },
    /// Every candidate failed, the last by taking too long.
    #[error("no provider answered in time: {attempts}")]
    Timeout { attempts: String },
    /// Every candidate is left alone for a while, because it failed again and again.
    #[error("no provider is available: {attempts}")]
    Unavailable { attempts: String, retry_after_seconds: u64 },
    /// Every candidate failed, the last by asking for patience.
    #[error("every provider is at its rate limit: {attempts}")]
    Busy { attempts: String, retry_after_seconds: u64 },
}

impl RefusalCause for UpstreamError {
    fn response(&self) -> ErrorResponse {
        match self {
            UpstreamError::Failed { .. } => ErrorResponse::provider(502, "upstream_error"),
            UpstreamError::Timeout { .. } => ErrorResponse::provider(504, "upstream_timeout"),
            UpstreamError::Unavailable { retry_after_seconds, .. } => {
                ErrorResponse::provider(503, "upstream_unavailable")
                    .with_retry_after(*retry_after_seconds)
            }
            UpstreamError::Busy { retry_after_seconds, .. } => {
                ErrorResponse::provider(429, "upstream_rate_limited")
                    .with_retry_after(*retry_after_seconds)
            }
        }
    }
}

/// When the first of the candidates may be asked again, as far as one has told.
#[derive(Clone, Copy, Default)]
pub(super) struct Patience(Option<Duration>);

impl Patience {
    pub(super) fn add(&mut self, left: Duration) {
        self.0 = Some(self.0.map_or(left, |known| known.min(left)));
    }

    /// As whole seconds that a caller can be told.
    fn seconds(self) -> u64 {
        let seconds = self.0.map_or(1, |left| left.as_secs_f64().ceil() as u64);
        seconds.clamp(1, RETRY_AFTER_MAX_SECONDS)
    }
}

/// The refusal of a request that no candidate answered.
pub(super) fn failure(x: &Exchange, patience: Patience) -> Refusal {
    let attempts = x.attempts.iter().map(describe).collect::<Vec<_>>().join(", ");
    let retry_after_seconds = patience.seconds();
    let is_busy =
        |result| matches!(result, AttemptResult::Status { status: 429 } | AttemptResult::Cooling);
    let mut results = x.attempts.iter().map(|attempt| attempt.result);
    let all_busy = results.clone().all(is_busy);
    let cause = match results.next_back() {
        Some(_) if all_busy => UpstreamError::Busy { attempts, retry_after_seconds },
        Some(AttemptResult::OwnShortage) => {
            let what = "connections that it can make to providers";
            return GatewayError::Overloaded { what }.into();
        }
        Some(AttemptResult::FirstByteTimeout | AttemptResult::ConnectTimeout) => {
            UpstreamError::Timeout { attempts }
        }
        // One of them said when to come back.
        _ if patience.0.is_some() => UpstreamError::Unavailable { attempts, retry_after_seconds },
        _ => UpstreamError::Failed { attempts },
    };
    cause.into()
}

fn describe(attempt: &Attempt) -> String {
    let name = &attempt.provider.name;
    match attempt.result {
        AttemptResult::ErrorAnswer { status } => format!("{name} answered {status} with an error"),
        AttemptResult::UnreadableAnswer { status } => {
            format!("{name} answered {status} with something that cannot be read")
        }
        AttemptResult::CircuitOpen => format!("{name} is left alone after failures"),
        AttemptResult::Cooling => format!("{name} asked to be left alone for a while"),
        AttemptResult::KeyRefused => format!("{name} refuses the key it is asked with"),
        AttemptResult::CredentialUnavailable => {
            format!("{name} could not be asked for want of a credential")
        }
        AttemptResult::OwnShortage => format!("{name} could not be reached for want of resources"),
        result => match result.status() {
            Some(status) => format!("{name} answered {status}"),
            None => format!("{name} {}", result.name().replace('_', " ")),
        },
    }
}

#[cfg(test)]
mod tests {
    use inferlayer_filter::testkit::told;

    use super::*;

    #[test]
    fn what_callers_are_told() {
        let (attempts, retry_after_seconds) = (|| "p answered 500".to_owned(), 7);
        for (cause, line) in [
            (
                UpstreamError::Failed { attempts: attempts() },
                "502 api_error upstream_error - - -: no provider answered: p answered 500",
            ),
            (
                UpstreamError::Timeout { attempts: attempts() },
                "504 api_error upstream_timeout - - -: no provider answered in time: p answered \
                 500",
            ),
            (
                UpstreamError::Unavailable { attempts: attempts(), retry_after_seconds },
                "503 api_error upstream_unavailable - 7 -: no provider is available: p answered \
                 500",
            ),
            (
                UpstreamError::Busy { attempts: attempts(), retry_after_seconds },
                "429 rate_limit_error upstream_rate_limited - 7 -: every provider is at its rate \
                 limit: p answered 500",
            ),
        ] {
            assert_eq!(told(cause), line);
        }
    }
}
