//! How long a commit waits for more records, as PostgreSQL's `commit_delay` does. A sync and a
//! signature cost the same for one record as for many, so where many come one after another a
//! short wait saves most of both. Whoever is alone, or comes seldom, never waits.

use std::time::{Duration, Instant};

/// What is known of how records come.
pub(crate) struct Pace {
    longest: Duration,
    /// Between two records, as of late.
    interval: Duration,
    /// Records of the commit before.
    before: usize,
    since: Instant,
}

/// So many records bring the cost of a commit down to a small part of their own.
const ENOUGH_RECORDS: usize = 16;
/// A wait that brings fewer than this is not worth it.
const WORTHWHILE_RECORDS: u32 = 2;
/// The share of the newest commit in what counts as of late: one in so many.
const SMOOTHING: u32 = 8;

impl Pace {
    /// Of a log in which a commit waits no longer than this; zero turns it off.
    pub(crate) fn new(longest: Duration, now: Instant) -> Pace {
        Pace { longest, interval: longest, before: 0, since: now }
    }

    /// A commit has so many records by now: how long it is to wait for more.
    pub(crate) fn wait(&mut self, records: usize, now: Instant) -> Option<Duration> {
        let alone = records.max(std::mem::replace(&mut self.before, records)) < 2;
        self.learn(records, now);
        let missing = ENOUGH_RECORDS.saturating_sub(records);
        let worthwhile = self.longest >= self.interval * WORTHWHILE_RECORDS;
        if alone || !worthwhile || missing == 0 || self.longest.is_zero() {
            return None;
        }
        Some((self.interval * missing as u32).min(self.longest))
    }

    fn learn(&mut self, records: usize, now: Instant) {
        let passed = now.duration_since(std::mem::replace(&mut self.since, now));
        let sample = passed.checked_div(u32::try_from(records).unwrap_or(u32::MAX));
        // A pause says no more than that nobody is to be waited for.
        let sample = sample.unwrap_or(self.longest).min(self.longest);
        self.interval = (self.interval * (SMOOTHING - 1) + sample) / SMOOTHING;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const LONGEST: Duration = Duration::from_micros(500);

    /// The last wait of many commits with so many records, that far apart.
    fn wait_after(records: usize, apart_us: u64) -> Option<Duration> {
        let begun = Instant::now();
        let mut pace = Pace::new(LONGEST, begun);
        let waits =
            (1..100).map(|n| pace.wait(records, begun + Duration::from_micros(n * apart_us)));
        waits.last().flatten()
    }

    #[test]
    fn many_who_come_quickly_are_waited_for() {
        let wait = wait_after(4, 200).unwrap();
        assert!((Duration::from_micros(490)..=LONGEST).contains(&wait), "{wait:?}");
        let wait = wait_after(8, 80).unwrap();
        assert!(
            (Duration::from_micros(70)..Duration::from_micros(120)).contains(&wait),
            "{wait:?}"
        );
    }

    #[test]
    fn nobody_waits_alone_for_few_or_beyond_enough() {
        assert_eq!(wait_after(1, 20), None);
        assert_eq!(wait_after(2, 600), None);
        assert_eq!(wait_after(16, 200), None);
        let begun = Instant::now();
        let mut off = Pace::new(Duration::ZERO, begun);
        assert_eq!(off.wait(4, begun), None);
    }

    #[test]
    fn a_pause_ends_the_waiting_for_a_while() {
        let begun = Instant::now();
        let mut pace = Pace::new(LONGEST, begun);
        let mut now = begun;
        for _ in 0..50 {
            now += Duration::from_micros(200);
            pace.wait(4, now);
        }
        for _ in 0..4 {
            now += Duration::from_secs(1);
            pace.wait(1, now);
        }
        assert_eq!(pace.wait(2, now + Duration::from_millis(5)), None);
    }
}
