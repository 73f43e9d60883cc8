//! When a provider is left alone, and for how long.

use std::time::Duration;

/// When a provider is left alone, and for how long.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HealthSettings {
    /// Failures in a row that open a circuit.
    pub failures: u32,
    /// How long a circuit stays open; twice as long after each attempt that fails.
    pub open: Duration,
    /// The longest that it stays open.
    pub open_max: Duration,
    /// How long a model cools after a 429 that does not say.
    pub cooldown: Duration,
    /// The longest that it cools, whatever the provider asks for.
    pub cooldown_max: Duration,
}

impl HealthSettings {
    /// How long a circuit is open that has been opened so many times without recovering.
    pub(crate) fn open_for(&self, times: u32) -> Duration {
        let factor = 1_u32.checked_shl(times.saturating_sub(1)).unwrap_or(u32::MAX);
        self.open.saturating_mul(factor).min(self.open_max.max(self.open))
    }

    /// How much one party counts for in what concerns others.
    pub(crate) fn share(&self) -> u32 {
        self.failures.div_ceil(2).max(1)
    }
}
