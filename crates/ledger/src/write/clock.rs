//! The clocks of this machine: a trait, so that tests and the vector fix them.

use std::time::{SystemTime, UNIX_EPOCH};

use rustix::time::{ClockId, clock_gettime};

/// Two clocks: one that says what time it is and may be set, one that only goes forward.
pub trait Clock: Send + Sync {
    /// Microseconds since 1970-01-01 UTC.
    fn now_us(&self) -> u64;

    /// Microseconds since some moment, never less than before; `None` when there is no such clock.
    fn monotonic_us(&self) -> Option<u64> {
        None
    }
}

/// The system's clocks; a time before 1970 reads as 0.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

/// Goes on while the machine sleeps, so that waking up is no jump.
#[cfg(target_os = "linux")]
const FORWARD: ClockId = ClockId::Boottime;
#[cfg(not(target_os = "linux"))]
const FORWARD: ClockId = ClockId::Monotonic;

impl Clock for SystemClock {
    fn now_us(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
        u64::try_from(since.as_micros()).unwrap_or(u64::MAX)
    }

    fn monotonic_us(&self) -> Option<u64> {
        let now = clock_gettime(FORWARD);
        let seconds = u64::try_from(now.tv_sec).ok()?;
        Some(seconds * 1_000_000 + u64::try_from(now.tv_nsec).ok()? / 1000)
    }
}
