//! What time it is for the ledger. The wall clock may be wrong for a moment and right again; what
//! one wrong moment says must not order, age or drop records for ever. So the time of records goes
//! on by the clock that only goes forward, and follows the wall clock as far as it can be believed:
//!
//! - a little ahead: it follows;
//! - after a jump forward, or a long pause between two runs: it goes on by the other clock, until
//!   the wall clock comes back, is confirmed, or has gone evenly for long;
//! - behind: it goes at half speed, until the wall clock has caught up.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tracing::{info, warn};

use crate::write::clock::Clock;
use crate::write::step::{Cause, STEP_US, Step};

/// Steps that wait to be recorded, at most; beyond that the last one is replaced.
const MAX_STEPS: usize = 16;

/// How far the wall clock is believed.
#[derive(Clone, Copy, Debug)]
pub struct ClockLimits {
    /// A larger jump forward is not followed at once.
    pub jump: Duration,
    /// Nor is a larger pause between the last record of a run and the next start.
    pub pause: Duration,
    /// A clock that has gone evenly for so long since then is followed all the same.
    pub settle: Duration,
}

/// The same moment by four clocks: microseconds since 1970-01-01 UTC.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Times {
    /// For records: in their order, as right as can be known.
    pub ordered_us: u64,
    /// What the system's clock shows.
    pub wall_us: u64,
    /// For how long something lasts: what the system's clock showed at the start, and what has
    /// passed since.
    pub steady_us: u64,
    /// For what cannot be undone: at least this late it surely is. Behind the others by every pause
    /// and jump that nobody has confirmed.
    pub trusted_us: u64,
}

/// Shared by the appender and the callers.
pub(crate) struct Time {
    clock: Arc<dyn Clock>,
    limits: ClockLimits,
    state: Mutex<State>,
}

struct State {
    /// What the clocks showed last.
    wall_us: u64,
    monotonic_us: Option<u64>,
    ordered_us: u64,
    steady_us: u64,
    trusted_us: u64,
    /// Whether somebody else's clock agreed, and no jump came since.
    confirmed: bool,
    /// Jumps that are in `ordered_us` although nobody confirmed them.
    unconfirmed_us: u64,
    doubt: Option<Doubt>,
    steps: VecDeque<Step>,
}

/// The wall clock shows what is not believed.
struct Doubt {
    /// By the steady clock.
    since_us: u64,
    /// How far the wall clock is ahead of the steady one.
    ahead_us: i128,
}

impl Default for ClockLimits {
    fn default() -> Self {
        const HOUR: u64 = 60 * 60;
        Self {
            jump: Duration::from_secs(5 * 60),
            pause: Duration::from_secs(31 * 24 * HOUR),
            settle: Duration::from_secs(HOUR),
        }
    }
}

impl Time {
    /// Begins behind a log whose last record has this time, and which says that so much of it is
    /// unconfirmed.
    pub(crate) fn new(
        clock: Arc<dyn Clock>,
        limits: ClockLimits,
        last_us: Option<u64>,
        unconfirmed_us: u64,
    ) -> Self {
        let (wall_us, monotonic_us) = (clock.now_us(), clock.monotonic_us());
        let mut state = State {
            wall_us,
            monotonic_us,
            ordered_us: wall_us.max(last_us.unwrap_or(0)),
            steady_us: wall_us,
            trusted_us: last_us.map_or(wall_us, |last| last.saturating_sub(unconfirmed_us)),
            confirmed: false,
            unconfirmed_us,
            doubt: None,
            steps: VecDeque::new(),
        };
        if let Some(last_us) = last_us {
            state.go_on(last_us, micros(limits.pause));
        }
        Self { clock, limits, state: Mutex::new(state) }
    }

    /// What time it is.
    pub(crate) fn now(&self) -> Times {
        let mut state = self.state();
        state.look(&*self.clock, &self.limits);
        state.times()
    }

    /// Somebody else's clock shows `time_us`. If it agrees with the wall clock, that is believed.
    pub(crate) fn confirm(&self, time_us: u64) {
        let mut state = self.state();
        state.look(&*self.clock, &self.limits);
        if state.wall_us.abs_diff(time_us) > micros(self.limits.jump) {
            warn!(wall_us = state.wall_us, time_us, "an anchor's clock shows another time");
            return;
        }
        state.believe();
    }

    /// Steps that are to be recorded.
    pub(crate) fn steps(&self) -> Vec<Step> {
        self.state().steps.iter().copied().collect()
    }

    /// What a new segment has to repeat, so that a start finds it.
    pub(crate) fn carried(&self) -> Option<Step> {
        let state = self.state();
        let step = || state.step(Cause::Carried, state.wall_us);
        (state.unconfirmed_us > 0).then(step)
    }

    /// The first `count` steps are recorded.
    pub(crate) fn recorded(&self, count: usize) {
        let mut state = self.state();
        let count = count.min(state.steps.len());
        state.steps.drain(..count);
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State {
    /// Judges the first look by the last record of the run before.
    fn go_on(&mut self, last_us: u64, pause_us: u64) {
        if self.wall_us.saturating_sub(last_us) > pause_us {
            self.ordered_us = last_us;
            self.doubt = Some(self.doubt());
            self.tell(Cause::Pause, last_us);
        } else if last_us.saturating_sub(self.wall_us) > STEP_US {
            self.tell(Cause::Back, last_us);
        }
    }

    fn look(&mut self, clock: &dyn Clock, limits: &ClockLimits) {
        let (wall_us, monotonic_us) = (clock.now_us(), clock.monotonic_us());
        let before = (self.wall_us, self.monotonic_us);
        (self.wall_us, self.monotonic_us) = (wall_us, monotonic_us);
        let forward = monotonic_us.zip(before.1).map(|(now, then)| now.saturating_sub(then));
        let passed_us = forward.unwrap_or_else(|| wall_us.saturating_sub(before.0));
        self.steady_us = self.steady_us.saturating_add(passed_us);
        self.trusted_us = self.trusted_us.saturating_add(passed_us);
        self.notice(before.0.saturating_add(passed_us));
        self.advance(passed_us, limits);
    }

    /// A step of the wall clock, which should have shown `expected_us`.
    fn notice(&mut self, expected_us: u64) {
        let back_us = expected_us.saturating_sub(self.wall_us);
        if back_us > STEP_US {
            self.unconfirmed_us = self.unconfirmed_us.saturating_sub(back_us);
            self.tell(Cause::Back, expected_us);
        } else if self.wall_us.saturating_sub(expected_us) > STEP_US {
            self.tell(Cause::Forward, expected_us);
        }
    }

    fn advance(&mut self, passed_us: u64, limits: &ClockLimits) {
        let expected_us = self.ordered_us.saturating_add(passed_us);
        if self.wall_us.saturating_sub(expected_us) > micros(limits.jump) {
            self.ordered_us = expected_us;
            self.confirmed = false;
            self.doubt_on(limits);
            return;
        }
        self.doubt = None;
        // Half speed behind a step back; the order is kept and the clock catches up.
        self.ordered_us = self.wall_us.max(self.ordered_us.saturating_add(passed_us / 2));
        if self.confirmed {
            self.trusted_us = self.wall_us;
        }
    }

    /// A wall clock that goes evenly for long is the only one there is.
    fn doubt_on(&mut self, limits: &ClockLimits) {
        let now = self.doubt();
        let doubt = match self.doubt.take() {
            Some(doubt) if doubt.ahead_us.abs_diff(now.ahead_us) <= limits.jump.as_micros() => {
                doubt
            }
            _ => now,
        };
        if self.steady_us.saturating_sub(doubt.since_us) < micros(limits.settle) {
            self.doubt = Some(doubt);
            return;
        }
        let expected_us = self.ordered_us;
        self.unconfirmed_us += self.wall_us.saturating_sub(expected_us);
        self.ordered_us = self.wall_us;
        self.tell(Cause::Settled, expected_us);
    }

    fn believe(&mut self) {
        let (ordered_us, unconfirmed_us) = (self.ordered_us, self.unconfirmed_us);
        self.confirmed = true;
        self.trusted_us = self.wall_us;
        self.unconfirmed_us = 0;
        let doubted = self.doubt.take().is_some();
        self.ordered_us = ordered_us.max(self.wall_us);
        if doubted || unconfirmed_us > 0 {
            self.tell(Cause::Confirmed, ordered_us);
        }
    }

    fn doubt(&self) -> Doubt {
        let ahead_us = i128::from(self.wall_us) - i128::from(self.steady_us);
        Doubt { since_us: self.steady_us, ahead_us }
    }

    fn tell(&mut self, cause: Cause, expected_us: u64) {
        let step = self.step(cause, expected_us);
        match cause {
            Cause::Confirmed => info!(?step, "the clock is confirmed"),
            _ => warn!(?step, "the clock is not what was expected"),
        }
        if self.steps.len() >= MAX_STEPS {
            self.steps.pop_back();
        }
        self.steps.push_back(step);
    }

    fn step(&self, cause: Cause, expected_us: u64) -> Step {
        Step::new(cause, self.wall_us, expected_us, self.unconfirmed_us)
    }

    fn times(&self) -> Times {
        let Self { ordered_us, wall_us, steady_us, trusted_us, .. } = *self;
        Times { ordered_us, wall_us, steady_us, trusted_us: trusted_us.min(wall_us) }
    }
}

impl Times {
    /// The wall clock's time, where a record has to say it beside its own.
    pub(crate) fn differing_wall_us(&self) -> Option<u64> {
        (self.ordered_us.abs_diff(self.wall_us) > STEP_US).then_some(self.wall_us)
    }
}

fn micros(duration: Duration) -> u64 {
    u64::try_from(duration.as_micros()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
