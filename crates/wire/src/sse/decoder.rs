//! Finding where events end, in bytes that arrive in any pieces.

use std::collections::VecDeque;
use std::mem;

use bytes::{Bytes, BytesMut};
use memchr::memchr2;

use super::Event;

/// Cuts a stream into events at its blank lines.
///
/// Lines end in LF, CR or CRLF. After a CR it waits for one more byte, to know whether an LF
/// belongs to it: the events are the same however the stream was cut, at the price that a stream
/// of bare CRs (none is known) is told one byte late.
pub struct Decoder {
    max_event_bytes: usize,
    /// The beginning of an event whose end has not come yet.
    begun: BytesMut,
    position: Position,
    /// No event has been told yet: a byte order mark may come.
    at_start: bool,
    /// Whole events, read only when asked for: at most 32 bytes for each byte of a packet.
    ready: VecDeque<Bytes>,
    overflowed: bool,
}

/// An event is larger than the decoder's limit. The stream cannot be read any further.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("an event is longer than {max_event_bytes} bytes")]
pub struct TooLong {
    /// The limit that was passed.
    pub max_event_bytes: usize,
}

/// What the byte before the next one was.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Position {
    /// The end of a line, or of the event before.
    LineStart,
    /// Part of a line.
    InLine,
    /// A CR; it ended a blank line or another.
    AfterCr { blank: bool },
}

impl Decoder {
    /// A decoder that accepts events of up to `max_event_bytes`, blank line included.
    pub fn new(max_event_bytes: usize) -> Decoder {
        Decoder {
            max_event_bytes,
            begun: BytesMut::new(),
            position: Position::LineStart,
            at_start: true,
            ready: VecDeque::new(),
            overflowed: false,
        }
    }

    /// Takes the next bytes of the stream. Events before one that is too long are still ready.
    pub fn push(&mut self, mut bytes: Bytes) -> Result<(), TooLong> {
        while !self.overflowed {
            let end = self.position.advance(&bytes);
            let length = self.begun.len() + end.unwrap_or(bytes.len());
            if length > self.max_event_bytes {
                self.overflowed = true;
                self.begun.clear();
                break;
            }
            let Some(end) = end else {
                self.begun.extend_from_slice(&bytes);
                return Ok(());
            };
            let raw = self.complete(bytes.split_to(end));
            self.ready.push_back(raw);
        }
        Err(TooLong { max_event_bytes: self.max_event_bytes })
    }

    /// The next complete event.
    #[expect(clippy::should_implement_trait, reason = "more may come after none")]
    pub fn next(&mut self) -> Option<Event> {
        let raw = self.ready.pop_front()?;
        Some(self.event(raw))
    }

    /// At the end of the stream, when [`Decoder::next`] has no more: what came without its blank
    /// line. Clients drop such an event unseen, but it may still tell what was spent.
    pub fn finish(&mut self) -> Option<Event> {
        self.position = Position::LineStart;
        let rest = self.begun.split().freeze();
        (!rest.is_empty()).then(|| self.event(rest))
    }

    /// The event that ends with `tail`: a slice of what was pushed unless it began earlier.
    fn complete(&mut self, tail: Bytes) -> Bytes {
        if self.begun.is_empty() {
            return tail;
        }
        self.begun.extend_from_slice(&tail);
        self.begun.split().freeze()
    }

    fn event(&mut self, raw: Bytes) -> Event {
        let at_start = mem::take(&mut self.at_start);
        let has_mark = at_start && raw.starts_with(b"\xEF\xBB\xBF");
        Event::new(raw, if has_mark { 3 } else { 0 })
    }
}

/// Cuts bytes that hold whole events into these, in order. What comes behind the last blank line is
/// the last of them.
pub fn split(mut events: Bytes) -> impl Iterator<Item = Bytes> {
    std::iter::from_fn(move || {
        let mut position = Position::LineStart;
        let end = position.advance(&events).unwrap_or(events.len());
        (end > 0).then(|| events.split_to(end))
    })
}

impl Position {
    /// Moves over `bytes`, at most to the end of the event, which is returned. Each byte of a
    /// stream is passed once.
    fn advance(&mut self, bytes: &[u8]) -> Option<usize> {
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            if let Position::AfterCr { blank } = *self {
                *self = Position::LineStart;
                at += usize::from(rest.starts_with(b"\n"));
                if blank {
                    return Some(at);
                }
                continue;
            }
            let Some(line) = memchr2(b'\n', b'\r', rest) else {
                *self = Position::InLine;
                return None;
            };
            let blank = line == 0 && *self == Position::LineStart;
            at += line + 1;
            if rest.get(line) == Some(&b'\r') {
                *self = Position::AfterCr { blank };
                continue;
            }
            *self = Position::LineStart;
            if blank {
                return Some(at);
            }
        }
        None
    }
}
