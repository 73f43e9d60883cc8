//! A name as one segment of a path.
//!
//! Encoding alone is not enough: some servers decode a path before they take it apart, some twice,
//! and `a%2F..%2Ffiles` is then `files`. So what a decoded path would be cut or resolved at is
//! refused, and the rest is encoded.

use std::fmt;

/// Exactly one segment of a path, percent-encoded (RFC 3986 §3.3).
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub struct PathSegment(String);

/// The text is not a [`PathSegment`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "be 1 to 256 visible ASCII characters, none of them / \\ % ? # ; and not dots alone, because \
     it becomes part of a path at this model's provider"
)]
pub struct NotSegment;

const NAME_MAX_BYTES: usize = 256;
/// Where a path is cut, or decoded again.
const REFUSED: &[u8] = b"/\\%?#;";

impl TryFrom<&str> for PathSegment {
    type Error = NotSegment;

    fn try_from(name: &str) -> Result<PathSegment, NotSegment> {
        let fits = (1..=NAME_MAX_BYTES).contains(&name.len());
        let allowed = |b: u8| b.is_ascii_graphic() && !REFUSED.contains(&b);
        if !fits || !name.bytes().all(allowed) || name.bytes().all(|b| b == b'.') {
            return Err(NotSegment);
        }
        let mut segment = String::with_capacity(name.len());
        for byte in name.bytes() {
            match byte {
                b if b.is_ascii_alphanumeric() || b"-._~".contains(&b) => segment.push(b.into()),
                b => segment.push_str(&format!("%{b:02X}")),
            }
        }
        Ok(PathSegment(segment))
    }
}

impl fmt::Display for PathSegment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn segment(name: &str) -> Result<String, NotSegment> {
        PathSegment::try_from(name).map(|segment| segment.to_string())
    }

    #[test]
    fn what_is_not_plain_in_a_path_is_encoded() {
        for (name, encoded) in [
            ("gpt-4o_mini.1~x", "gpt-4o_mini.1~x"),
            ("model:free@2", "model%3Afree%402"),
            ("a&b=c+d,e", "a%26b%3Dc%2Bd%2Ce"),
            ("...x", "...x"),
            ("\"<>^`{|}'()*!$[]", "%22%3C%3E%5E%60%7B%7C%7D%27%28%29%2A%21%24%5B%5D"),
        ] {
            assert_eq!(segment(name).as_deref(), Ok(encoded), "{name}");
        }
        assert!(segment(&"x".repeat(256)).is_ok());
    }

    #[test]
    fn what_could_lead_elsewhere_is_refused() {
        for name in [
            "",
            ".",
            "..",
            "...",
            "a/b",
            "/a",
            "a/",
            "az-x/../../files?api-version=1&x=",
            "gem-x?key=stolen&x=",
            "gem-x#",
            "gem-x%2f..",
            "%2e%2e",
            "%252e%252e",
            "a\\..\\b",
            "..;a",
            "gem-1 y",
            "a\tb",
            "a\r\nhost: b",
            "a\0",
            "a\u{7f}",
            "a\u{85}",
            "fullwidth\u{ff0f}..",
            "f\u{fc}r",
            &"x".repeat(257),
        ] {
            assert_eq!(segment(name), Err(NotSegment), "{name:?}");
        }
    }
}
