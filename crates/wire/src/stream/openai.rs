//! OpenAI's stream for OpenAI's callers: bytes as they came, but for the usage that only we asked
//! for.

use bytes::Bytes;

use super::{Listen, Meaning, Piece, Unread};
use crate::Chunk;
use crate::sse::{self, EventKind};

pub(crate) struct OpenAiStream {
    wants_usage: bool,
    /// Choices without a finish reason yet.
    unfinished: usize,
}

impl OpenAiStream {
    pub(super) fn new(wants_usage: bool, choices: u32) -> OpenAiStream {
        OpenAiStream { wants_usage, unfinished: choices as usize }
    }

    fn chunk(&mut self, event: &sse::Event, chunk: Chunk) -> Piece {
        self.unfinished = self.unfinished.saturating_sub(chunk.finish_reasons.len());
        if chunk.usage_only && !self.wants_usage {
            return Piece { facts: Some(chunk), ..Piece::aside(Bytes::new()) };
        }
        let meaning = if chunk.error { Meaning::Error } else { Meaning::Content };
        Piece { bytes: event.raw.clone(), facts: Some(chunk), meaning }
    }
}

impl Listen for OpenAiStream {
    fn read(&mut self, event: &sse::Event) -> Piece {
        if event.is_done() {
            return Piece::end();
        }
        if event.kind == EventKind::Comment {
            return Piece::aside(event.raw.clone());
        }
        let data = event.data();
        match Chunk::parse(&data) {
            Ok(chunk) => self.chunk(event, chunk),
            Err(_) => unread(event, &data),
        }
    }

    fn is_finished(&self) -> bool {
        self.unfinished == 0
    }

    fn end_mark(&self) -> Bytes {
        Bytes::from_static(b"data: [DONE]\n\n")
    }
}

fn unread(event: &sse::Event, data: &[u8]) -> Piece {
    match Unread::of(data) {
        Unread::Blank => Piece::aside(event.raw.clone()),
        Unread::Json => Piece { bytes: event.raw.clone(), facts: None, meaning: Meaning::Content },
        Unread::Garbage => Piece::garbage(),
    }
}
