//! The events of a streamed response for callers of responses: bytes as they came.
//!
//! The last event holds the whole answer and is the end mark: it is kept back until the outcome is
//! recorded, and its facts are told at once.

use bytes::Bytes;

use super::event::{Event, EventType};
use crate::sse::{self, EventKind};
use crate::stream::{Listen, Meaning, Piece};

/// Reads events for their facts.
#[derive(Default)]
pub(crate) struct ResponsesStream {
    /// The last event as it came.
    end: Option<Bytes>,
}

impl ResponsesStream {
    fn event(&mut self, event: &sse::Event, told: &Event<'_>) -> Piece {
        let event_type = told.event_type(event);
        let facts = Some(told.facts(event_type));
        let bytes = event.raw.clone();
        match event_type {
            EventType::End => {
                self.end = Some(terminated(event));
                Piece { facts, ..Piece::end() }
            }
            EventType::Error => Piece { bytes, facts, meaning: Meaning::Error },
            _ => Piece { bytes, facts, meaning: Meaning::Content },
        }
    }
}

impl Listen for ResponsesStream {
    fn read(&mut self, event: &sse::Event) -> Piece {
        if event.kind == EventKind::Comment {
            return Piece::aside(event.raw.clone());
        }
        // Chat's end mark, which some servers send behind the last event.
        if event.is_done() {
            return Piece::aside(Bytes::new());
        }
        let data = event.data();
        match Event::parse(&data) {
            Some(told) => self.event(event, &told),
            None => Piece::unread(event, &data),
        }
    }

    fn is_finished(&self) -> bool {
        self.end.is_some()
    }

    fn end_mark(&self) -> Bytes {
        self.end.clone().unwrap_or_default()
    }
}

/// The event with its blank line, which the end of a stream can take away.
fn terminated(event: &sse::Event) -> Bytes {
    if event.is_terminated() {
        return event.raw.clone();
    }
    let line = event.raw.trim_ascii_end();
    [line, b"\n\n"].concat().into()
}
