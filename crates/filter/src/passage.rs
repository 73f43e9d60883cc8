//! What passes through: a request that is no inference in JSON, such as a file or a recording, and
//! goes to a provider as it is. Its path has one reading only, so that nobody on the way resolves
//! it to another than the one that a rule and a price were found for.

use std::fmt;

use http::Method;
use serde::Deserialize;

/// A request that passes through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    path: PlainPath,
    query: Option<String>,
    family: Family,
}

/// A path below `/v1/`: nothing encoded, no empty segment, none of dots, none of ours.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Deserialize)]
#[serde(try_from = "String")]
pub struct PlainPath(String);

/// What a path is about, told from its first segment.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Family {
    /// Speech, transcriptions, translations.
    Audio,
    /// Generations, edits, variations.
    Images,
    /// Files.
    Files,
    /// Files in parts.
    Uploads,
    /// Batches.
    Batches,
    /// Documents by their relevance.
    Rerank,
    /// Vector stores.
    VectorStores,
    /// Responses that a provider keeps: get, delete, cancel, input items.
    Responses,
    /// Everything else.
    Other,
}

/// The text is not a [`PlainPath`].
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "must be a path below /v1/ without empty segments, `.`, `..` or encoded characters, and not \
     below /v1/models or /v1/inferlayer"
)]
pub struct NotPlain;

const ROOT: &str = "/v1";
const PATH_MAX_BYTES: usize = 512;
const QUERY_MAX_BYTES: usize = 2048;
/// Answered here, whatever follows.
const OURS: [&str; 2] = ["models", "inferlayer"];

impl Passage {
    /// From a request's line; nothing where path or query could be read in two ways.
    pub fn new(method: &Method, path: &str, query: Option<&str>) -> Option<Passage> {
        let path = PlainPath::try_from(path.to_owned()).ok()?;
        let query = match query {
            Some(query) if !is_query(query) => return None,
            Some(query) => without_key(query),
            None => None,
        };
        let family = Family::of(method, &path);
        Some(Passage { path, query, family })
    }

    /// The path.
    pub fn path(&self) -> &PlainPath {
        &self.path
    }

    /// What it is about.
    pub fn family(&self) -> Family {
        self.family
    }

    /// Path and query below a provider's base URL, which ends where `/v1` does.
    pub fn target(&self) -> String {
        let path = self.path.0.strip_prefix(ROOT).unwrap_or_default();
        match &self.query {
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        }
    }
}

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

    /// Behind `/v1/`; at least one.
    fn segments(&self) -> impl Iterator<Item = &str> {
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

impl Family {
    /// A response is known only by what can be done with one that is there: to make one is an
    /// inference.
    fn of(method: &Method, path: &PlainPath) -> Family {
        let mut segments = path.segments();
        match segments.next().unwrap_or_default() {
            "audio" => Family::Audio,
            "images" => Family::Images,
            "files" => Family::Files,
            "uploads" => Family::Uploads,
            "batches" => Family::Batches,
            "rerank" => Family::Rerank,
            "vector_stores" => Family::VectorStores,
            "responses" => {
                let what = (method, segments.next(), segments.next(), segments.next());
                match what {
                    (&(Method::GET | Method::DELETE), Some(_), None, None)
                    | (&Method::POST, Some(_), Some("cancel"), None)
                    | (&Method::GET, Some(_), Some("input_items"), None) => Family::Responses,
                    _ => Family::Other,
                }
            }
            _ => Family::Other,
        }
    }

    /// The word in records, in place of a model.
    pub fn name(self) -> &'static str {
        match self {
            Family::Audio => "audio",
            Family::Images => "images",
            Family::Files => "files",
            Family::Uploads => "uploads",
            Family::Batches => "batches",
            Family::Rerank => "rerank",
            Family::VectorStores => "vector_stores",
            Family::Responses => "responses",
            Family::Other => "other",
        }
    }
}

fn is_query(query: &str) -> bool {
    query.len() <= QUERY_MAX_BYTES && query.bytes().all(|b| b.is_ascii_graphic() && b != b'#')
}

/// Some callers put their key into the query; it is for us alone.
fn without_key(query: &str) -> Option<String> {
    let is_key = |parameter: &&str| {
        let name = parameter.split('=').next().unwrap_or_default();
        decoded(name).eq_ignore_ascii_case(b"key")
    };
    let kept: Vec<&str> = query.split('&').filter(|p| !is_key(p)).collect();
    Some(kept.join("&")).filter(|query| !query.is_empty())
}

/// Without percent-encoding (RFC 3986 §2.1).
fn decoded(text: &str) -> Vec<u8> {
    let mut decoded = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let [first, after @ ..] = rest {
        let byte = match after {
            [high, low, ..] if *first == b'%' => hex(*high).zip(hex(*low)).map(|(h, l)| h << 4 | l),
            _ => None,
        };
        decoded.push(byte.unwrap_or(*first));
        rest = if byte.is_some() { after.get(2..).unwrap_or_default() } else { after };
    }
    decoded
}

fn hex(digit: u8) -> Option<u8> {
    char::from(digit).to_digit(16).map(|value| value as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn passage(method: Method, path: &str, query: Option<&str>) -> Option<Passage> {
        Passage::new(&method, path, query)
    }

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

    #[test]
    fn families_are_told_by_the_first_segment_and_responses_by_what_is_done() {
        for (method, path, family) in [
            (Method::POST, "/v1/audio/speech", "audio"),
            (Method::POST, "/v1/images/edits", "images"),
            (Method::DELETE, "/v1/files/file-1", "files"),
            (Method::POST, "/v1/rerank", "rerank"),
            (Method::GET, "/v1/vector_stores/vs_1/files", "vector_stores"),
            (Method::GET, "/v1/responses/resp_1", "responses"),
            (Method::DELETE, "/v1/responses/resp_1", "responses"),
            (Method::POST, "/v1/responses/resp_1/cancel", "responses"),
            (Method::GET, "/v1/responses/resp_1/input_items", "responses"),
            (Method::POST, "/v1/responses", "other"),
            (Method::POST, "/v1/responses/compact", "other"),
            (Method::POST, "/v1/responses/resp_1/input_items", "other"),
            (Method::GET, "/v1/responses/resp_1/cancel/x", "other"),
            (Method::POST, "/v1/Audio/speech", "other"),
            (Method::POST, "/v1/fine_tuning/jobs", "other"),
        ] {
            let passage = passage(method.clone(), path, None).unwrap();
            assert_eq!(passage.family().name(), family, "{method} {path}");
        }
    }

    #[test]
    fn the_query_goes_along_without_a_key() {
        let target =
            |query: &str| passage(Method::GET, "/v1/files", Some(query)).map(|p| p.target());
        for (query, passed) in [
            ("limit=2&after=a%20b", "/files?limit=2&after=a%20b"),
            ("key=il-secret", "/files"),
            ("a=1&key=il-secret&b=key", "/files?a=1&b=key"),
            ("%6bEy=il-secret&%6=x&keys=1", "/files?%6=x&keys=1"),
            ("", "/files"),
        ] {
            assert_eq!(target(query).as_deref(), Some(passed), "{query}");
        }
        let longest = "a".repeat(2048);
        assert!(target(&longest).is_some());
        for query in [format!("{longest}a"), "a b".to_owned(), "a#b".to_owned(), "ä".to_owned()] {
            assert_eq!(target(&query), None, "{query}");
        }
    }
}
