//! Anthropic's stream for Anthropic's callers: bytes as they came.

use bytes::Bytes;

use super::{Listen, Meaning, Piece, Unread};
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
                self.stop = Some(bytes).filter(is_terminated);
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
            None => unread(event, &data),
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

fn unread(event: &sse::Event, data: &[u8]) -> Piece {
    let bytes = event.raw.clone();
    match Unread::of(data) {
        _ if event.name() == Some("error") => {
            let facts = Some(Chunk { error: true, ..Chunk::default() });
            Piece { bytes, facts, meaning: Meaning::Error }
        }
        Unread::Blank => Piece::aside(bytes),
        Unread::Json => Piece { bytes, facts: None, meaning: Meaning::Content },
        Unread::Garbage => Piece::garbage(),
    }
}

/// Whether an event has its blank line, which the end of a stream can take away.
fn is_terminated(raw: &Bytes) -> bool {
    [&b"\n\n"[..], b"\r\n\r\n", b"\r\r"].iter().any(|end| raw.ends_with(end))
}
