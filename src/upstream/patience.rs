//! How long a provider asks to be left alone: `retry-after-ms`, or `retry-after` in seconds, whole
//! or not, or as a date (RFC 9110 §10.2.3).

use std::time::{Duration, SystemTime};

use http::header::RETRY_AFTER;
use http::{HeaderMap, HeaderName};

/// OpenAI's, told beside the other one and more exactly.
const RETRY_AFTER_MS: HeaderName = HeaderName::from_static("retry-after-ms");

/// What the headers of an answer ask for, told at `now`.
pub(super) fn asked(headers: &HeaderMap, now: SystemTime) -> Option<Duration> {
    let text = |name| headers.get(name)?.to_str().ok().map(str::trim);
    let milliseconds = text(RETRY_AFTER_MS).and_then(number).map(|number| number / 1000.0);
    let seconds = milliseconds.or_else(|| text(RETRY_AFTER).and_then(number));
    if let Some(seconds) = seconds {
        return Duration::try_from_secs_f64(seconds).ok();
    }
    let date = httpdate::parse_http_date(text(RETRY_AFTER)?).ok()?;
    Some(date.duration_since(now).unwrap_or_default())
}

fn number(text: &str) -> Option<f64> {
    let plain = text.bytes().all(|b| b.is_ascii_digit() || b == b'.');
    text.parse().ok().filter(|_| plain)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_way_to_ask_for_patience_is_read() {
        let now = httpdate::parse_http_date("Mon, 30 Nov 2026 10:00:00 GMT").unwrap();
        for (name, value, milliseconds) in [
            ("retry-after", "7", Some(7000)),
            ("retry-after", " 7.5 ", Some(7500)),
            ("retry-after", "0", Some(0)),
            ("retry-after", "Mon, 30 Nov 2026 10:00:20 GMT", Some(20_000)),
            ("retry-after", "Mon, 30 Nov 2026 09:00:00 GMT", Some(0)),
            ("retry-after", "Monday, 30-Nov-26 10:00:20 GMT", Some(20_000)),
            ("retry-after-ms", "4500", Some(4500)),
            ("retry-after-ms", "0.5", Some(0)),
            ("retry-after", "-7", None),
            ("retry-after", "1e9", None),
            ("retry-after", "inf", None),
            ("retry-after", "soon", None),
            ("retry-after", "", None),
            ("x-other", "7", None),
        ] {
            let headers = HeaderMap::from_iter([(name.parse().unwrap(), value.parse().unwrap())]);
            let asked = asked(&headers, now).map(|asked| asked.as_millis());
            assert_eq!(asked, milliseconds, "{name}: {value}");
        }
        let both = [("retry-after", "8"), ("retry-after-ms", "7500")];
        let both = both.map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()));
        assert_eq!(asked(&HeaderMap::from_iter(both), now), Some(Duration::from_millis(7500)));
    }
}
