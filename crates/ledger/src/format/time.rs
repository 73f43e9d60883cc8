//! Times of records as people write them.

const DAY_SECONDS: u64 = 86_400;
const MONTH_DAYS: [u64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// Microseconds since 1970-01-01 UTC in the form of RFC 3339.
pub fn rfc3339(time_us: u64) -> String {
    let (seconds, micros) = (time_us / 1_000_000, time_us % 1_000_000);
    let (year, month, day) = date(seconds / DAY_SECONDS);
    let of_day = seconds % DAY_SECONDS;
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
}

/// Year, month and day of the month of a day counted from 1970-01-01. Every 400 years of the
/// Gregorian calendar are alike.
fn date(days: u64) -> (u64, usize, u64) {
    const CYCLE_DAYS: u64 = 146_097;
    let (mut year, mut left) = (1970 + days / CYCLE_DAYS * 400, days % CYCLE_DAYS);
    while left >= 365 + leap_day(year) {
        left -= 365 + leap_day(year);
        year += 1;
    }
    let mut month = 0;
    for (index, days) in MONTH_DAYS.into_iter().enumerate() {
        month = index + 1;
        let days = if index == 1 { days + leap_day(year) } else { days };
        if left < days {
            break;
        }
        left -= days;
    }
    (year, month, left + 1)
}

fn leap_day(year: u64) -> u64 {
    let leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    u64::from(leap)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_those_of_the_calendar() {
        assert_eq!(rfc3339(0), "1970-01-01T00:00:00.000000Z");
        assert_eq!(rfc3339(951_782_400_000_001), "2000-02-29T00:00:00.000001Z");
        assert_eq!(rfc3339(951_868_799_000_000), "2000-02-29T23:59:59.000000Z");
        assert_eq!(rfc3339(1_790_000_000_000_000), "2026-09-21T14:13:20.000000Z");
        assert_eq!(rfc3339(4_107_542_400_000_000), "2100-03-01T00:00:00.000000Z");
        assert_eq!(rfc3339(1_798_761_599_000_000), "2026-12-31T23:59:59.000000Z");
        assert_eq!(&rfc3339(u64::MAX)[..7], "586524-", "far off, but no overflow");
    }
}
