//! The events of a streamed response for callers of responses: bytes as they came.

use bytes::Bytes;

use crate::sse;
use crate::stream::{Listen, Piece};

/// Reads events for their facts.
#[derive(Default)]
pub(crate) struct ResponsesStream {
    finished: bool,
}

impl Listen for ResponsesStream {
    fn read(&mut self, _event: &sse::Event) -> Piece {
        Piece::garbage()
    }

    fn is_finished(&self) -> bool {
        self.finished
    }

    fn end_mark(&self) -> Bytes {
        Bytes::new()
    }
}
