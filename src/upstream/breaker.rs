//! A provider that failed again and again is left alone for a while, so that its callers get the
//! next candidate at once and it gets air. After that one request tries it out; the others wait
//! for what comes of it elsewhere.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

/// When a provider is left alone.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BreakerSettings {
    /// Failures in a row that open it.
    pub(crate) failures: u32,
    /// How long it stays open.
    pub(crate) open: Duration,
}

/// Counts the failures of one provider.
pub(crate) struct Breaker {
    settings: BreakerSettings,
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    /// In a row.
    failures: u32,
    open_until: Option<Instant>,
    /// A request is trying the provider out; past this time another may.
    probing_until: Option<Instant>,
}

/// Leave to try the provider once. Dropped without a verdict, as when the client goes away, it
/// counts for nothing.
#[must_use]
pub(crate) struct Pass {
    breaker: Arc<Breaker>,
    probe: bool,
}

impl Breaker {
    pub(crate) fn new(settings: BreakerSettings) -> Arc<Breaker> {
        Arc::new(Breaker { settings, state: Mutex::default() })
    }

    /// Leave to try, or how long there is none.
    pub(crate) fn admit(self: &Arc<Breaker>) -> Result<Pass, Duration> {
        let mut state = self.lock();
        let probe = match state.open_until {
            None => false,
            Some(until) => {
                let now = Instant::now();
                let until = state.probing_until.unwrap_or(until).max(until);
                if until > now {
                    return Err(until - now);
                }
                state.probing_until = Some(now + self.settings.open);
                true
            }
        };
        Ok(Pass { breaker: Arc::clone(self), probe })
    }

    /// Whether requests go elsewhere.
    pub(crate) fn is_open(&self) -> bool {
        self.lock().open_until.is_some()
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass {
    /// The provider answered.
    pub(crate) fn succeeded(self) {
        *self.breaker.lock() = State::default();
    }

    /// It did not.
    pub(crate) fn failed(self) {
        let BreakerSettings { failures, open } = self.breaker.settings;
        let mut state = self.breaker.lock();
        state.failures = state.failures.saturating_add(1);
        if state.failures >= failures {
            state.open_until = Some(Instant::now() + open);
        }
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        if self.probe {
            self.breaker.lock().probing_until = None;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn breaker(open: Duration) -> Arc<Breaker> {
        Breaker::new(BreakerSettings { failures: 3, open })
    }

    fn fail(breaker: &Arc<Breaker>, times: usize) {
        (0..times).for_each(|_| breaker.admit().ok().unwrap().failed());
    }

    #[test]
    fn opens_at_failures_in_a_row_only() {
        let breaker = breaker(Duration::from_secs(60));
        fail(&breaker, 2);
        breaker.admit().ok().unwrap().succeeded();
        fail(&breaker, 2);
        assert!(!breaker.is_open());
        fail(&breaker, 1);
        assert!(breaker.is_open());
        let left = breaker.admit().err().unwrap();
        assert!(left > Duration::from_secs(50), "{left:?}");
    }

    #[test]
    fn one_request_at_a_time_tries_it_out() {
        const OPEN: Duration = Duration::from_millis(200);
        let breaker = breaker(OPEN);
        fail(&breaker, 3);
        std::thread::sleep(OPEN);
        let probe = breaker.admit().ok().unwrap();
        assert!(breaker.admit().is_err());
        // Its client went away: nothing is known, the next may try.
        drop(probe);
        let slow = breaker.admit().ok().unwrap();
        assert!(breaker.admit().is_err());
        // One that takes long does not keep the others from trying.
        std::thread::sleep(OPEN);
        breaker.admit().ok().unwrap().failed();
        assert!(breaker.is_open() && breaker.admit().is_err());
        slow.succeeded();
        assert!(!breaker.is_open());
        fail(&breaker, 2);
        assert!(!breaker.is_open(), "a recovered provider starts anew");
    }
}
