//! Where record times come from: a trait, so that tests and the vector fix them. Steps of the clock
//! are noticed by a second clock that only ever goes forward, and become records.

use std::sync::OnceLock;
use std::time::{Instant, SystemTime, UNIX_EPOCH};

use serde::Serialize;

/// A source of wall-clock time. The appender clamps it: record times never go back.
pub trait Clock: Send + Sync {
    /// Microseconds since 1970-01-01 UTC.
    fn now_us(&self) -> u64;

    /// Microseconds since some moment, never less than before; `None` when there is no such clock.
    fn monotonic_us(&self) -> Option<u64> {
        None
    }
}

/// The system's clock; a time before 1970 reads as 0.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_us(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
    }

    fn monotonic_us(&self) -> Option<u64> {
        static START: OnceLock<Instant> = OnceLock::new();
        u64::try_from(START.get_or_init(Instant::now).elapsed().as_micros()).ok()
    }
}

/// A step smaller than this is the daily work of a time service.
const STEP_US: u64 = 1_000_000;

/// A step of the clock, as recorded (`FORMAT.md` §10).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Step {
    event: &'static str,
    /// What the clock showed.
    wall_us: u64,
    /// What it should have shown.
    expected_us: u64,
}

/// Notices steps.
#[derive(Clone, Default)]
pub(crate) struct Watch {
    last: Option<(u64, Option<u64>)>,
}

impl Watch {
    /// Looks at both clocks. Before the first look the time of the last record is all there is to
    /// compare with: a clock behind it stepped back while nobody looked.
    pub(crate) fn step(&mut self, clock: &dyn Clock, last_record_us: u64) -> Option<Step> {
        let (wall_us, monotonic) = (clock.now_us(), clock.monotonic_us());
        let expected_us = match self.last.replace((wall_us, monotonic)) {
            None => wall_us.max(last_record_us),
            Some((wall, before)) => {
                let passed = monotonic.zip(before).map(|(now, then)| now.saturating_sub(then));
                passed.map_or(wall_us.max(wall), |passed| wall.saturating_add(passed))
            }
        };
        let step = Step { event: "clock", wall_us, expected_us };
        (wall_us.abs_diff(expected_us) > STEP_US).then_some(step)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicU64, Ordering};

    use super::*;

    #[derive(Default)]
    struct Hands {
        wall: AtomicU64,
        monotonic: AtomicU64,
    }

    impl Clock for Hands {
        fn now_us(&self) -> u64 {
            self.wall.load(Ordering::Relaxed)
        }
        fn monotonic_us(&self) -> Option<u64> {
            Some(self.monotonic.load(Ordering::Relaxed))
        }
    }

    #[test]
    fn steps_are_noticed_in_both_directions_and_once() {
        let (hands, mut watch) = (Hands::default(), Watch::default());
        let mut at = |wall: u64, monotonic: u64| {
            hands.wall.store(wall * STEP_US, Ordering::Relaxed);
            hands.monotonic.store(monotonic * STEP_US, Ordering::Relaxed);
            watch.step(&hands, 50 * STEP_US).map(|step| step.expected_us / STEP_US)
        };
        assert_eq!(at(40, 0), Some(50), "behind the last record");
        assert_eq!(at(140, 100), None, "a quiet time");
        assert_eq!(at(100, 101), Some(141), "back");
        assert_eq!(at(101, 102), None, "told once");
        assert_eq!(at(301, 103), Some(102), "forward");
        assert_eq!(at(302, 104), None);
    }
}
