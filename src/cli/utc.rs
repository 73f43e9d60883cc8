//! Times as people and programs write them: RFC 3339, in UTC.

pub(crate) use inferlayer_ledger::rfc3339;

const DAY_SECONDS: u64 = 24 * 60 * 60;
const MONTHS: u64 = 12;

/// The microseconds since 1970-01-01 UTC of `2026-11-22`, its first moment, or of a time in UTC as
/// [`rfc3339`] writes it, with or without a fraction of a second.
pub(crate) fn parse(text: &str) -> Result<u64, String> {
    moment(text).ok_or_else(|| "neither 2026-11-22 nor 2026-11-22T01:10:00Z".to_owned())
}

fn moment(text: &str) -> Option<u64> {
    let (date, time) = text.split_once('T').unwrap_or((text, "00:00:00Z"));
    let time = time.strip_suffix('Z')?;
    let (time, fraction) = time.split_once('.').unwrap_or((time, "0"));
    let [year, month, day] = numbers(date, '-', [4, 2, 2])?;
    let [hour, minute, second] = numbers(time, ':', [2, 2, 2])?;
    let real = (1970..=9999).contains(&year) && (1..=MONTHS).contains(&month);
    let real = real && (1..=month_days(year, month)).contains(&day);
    if !real || hour > 23 || minute > 59 || second > 59 {
        return None;
    }
    let days = (1970..year).map(year_days).sum::<u64>()
        + (1..month).map(|month| month_days(year, month)).sum::<u64>()
        + day
        - 1;
    let seconds = days * DAY_SECONDS + hour * 3600 + minute * 60 + second;
    Some(seconds * 1_000_000 + micros(fraction)?)
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
            assert_eq!(parse(&written), Ok(seconds * 1_000_000 + 42));
            assert_eq!(parse(&format!("{name}Z")), Ok(seconds * 1_000_000));
        }
        assert_eq!(parse("2026-09-21").map(rfc3339), Ok("2026-09-21T00:00:00.000000Z".into()));
        assert_eq!(parse("2026-09-21T00:00:00.5Z"), parse("2026-09-21").map(|at| at + 500_000));
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
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
