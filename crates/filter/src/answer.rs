//! Answers: those a filter gives itself, and the chunks of one that passes through.

use bytes::Bytes;
use http::{HeaderMap, StatusCode};
use inferlayer_wire::texts::Texts;

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

/// A chunk of a response as the client gets it.
#[derive(Clone, Copy, Debug)]
pub struct Chunk<'a> {
    /// The bytes.
    pub raw: &'a Bytes,
    /// What they are.
    pub form: ChunkForm,
}

/// What a chunk of a response is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChunkForm {
    /// One event of a stream, or a comment in one.
    Event,
    /// A whole body.
    Whole,
    /// A part of a body that is not collected, or bytes of which nothing is known.
    Part,
}

impl Chunk<'_> {
    /// What is said in it; made when it is asked for. None where that cannot be read.
    pub fn texts(&self) -> Option<Texts> {
        self.form.texts(self.raw)
    }
}

impl ChunkForm {
    pub(crate) fn texts(self, bytes: &Bytes) -> Option<Texts> {
        match self {
            ChunkForm::Event => Some(Texts::of_event(bytes)),
            ChunkForm::Whole => Some(Texts::of_response(bytes)),
            ChunkForm::Part => None,
        }
    }
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
