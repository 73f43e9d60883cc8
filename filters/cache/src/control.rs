//! What the caller wants of the cache: `Cache-Control` of the request (RFC 9111 §5.2.1), and
//! `x-inferlayer-cache: off`.

use http::header::CACHE_CONTROL;
use http::{HeaderMap, HeaderName};

/// Of the request: `off`. Of the answer: what the cache did.
pub(crate) const CACHE: HeaderName = HeaderName::from_static("x-inferlayer-cache");

/// The caller's wishes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Control {
    /// The caller wants nothing of the cache, in the word it used.
    pub(crate) out: Option<&'static str>,
    /// Not looked up, but kept anew.
    pub(crate) no_cache: bool,
    /// An answer must not be older.
    pub(crate) max_age_seconds: Option<u64>,
    /// No provider is to be asked.
    pub(crate) only_if_cached: bool,
}

impl Control {
    /// Reads the headers of a request. What is not known or cannot be read is passed over.
    pub(crate) fn of(headers: &HeaderMap) -> Control {
        let mut control = Control::default();
        for value in headers.get_all(CACHE_CONTROL) {
            let directives = value.to_str().unwrap_or_default().split(',');
            directives.for_each(|directive| control.take(directive.trim()));
        }
        if headers.get_all(CACHE).iter().any(|value| value.as_bytes().eq_ignore_ascii_case(b"off"))
        {
            control.out = Some("off");
        }
        control
    }

    fn take(&mut self, directive: &str) {
        let (name, value) = directive.split_once('=').unwrap_or((directive, ""));
        let is = |known: &str| name.trim().eq_ignore_ascii_case(known);
        if is("no-store") {
            self.out = Some("no-store");
        } else if is("no-cache") {
            self.no_cache = true;
        } else if is("only-if-cached") {
            self.only_if_cached = true;
        } else if is("max-age") {
            // More digits than a number has are as good as forever.
            let digits = value.trim().trim_matches('"');
            let is_number = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
            self.max_age_seconds =
                is_number.then(|| digits.parse().unwrap_or(u64::MAX)).or(self.max_age_seconds);
            self.no_cache |= self.max_age_seconds == Some(0);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn control(headers: &[(&'static str, &'static str)]) -> Control {
        let mut map = HeaderMap::new();
        for (name, value) in headers {
            map.append(*name, value.parse().unwrap());
        }
        Control::of(&map)
    }

    #[test]
    fn directives_are_read_in_any_case_and_header() {
        assert_eq!(control(&[]), Control::default());
        let both =
            control(&[("cache-control", "No-Cache , max-age=7"), ("cache-control", "no-store")]);
        let expected = Control {
            out: Some("no-store"),
            no_cache: true,
            max_age_seconds: Some(7),
            only_if_cached: false,
        };
        assert_eq!(both, expected);
        assert!(control(&[("cache-control", "max-stale=3, only-if-cached")]).only_if_cached);
        assert_eq!(control(&[("x-inferlayer-cache", "OFF")]).out, Some("off"));
        assert_eq!(control(&[("x-inferlayer-cache", "exact")]), Control::default());
    }

    #[test]
    fn an_age_is_a_number() {
        let age = |value| control(&[("cache-control", value)]).max_age_seconds;
        assert_eq!(age("max-age=\"60\""), Some(60));
        assert_eq!(age("max-age=99999999999999999999999"), Some(u64::MAX));
        for none in ["max-age", "max-age=", "max-age=-1", "max-age=1.5", "max-age=x"] {
            assert_eq!(age(none), None, "{none}");
        }
        assert!(control(&[("cache-control", "max-age=0")]).no_cache);
    }
}
