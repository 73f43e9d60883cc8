//! How far a sink has come: the size that it has accepted, and since when it is behind.

use std::time::{Duration, Instant};

use crate::anchor::sink::SendError;

/// What is known of a sink.
#[derive(Debug)]
pub(crate) struct Progress {
    accepted: Option<u64>,
    /// The last moment at which it had all that there was: what it lacks is younger.
    level_at: Instant,
    trouble: Trouble,
}

/// The worst that was told since checkpoints were last accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Trouble {
    None,
    /// It will go away.
    Failing,
    /// The operator has to act.
    Unknown,
    /// For good.
    Conflict,
}

/// How a sink stands at a moment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Standing {
    /// Size last accepted; 0 when there is none.
    pub(crate) size: u64,
    pub(crate) lag_records: u64,
    /// Age of the oldest checkpoint that is not covered by an accepted one; at most a second more
    /// than that.
    pub(crate) lag: Duration,
    pub(crate) conflict: bool,
}

impl Progress {
    /// Nothing is known before `now`.
    pub(crate) fn new(now: Instant) -> Progress {
        Progress { accepted: None, level_at: now, trouble: Trouble::None }
    }

    pub(crate) fn accepted(&self) -> Option<u64> {
        self.accepted
    }

    /// Notes that the newest checkpoint has the size `newest` now.
    pub(crate) fn observe(&mut self, newest: u64, now: Instant) {
        if self.accepted == Some(newest) {
            self.level_at = now;
        }
    }

    /// Notes that the checkpoint of `size`, the newest when it was `taken`, is accepted. Answers
    /// whether that ends a time of trouble.
    pub(crate) fn accept(&mut self, size: u64, taken: Instant) -> bool {
        self.accepted = Some(size);
        self.level_at = self.level_at.max(taken);
        std::mem::replace(&mut self.trouble, Trouble::None) != Trouble::None
    }

    /// Notes a failure. Answers whether it is worse than what was told since the last acceptance.
    pub(crate) fn fail(&mut self, error: &SendError) -> bool {
        let trouble = match error {
            SendError::Conflict(_) => Trouble::Conflict,
            SendError::Unknown(_) => Trouble::Unknown,
            _ => Trouble::Failing,
        };
        let worse = trouble > self.trouble;
        self.trouble = self.trouble.max(trouble);
        worse
    }

    pub(crate) fn standing(&self, newest: u64, now: Instant) -> Standing {
        let level = self.accepted == Some(newest);
        let size = self.accepted.unwrap_or(0);
        Standing {
            size,
            lag_records: newest.saturating_sub(size),
            lag: if level { Duration::ZERO } else { now.saturating_duration_since(self.level_at) },
            conflict: self.trouble == Trouble::Conflict,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const SECOND: Duration = Duration::from_secs(1);

    #[test]
    fn a_lag_is_the_age_of_what_is_missing_not_of_the_last_hand_over() {
        let start = Instant::now();
        let at = |seconds| start + SECOND * seconds;
        let mut progress = Progress::new(start);
        assert_eq!(progress.standing(1, at(5)).lag, SECOND * 5, "never accepted");
        progress.accept(1, at(5));
        assert_eq!(progress.standing(1, at(6)).lag, Duration::ZERO);
        // Idle for an hour, then two records.
        progress.observe(1, at(3600));
        progress.observe(3, at(3601));
        let standing = progress.standing(3, at(3610));
        assert_eq!((standing.size, standing.lag_records, standing.lag), (1, 2, SECOND * 10));
        // The hand-over that began at 3602 does not cover what came after it.
        progress.accept(3, at(3602));
        assert_eq!(progress.standing(4, at(3612)).lag, SECOND * 10);
    }

    #[test]
    fn each_turn_for_the_worse_is_told_once_and_recovery_too() {
        let mut progress = Progress::new(Instant::now());
        assert!(!progress.accept(1, Instant::now()), "nothing to recover from");
        assert!(progress.fail(&SendError::Late));
        assert!(!progress.fail(&SendError::BadAnswer("other words")));
        assert!(progress.fail(&SendError::Unknown("no")));
        assert!(!progress.fail(&SendError::Late));
        assert!(progress.accept(2, Instant::now()));
        assert!(progress.fail(&SendError::Late));
        assert!(!progress.standing(9, Instant::now()).conflict);
        assert!(progress.fail(&SendError::Conflict(String::new())));
        assert!(progress.standing(9, Instant::now()).conflict);
    }
}
