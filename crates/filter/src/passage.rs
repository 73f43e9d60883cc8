//! What passes through: a request that is no inference in JSON, such as a file or a recording, and
//! goes to a provider as it is.

use http::Method;
use inferlayer_ledger::Hash;

use inferlayer_wire::{PlainQuery, UpstreamPath};

pub use inferlayer_wire::{NotPlain, PlainPath};

/// A request that passes through.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Passage {
    path: PlainPath,
    query: Option<PlainQuery>,
    family: Family,
}

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

/// What has passed through, in both directions.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Passed {
    /// Bytes of the request's body.
    pub request_bytes: u64,
    /// The MAC of the whole of it, where the tenant's policy has one.
    pub request_hmac: Option<Hash>,
    /// Bytes of the answer's body.
    pub answer_bytes: u64,
}

impl Passage {
    /// From a request's line; nothing where path or query could be read in two ways.
    pub fn new(method: &Method, path: &str, query: Option<&str>) -> Option<Passage> {
        let path = PlainPath::try_from(path.to_owned()).ok()?;
        let query = query.map(|query| PlainQuery::new(query).ok_or(())).transpose().ok()?;
        // Some callers put their key into the query; it is for us alone.
        let query = query.and_then(|query| query.without("key"));
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
    pub fn target(&self) -> UpstreamPath {
        UpstreamPath::passing(&self.path, self.query.as_ref())
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

#[cfg(test)]
mod tests {
    use super::*;

    fn passage(method: Method, path: &str, query: Option<&str>) -> Option<Passage> {
        Passage::new(&method, path, query)
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
        let target = |query: &str| {
            passage(Method::GET, "/v1/files", Some(query)).map(|p| p.target().to_string())
        };
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
