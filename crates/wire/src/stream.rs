//! A provider's event stream, read event by event: what the caller gets, and what the gateway must
//! know.
//!
//! In one dialect the caller gets the provider's bytes as they came; between dialects each event is
//! told anew. What the end of the stream looks like is kept apart ([`StreamReader::end_mark`]),
//! because it is sent only once the outcome is durable.

mod anthropic;
mod between;
mod openai;

use bytes::Bytes;
use serde::de::IgnoredAny;

use self::anthropic::AnthropicStream;
use self::between::Between;
use self::openai::OpenAiStream;
use crate::gemini::GenerateStream;
use crate::json::Bounds;
use crate::openai::ResponsesStream;
use crate::{Api, Call, Chunk, ErrorParts, sse};

/// A provider's stream, read event by event.
pub struct StreamReader {
    listener: Box<dyn Listen>,
    api: Api,
    bounds: Bounds,
}

/// One event of a provider, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// What the caller gets for it, maybe nothing.
    pub bytes: Bytes,
    /// What it tells of the answer; none when it is not part of one.
    pub facts: Option<Chunk>,
    /// What it is to the stream.
    pub meaning: Meaning,
}

/// What an event is to a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Meaning {
    /// Comments, pings, bookkeeping.
    Aside,
    /// Part of the answer: from here on no other provider may be tried.
    Content,
    /// The provider's end mark; the caller's is [`StreamReader::end_mark`].
    End,
    /// The provider's own error event, its last word.
    Error,
    /// Not an event of this dialect: its data is not JSON. The caller gets nothing of it.
    Garbage,
}

/// Reads the events of one provider for one caller.
pub(crate) trait Listen: Send {
    /// The next event.
    fn read(&mut self, event: &sse::Event) -> Piece;

    /// Whether all that was asked for has been said.
    fn is_finished(&self) -> bool;

    /// What is still to be said before the end mark, when the provider has ended.
    fn finish(&mut self) -> Bytes {
        Bytes::new()
    }

    /// The caller's end mark.
    fn end_mark(&self) -> Bytes;
}

impl StreamReader {
    /// A reader of what a provider asked for `provider` answers to `call`. `created_unix_seconds`
    /// is the time told to OpenAI's callers when the provider tells none.
    pub fn new(call: &Call, provider: Api, created_unix_seconds: u64) -> StreamReader {
        let listener: Box<dyn Listen> = match (call, provider) {
            (call, provider) if call.api() == provider => native(call),
            _ => match Between::new(call, provider, created_unix_seconds) {
                Some(between) => Box::new(between),
                None => Box::new(Unspoken),
            },
        };
        StreamReader { listener, api: call.api(), bounds: call.gist().bounds }
    }

    /// Reads the next event. One with more structure than a request may have is garbage.
    pub fn read(&mut self, event: &sse::Event) -> Piece {
        match self.bounds.check(&event.raw) {
            Ok(()) => self.listener.read(event),
            Err(_) => Piece::garbage(),
        }
    }

    /// Whether every choice asked for has ended, so that an end without an end mark is still one.
    pub fn is_finished(&self) -> bool {
        self.listener.is_finished()
    }

    /// What the caller has still to hear when the provider's stream ends without an end mark.
    pub fn finish(&mut self) -> Bytes {
        self.listener.finish()
    }

    /// The caller's end mark: `data: [DONE]`, the provider's own last event as it came, or nothing.
    pub fn end_mark(&self) -> Bytes {
        self.listener.end_mark()
    }

    /// The event that tells the caller that its stream broke.
    pub fn error_event(&self, error: ErrorParts<'_>) -> Bytes {
        self.api.error_event(error)
    }
}

/// The reader of what a provider answers in its caller's dialect.
fn native(call: &Call) -> Box<dyn Listen> {
    match call {
        Call::Chat(chat) => Box::new(OpenAiStream::new(chat.wants_usage(), call.choices())),
        Call::Plain(plain) => Box::new(OpenAiStream::new(plain.wants_usage(), call.choices())),
        Call::Messages(_) => Box::new(AnthropicStream::default()),
        Call::Responses(_) => Box::new(ResponsesStream::default()),
        Call::Generate(_) => Box::new(GenerateStream::new(call.choices())),
    }
}

/// [`Call::fits`] refuses such a provider, so nothing of it is an answer.
struct Unspoken;

impl Listen for Unspoken {
    fn read(&mut self, _event: &sse::Event) -> Piece {
        Piece::garbage()
    }

    fn is_finished(&self) -> bool {
        false
    }

    fn end_mark(&self) -> Bytes {
        Bytes::new()
    }
}

impl Piece {
    /// Something beside the answer, passed on as `bytes`.
    pub(crate) fn aside(bytes: Bytes) -> Piece {
        Piece { bytes, facts: None, meaning: Meaning::Aside }
    }

    /// The end mark, which is passed on later.
    pub(crate) fn end() -> Piece {
        Piece { bytes: Bytes::new(), facts: None, meaning: Meaning::End }
    }

    pub(crate) fn garbage() -> Piece {
        Piece { bytes: Bytes::new(), facts: None, meaning: Meaning::Garbage }
    }

    /// An event whose `data` could not be read as one of its dialect. What is named an error is
    /// one to clients, whatever it holds.
    pub(crate) fn unread(event: &sse::Event, data: &[u8]) -> Piece {
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
}

/// What data is that could not be read as an event of its dialect.
pub(crate) enum Unread {
    /// Nothing at all.
    Blank,
    /// JSON that means nothing to us and maybe something to the caller.
    Json,
    /// A proxy's error page, half an event, or the end of another dialect.
    Garbage,
}

impl Unread {
    pub(crate) fn of(data: &[u8]) -> Unread {
        if data.trim_ascii().is_empty() {
            Unread::Blank
        } else if serde_json::from_slice::<IgnoredAny>(data).is_ok() {
            Unread::Json
        } else {
            Unread::Garbage
        }
    }
}
