//! Two hands that a test moves, and what the ledger makes of them.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use super::*;

const SECOND: u64 = 1_000_000;
const HOUR: u64 = 3600 * SECOND;
const DAY: u64 = 24 * HOUR;
const YEAR: u64 = 365 * DAY;
/// When every test begins.
const NOW: u64 = 50 * YEAR;

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

impl Hands {
    /// Real time passes.
    fn pass(&self, time_us: u64) {
        self.wall.fetch_add(time_us, Ordering::Relaxed);
        self.monotonic.fetch_add(time_us, Ordering::Relaxed);
    }
    fn ahead(&self, by_us: u64) {
        self.wall.fetch_add(by_us, Ordering::Relaxed);
    }
    fn back(&self, by_us: u64) {
        self.wall.fetch_sub(by_us, Ordering::Relaxed);
    }
}

/// A run that begins at `NOW`, behind a record of that time.
fn run(last_us: Option<u64>, unconfirmed_us: u64) -> (Arc<Hands>, Time) {
    let hands = Arc::new(Hands { wall: NOW.into(), monotonic: AtomicU64::new(77) });
    let clock = Arc::clone(&hands) as Arc<dyn Clock>;
    let time = Time::new(clock, ClockLimits::default(), last_us, unconfirmed_us);
    (hands, time)
}

fn causes(time: &Time) -> Vec<String> {
    let said = |step: &Step| serde_json::to_value(step).unwrap()["cause"].to_string();
    time.steps().iter().map(said).collect()
}

#[test]
fn one_wrong_moment_moves_no_time_and_is_told() {
    let (hands, time) = run(Some(NOW), 0);
    hands.ahead(YEAR);
    hands.pass(SECOND);
    let wrong = time.now();
    assert_eq!((wrong.ordered_us, wrong.wall_us), (NOW + SECOND, NOW + YEAR + SECOND));
    assert_eq!((wrong.steady_us, wrong.trusted_us), (NOW + SECOND, NOW + SECOND));
    assert_eq!(wrong.differing_wall_us(), Some(wrong.wall_us));
    hands.back(YEAR);
    hands.pass(SECOND);
    let right = time.now();
    assert_eq!((right.ordered_us, right.wall_us), (NOW + 2 * SECOND, NOW + 2 * SECOND));
    assert_eq!(right.differing_wall_us(), None);
    assert_eq!(causes(&time), ["\"forward\"", "\"back\""]);
    time.recorded(2);
    assert!(causes(&time).is_empty());
}

#[test]
fn a_small_step_is_followed_and_told() {
    let (hands, time) = run(Some(NOW), 0);
    hands.ahead(60 * SECOND);
    assert_eq!(time.now().ordered_us, NOW + 60 * SECOND);
    assert_eq!(time.now().trusted_us, NOW, "and yet it is no later than before");
    hands.ahead(SECOND);
    assert_eq!(time.now().ordered_us, NOW + 61 * SECOND);
    assert_eq!(causes(&time), ["\"forward\""], "the last one was no step");
}

#[test]
fn behind_a_step_back_time_goes_at_half_speed_until_the_clock_has_caught_up() {
    let (hands, time) = run(Some(NOW), 0);
    hands.back(10 * SECOND);
    assert_eq!(time.now().ordered_us, NOW);
    hands.pass(10 * SECOND);
    assert_eq!(time.now().ordered_us, NOW + 5 * SECOND);
    assert_eq!(time.now().steady_us, NOW + 10 * SECOND, "what lasts, lasts as long as ever");
    hands.pass(10 * SECOND);
    let caught_up = time.now();
    assert_eq!((caught_up.ordered_us, caught_up.wall_us), (NOW + 10 * SECOND, NOW + 10 * SECOND));
}

#[test]
fn a_jump_is_believed_after_an_hour_but_nothing_is_dropped_for_it() {
    let (hands, time) = run(Some(NOW), 0);
    hands.ahead(DAY);
    time.now();
    for minute in 1..60 {
        hands.pass(60 * SECOND);
        assert_eq!(time.now().ordered_us, NOW + minute * 60 * SECOND);
    }
    hands.pass(60 * SECOND);
    let settled = time.now();
    assert_eq!((settled.ordered_us, settled.trusted_us), (NOW + DAY + HOUR, NOW + HOUR));
    assert_eq!(causes(&time), ["\"forward\"", "\"settled\""]);
    let said = serde_json::to_value(time.steps()[1]).unwrap();
    assert_eq!(said["unconfirmed_us"], DAY);
    assert!(time.carried().is_some(), "the next segment says it again");
    // The next run takes it from there.
    let (_, next) = run(Some(NOW), DAY);
    assert_eq!(next.now().trusted_us, NOW - DAY);
    hands.back(DAY);
    time.now();
    assert!(time.carried().is_none(), "the clock took it back");
}

#[test]
fn a_clock_that_jumps_about_is_never_believed() {
    let (hands, time) = run(Some(NOW), 0);
    for turn in 1..200 {
        hands.ahead(HOUR);
        hands.pass(60 * SECOND);
        assert_eq!(time.now().ordered_us, NOW + turn * 60 * SECOND);
    }
    assert_eq!(time.steps().len(), MAX_STEPS, "bounded");
}

#[test]
fn somebody_else_with_the_same_time_confirms_it() {
    let (hands, time) = run(Some(NOW), 0);
    hands.ahead(DAY);
    time.confirm(NOW + 10 * SECOND);
    assert_eq!(time.now().ordered_us, NOW, "an anchor that shows another time confirms nothing");
    time.confirm(NOW + DAY + 10 * SECOND);
    let confirmed = time.now();
    assert_eq!((confirmed.ordered_us, confirmed.trusted_us), (NOW + DAY, NOW + DAY));
    assert_eq!(causes(&time), ["\"forward\"", "\"confirmed\""]);
    hands.pass(HOUR);
    assert_eq!(time.now().trusted_us, NOW + DAY + HOUR);
    hands.ahead(YEAR);
    assert_eq!(time.now().trusted_us, NOW + DAY + HOUR, "until the next jump");
}

#[test]
fn a_start_follows_the_clock_over_a_pause_and_not_over_a_long_one() {
    let (_, time) = run(Some(NOW - 3 * DAY), 0);
    let (started, causes_of_it) = (time.now(), causes(&time));
    assert_eq!((started.ordered_us, started.trusted_us), (NOW, NOW - 3 * DAY));
    assert!(causes_of_it.is_empty());

    let (hands, time) = run(Some(NOW - 10 * YEAR), 0);
    assert_eq!(time.now().ordered_us, NOW - 10 * YEAR);
    assert_eq!(causes(&time), ["\"pause\""]);
    hands.pass(HOUR);
    let settled = time.now();
    assert_eq!((settled.ordered_us, settled.trusted_us), (NOW + HOUR, NOW - 10 * YEAR + HOUR));
}

#[test]
fn a_start_before_the_last_record_tells_it_once_and_goes_on_from_there() {
    let (hands, time) = run(Some(NOW + YEAR), 0);
    assert_eq!(time.now().ordered_us, NOW + YEAR);
    assert_eq!(time.now().trusted_us, NOW, "never later than the clock");
    hands.pass(2 * SECOND);
    assert_eq!(time.now().ordered_us, NOW + YEAR + SECOND);
    assert_eq!(causes(&time), ["\"back\""]);
}

#[test]
fn a_new_log_has_the_clock_alone() {
    let (hands, time) = run(None, 0);
    hands.pass(SECOND);
    let all = NOW + SECOND;
    let expected = Times { ordered_us: all, wall_us: all, steady_us: all, trusted_us: all };
    assert_eq!(time.now(), expected);
}
