//! A path that has one reading only, so that nobody on its way resolves it to another than the one
//! that a rule and a price were found for.

use std::fmt;

use serde::Deserialize;

/// A path below `/v1/`: nothing encoded, no empty segment, none of dots, none of ours.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct PlainPath(String);

/// The text is not a [`PlainPath`].
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be a path below /v1/ without empty segments, `.`, `..` or encoded characters, and not \
     below /v1/models or /v1/inferlayer"
)]
pub struct NotPlain;

const ROOT: &str = "/v1";
const PATH_MAX_BYTES: usize = 512;
/// Answered here, whatever follows.
const OURS: [&str; 2] = ["models", "inferlayer"];

impl PlainPath {
    /// As it was asked for.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether it is `above`, or begins with its segments.
    pub fn is_at_or_below(&self, above: &PlainPath) -> bool {
        let rest = self.0.strip_prefix(&above.0);
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
    }

    /// What follows `/v1`.
    pub(crate) fn below_root(&self) -> &str {
        self.0.strip_prefix(ROOT).unwrap_or_default()
    }

    /// Behind `/v1/`; at least one.
    pub fn segments(&self) -> impl Iterator<Item = &str> {
        self.0.split('/').skip(2)
    }
}

impl TryFrom<String> for PlainPath {
    type Error = NotPlain;

    fn try_from(path: String) -> Result<PlainPath, NotPlain> {
        let plain = |b: u8| b.is_ascii_alphanumeric() || b"-_.~:@+,=".contains(&b);
        let is_segment = |s: &str| !s.is_empty() && s != "." && s != ".." && s.bytes().all(plain);
        let rest = path.strip_prefix(ROOT).and_then(|rest| rest.strip_prefix('/'));
        let mut segments =
            rest.filter(|_| path.len() <= PATH_MAX_BYTES).ok_or(NotPlain)?.split('/');
        let first = segments.next().filter(|first| is_segment(first) && !OURS.contains(first));
        if first.is_none() || !segments.all(is_segment) {
            return Err(NotPlain);
        }
        Ok(PlainPath(path))
    }
}

impl fmt::Display for PlainPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_reading_or_is_none() {
        for path in ["/v1/files", "/v1/audio/speech", "/v1/files/file-a_B.9/content", "/v1/x/..."] {
            assert!(PlainPath::try_from(path.to_owned()).is_ok(), "{path}");
        }
        let (longest, longer) = ("x".repeat(508), "x".repeat(509));
        assert!(PlainPath::try_from(format!("/v1/{longest}")).is_ok());
        for path in [
            "",
            "/",
            "/v1",
            "/v1/",
            "v1/files",
            "/v2/files",
            "/v1files",
            "/v1//files",
            "/v1/files/",
            "/v1/files//a",
            "/v1/.",
            "/v1/..",
            "/v1/files/..",
            "/v1/files/../models",
            "/v1/./files",
            "/v1/%66iles",
            "/v1/files/a%2fb",
            "/v1/files;a=b",
            "/v1/files\\..",
            "/v1/fi les",
            "/v1/files\n",
            "/v1/files?x",
            "/v1/fi\u{fc}les",
            "/v1/models",
            "/v1/models/m",
            "/v1/inferlayer/receipts/x",
            &format!("/v1/{longer}"),
        ] {
            assert_eq!(PlainPath::try_from(path.to_owned()), Err(NotPlain), "{path:?}");
        }
    }

    #[test]
    fn prefixes_end_where_segments_do() {
        let path = |text: &str| PlainPath::try_from(text.to_owned()).unwrap();
        for (below, above, is) in [
            ("/v1/audio", "/v1/audio", true),
            ("/v1/audio/speech", "/v1/audio", true),
            ("/v1/audiobooks", "/v1/audio", false),
            ("/v1/audio", "/v1/audio/speech", false),
        ] {
            assert_eq!(path(below).is_at_or_below(&path(above)), is, "{below} {above}");
        }
    }
}
