//! What a load saw, added up.

use std::time::Duration;

use serde::Serialize;

/// What one connection, or all together, saw. Times in nanoseconds.
#[derive(Debug, Default)]
pub struct Tally {
    latencies: Vec<u64>,
    first_bytes: Vec<u64>,
    errors: u64,
    first_error: Option<String>,
}

/// Latencies are from the request's first byte sent to the answer's last byte received.
#[derive(Debug, Serialize)]
pub struct Report {
    requests: usize,
    seconds: f64,
    errors: u64,
    first_error: Option<String>,
    p50_us: f64,
    p99_us: f64,
    /// Until the first byte of the answer's body.
    ttft_p50_us: f64,
}

impl Tally {
    /// Counts an answer: how long its first byte took, and its last.
    pub fn answer(&mut self, first_byte: Duration, whole: Duration) {
        self.first_bytes.push(nanoseconds(first_byte));
        self.latencies.push(nanoseconds(whole));
    }

    /// Counts what is no answer.
    pub fn error(&mut self, error: &dyn std::error::Error) {
        self.errors += 1;
        self.first_error.get_or_insert_with(|| error.to_string());
    }

    /// How many errors were counted.
    pub fn errors(&self) -> u64 {
        self.errors
    }

    /// Several connections as one.
    pub fn sum(tallies: Vec<Tally>) -> Tally {
        tallies.into_iter().fold(Tally::default(), |mut sum, tally| {
            sum.latencies.extend(tally.latencies);
            sum.first_bytes.extend(tally.first_bytes);
            sum.errors += tally.errors;
            sum.first_error = sum.first_error.or(tally.first_error);
            sum
        })
    }

    /// The numbers to print.
    pub fn report(mut self, took: Duration) -> Report {
        self.latencies.sort_unstable();
        self.first_bytes.sort_unstable();
        Report {
            requests: self.latencies.len(),
            seconds: took.as_secs_f64(),
            errors: self.errors,
            first_error: self.first_error,
            p50_us: percentile_us(&self.latencies, 50),
            p99_us: percentile_us(&self.latencies, 99),
            ttft_p50_us: percentile_us(&self.first_bytes, 50),
        }
    }
}

/// By nearest rank; 0 of nothing.
fn percentile_us(sorted_nanoseconds: &[u64], percent: usize) -> f64 {
    let rank = (sorted_nanoseconds.len() * percent).div_ceil(100);
    let value = sorted_nanoseconds.get(rank.saturating_sub(1)).copied().unwrap_or_default();
    value as f64 / 1000.0
}

fn nanoseconds(duration: Duration) -> u64 {
    u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn percentiles_are_by_nearest_rank() {
        let hundred: Vec<u64> = (1..=100).map(|n| n * 1000).collect();
        assert_eq!(percentile_us(&hundred, 50), 50.0);
        assert_eq!(percentile_us(&hundred, 99), 99.0);
        assert_eq!(percentile_us(&[7000], 99), 7.0);
        assert_eq!(percentile_us(&[], 50), 0.0);
    }

    #[test]
    fn a_sum_has_every_answer_and_the_first_error() {
        let (mut one, mut other) = (Tally::default(), Tally::default());
        one.answer(Duration::from_micros(1), Duration::from_micros(3));
        other.answer(Duration::from_micros(2), Duration::from_micros(5));
        other.error(&std::fmt::Error);
        let report = Tally::sum(vec![one, other]).report(Duration::from_secs(1));
        assert_eq!((report.requests, report.errors), (2, 1));
        assert_eq!((report.ttft_p50_us, report.p50_us, report.p99_us), (1.0, 3.0, 5.0));
        assert_eq!(report.first_error, Some(std::fmt::Error.to_string()));
    }
}
