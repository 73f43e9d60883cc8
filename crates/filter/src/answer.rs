//! Answers: those a filter gives itself, and the view of one that passes through.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use inferlayer_wire::Chunk as Delta;

/// A complete answer made in the gateway.
#[derive(Clone, Debug)]
pub struct Answer {
    /// Status and headers.
    pub head: ResponseHead,
    /// The body.
    pub body: Bytes,
}

/// The head of an answer.
#[derive(Clone, Debug)]
pub struct ResponseHead {
    /// The status.
    pub status: StatusCode,
    /// Headers, without those of framing.
    pub headers: HeaderMap,
}

/// A piece of an answer on its way to the client.
pub struct Chunk<'a> {
    /// The bytes as they would be sent.
    pub raw: &'a Bytes,
    /// What they say, when they are an event of a chat stream.
    pub delta: Option<&'a Delta>,
}

/// What becomes of a piece.
pub enum ChunkFlow {
    /// Sent as it is.
    Keep,
    /// Sent as these bytes.
    Replace(Bytes),
    /// Not sent now; the filter gives it back in a later [`ChunkFlow::Replace`], or never.
    Hold,
}

impl Answer {
    /// A JSON answer.
    pub fn json(status: StatusCode, body: impl Into<Bytes>) -> Answer {
        let mut headers = HeaderMap::new();
        let json = http::HeaderValue::from_static("application/json");
        headers.insert(http::header::CONTENT_TYPE, json);
        Answer { head: ResponseHead { status, headers }, body: body.into() }
    }
}
