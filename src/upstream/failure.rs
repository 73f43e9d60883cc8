//! What its caller is told when no candidate answered: what each attempt came to, and when it is
//! worth another try.

use std::time::Duration;

use inferlayer_filter::exchange::{Attempt, AttemptResult};
use inferlayer_filter::{Exchange, Refusal};

/// A client told to wait longer than this gives up or hangs, so it is told to try again by then.
const RETRY_AFTER_MAX_SECONDS: u64 = 30;

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
    match results.next_back() {
        Some(_) if all_busy => Refusal::UpstreamBusy { attempts, retry_after_seconds },
        Some(AttemptResult::OwnShortage) => {
            Refusal::Overloaded { what: "connections that it can make to providers" }
        }
        Some(AttemptResult::FirstByteTimeout | AttemptResult::ConnectTimeout) => {
            Refusal::UpstreamTimeout { attempts }
        }
        // One of them said when to come back.
        _ if patience.0.is_some() => Refusal::UpstreamUnavailable { attempts, retry_after_seconds },
        _ => Refusal::UpstreamFailed { attempts },
    }
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
        AttemptResult::OwnShortage => format!("{name} could not be reached for want of resources"),
        result => match result.status() {
            Some(status) => format!("{name} answered {status}"),
            None => format!("{name} {}", result.name().replace('_', " ")),
        },
    }
}
