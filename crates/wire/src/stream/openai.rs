//! OpenAI's stream for OpenAI's callers: bytes as they came, but for the usage that only we asked
//! for.

use super::{Meaning, Piece, Unread};
use crate::sse::{self, EventKind};
use crate::{ChatRequest, Chunk};

pub(super) struct OpenAiStream {
    wants_usage: bool,
    /// Choices without a finish reason yet.
    unfinished: usize,
}

impl OpenAiStream {
    pub(super) fn new(chat: &ChatRequest) -> OpenAiStream {
        OpenAiStream { wants_usage: chat.wants_usage(), unfinished: chat.choices() as usize }
    }

    pub(super) fn read(&mut self, event: &sse::Event) -> Piece {
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

    pub(super) fn is_finished(&self) -> bool {
        self.unfinished == 0
    }

    fn chunk(&mut self, event: &sse::Event, chunk: Chunk) -> Piece {
        self.unfinished = self.unfinished.saturating_sub(chunk.finish_reasons.len());
        if chunk.usage_only && !self.wants_usage {
            return Piece { facts: Some(chunk), ..Piece::aside(bytes::Bytes::new()) };
        }
        let meaning = if chunk.error { Meaning::Error } else { Meaning::Content };
        Piece { bytes: event.raw.clone(), facts: Some(chunk), meaning }
    }
}

fn unread(event: &sse::Event, data: &[u8]) -> Piece {
    match Unread::of(data) {
        Unread::Blank => Piece::aside(event.raw.clone()),
        Unread::Json => Piece { bytes: event.raw.clone(), facts: None, meaning: Meaning::Content },
        Unread::Garbage => Piece::garbage(),
    }
}
