//! Times of records as people write them: RFC 3339, in UTC.

const DAY_SECONDS: u64 = 86_400;
/// Every 400 years of the Gregorian calendar are alike.
const CYCLE_YEARS: u64 = 400;
const CYCLE_DAYS: u64 = 146_097;
const MONTHS: u64 = 12;

/// Microseconds since 1970-01-01 UTC in the form of RFC 3339.
pub fn rfc3339(time_us: u64) -> String {
    let (seconds, micros) = (time_us / 1_000_000, time_us % 1_000_000);
    let (year, month, day) = date(seconds / DAY_SECONDS);
    let of_day = seconds % DAY_SECONDS;
    let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}.{micros:06}Z")
}

/// The microseconds since 1970-01-01 UTC of `2026-11-22`, its first moment, or of a time in UTC as
/// [`rfc3339`] writes it, with or without a fraction of a second. `None` for anything else.
pub fn parse_rfc3339(text: &str) -> Option<u64> {
    let (date, time) = text.split_once('T').unwrap_or((text, "00:00:00Z"));
    let time = time.strip_suffix('Z')?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
    if hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let seconds = days_before(date)? * DAY_SECONDS + hour * 3600 + minute * 60 + second;
    Some(seconds * 1_000_000 + micros(fraction)?)
}

/// Year, month and day of the month of a day counted from 1970-01-01.
fn date(days: u64) -> (u64, u64, u64) {
    let (mut year, mut left) = (1970 + days / CYCLE_DAYS * CYCLE_YEARS, days % CYCLE_DAYS);
    while left >= year_days(year) {
        left -= year_days(year);
        year += 1;
    }
    let mut month = 1;
    while left >= month_days(year, month) {
        left -= month_days(year, month);
        month += 1;
    }
    (year, month, left + 1)
}

/// Days from 1970-01-01 to a date from then on.
fn days_before(date: &str) -> Option<u64> {
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let is_real = year >= 1970
        && (1..=MONTHS).contains(&month)
        && (1..=month_days(year, month)).contains(&day);
    is_real.then(|| {
        let years = (1970..year).map(year_days).sum::<u64>();
        years + (1..month).map(|month| month_days(year, month)).sum::<u64>() + day - 1
    })
}

/// Three numbers of so many digits each.
fn numbers(text: &str, between: char, digits: [usize; 3]) -> Option<[u64; 3]> {
    let parts: [&str; 3] = text.split(between).collect::<Vec<_>>().try_into().ok()?;
    let mut numbers = [0; 3];
    for ((number, part), digits) in numbers.iter_mut().zip(parts).zip(digits) {
        let plain = part.len() == digits && part.bytes().all(|byte| byte.is_ascii_digit());
        *number = part.parse().ok().filter(|_| plain)?;
    }
    Some(numbers)
}

/// Microseconds of the digits behind the point; finer ones are dropped.
fn micros(digits: &str) -> Option<u64> {
    let plain = (1..=9).contains(&digits.len()) && digits.bytes().all(|byte| byte.is_ascii_digit());
    let nanos = format!("{digits:0<9}").parse::<u64>().ok().filter(|_| plain)?;
    Some(nanos / 1000)
}

fn year_days(year: u64) -> u64 {
    let leap = year.is_multiple_of(4) && !year.is_multiple_of(100) || year.is_multiple_of(400);
    if leap { 366 } else { 365 }
}

fn month_days(year: u64, month: u64) -> u64 {
    match month {
        2 => year_days(year) - 337,
        4 | 6 | 9 | 11 => 30,
        _ => 31,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_far_off_is_written_without_overflow() {
        assert_eq!(&rfc3339(u64::MAX)[..7], "586524-");
        assert_eq!(rfc3339(951_782_400_000_001), "2000-02-29T00:00:00.000001Z");
    }

    /// As `date -u -d @…` tells them.
    #[test]
    fn known_moments_have_their_names() {
        for (seconds, name) in [
            (0, "1970-01-01T00:00:00"),
            (951_782_399, "2000-02-28T23:59:59"),
            (951_782_400, "2000-02-29T00:00:00"),
            (1_709_251_199, "2024-02-29T23:59:59"),
            (1_790_000_000, "2026-09-21T14:13:20"),
            (4_107_542_399, "2100-02-28T23:59:59"),
            (4_107_542_400, "2100-03-01T00:00:00"),
            (253_402_300_799, "9999-12-31T23:59:59"),
        ] {
            let written = format!("{name}.000042Z");
            assert_eq!(rfc3339(seconds * 1_000_000 + 42), written);
            assert_eq!(parse_rfc3339(&written), Some(seconds * 1_000_000 + 42));
            assert_eq!(parse_rfc3339(&format!("{name}Z")), Some(seconds * 1_000_000));
        }
        assert_eq!(
            parse_rfc3339("2026-09-21").map(rfc3339),
            Some("2026-09-21T00:00:00.000000Z".into())
        );
        assert_eq!(
            parse_rfc3339("2026-09-21T00:00:00.5Z"),
            parse_rfc3339("2026-09-21").map(|at| at + 500_000)
        );
        assert!(rfc3339(u64::MAX).ends_with('Z'));
    }

    #[test]
    fn what_names_no_moment_is_refused() {
        for text in [
            "",
            "2026",
            "2026-9-21",
            "2026-02-29",
            "2026-13-01",
            "2026-00-10",
            "2026-01-00",
            "1969-12-31",
            "+026-01-01",
            "2026-01-01-01",
            "2026-01-01T",
            "2026-01-01T24:00:00Z",
            "2026-01-01T00:00:60Z",
            "2026-01-01T00:00:00",
            "2026-01-01T00:00:00+01:00",
            "2026-01-01T00:00:00.Z",
            "2026-01-01T00:00:00.1234567890Z",
            "2026-01-01t00:00:00Z",
        ] {
            assert!(parse_rfc3339(text).is_none(), "{text}");
        }
    }
}
