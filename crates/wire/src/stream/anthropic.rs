//! Anthropic's stream for Anthropic's callers: bytes as they came.

use bytes::Bytes;

use super::{Listen, Meaning, Piece};
use crate::Chunk;
use crate::anthropic::{Event, EventType, Tally};
use crate::sse::{self, EventKind};

#[derive(Default)]
pub(crate) struct AnthropicStream {
    tally: Tally,
    /// A stop reason has come.
    finished: bool,
    /// `message_stop` as it came.
    stop: Option<Bytes>,
}

impl AnthropicStream {
    fn event(&mut self, event: &sse::Event, told: &Event<'_>) -> Piece {
        let bytes = event.raw.clone();
        match told.event_type(event) {
            EventType::Ping => Piece::aside(bytes),
            EventType::MessageStop => {
                self.stop = Some(bytes).filter(|_| event.is_terminated());
                Piece::end()
            }
            EventType::Error => {
                let facts = Some(Chunk { error: true, ..Chunk::default() });
                Piece { bytes, facts, meaning: Meaning::Error }
            }
            _ => {
                let facts = told.facts(&mut self.tally);
                self.finished |= facts.finished;
                Piece { bytes, facts: Some(facts), meaning: Meaning::Content }
            }
        }
    }
}

impl Listen for AnthropicStream {
    fn read(&mut self, event: &sse::Event) -> Piece {
        if event.kind == EventKind::Comment {
            return Piece::aside(event.raw.clone());
        }
        let data = event.data();
        match Event::parse(&data) {
            Some(told) => self.event(event, &told),
            None => Piece::unread(event, &data),
        }
    }

    fn is_finished(&self) -> bool {
        self.finished
    }

    fn end_mark(&self) -> Bytes {
        let made = || sse::named("message_stop", br#"{"type":"message_stop"}"#);
        self.stop.clone().unwrap_or_else(made)
    }
}
