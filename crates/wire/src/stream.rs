//! A provider's event stream, read event by event: what the caller gets, and what the gateway must
//! know.
//!
//! In one dialect the caller gets the provider's bytes as they came; between dialects each event is
//! told anew. What the end of the stream looks like is kept apart ([`StreamReader::end_mark`]),
//! because it is sent only once the outcome is durable.

mod anthropic;
mod openai;

use bytes::Bytes;
use serde::de::IgnoredAny;

use self::anthropic::AnthropicStream;
use self::openai::OpenAiStream;
use crate::translate::ChatStream;
use crate::{Call, Chunk, Dialect, sse};

/// A provider's stream, read event by event.
pub struct StreamReader {
    way: Way,
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

/// From which dialect to which.
enum Way {
    OpenAi(OpenAiStream),
    Anthropic(AnthropicStream),
    AnthropicToOpenAi(Box<ChatStream>),
    /// [`Call::fits`] refuses such a provider, so nothing of it is an answer.
    Unread,
}

impl StreamReader {
    /// A reader of what a provider of this dialect answers to `call`. `created_unix_seconds` is the
    /// time told to OpenAI's callers when the provider tells none.
    pub fn new(call: &Call, provider: Dialect, created_unix_seconds: u64) -> StreamReader {
        let way = match (call, provider) {
            (Call::Chat(chat), Dialect::OpenAi) => Way::OpenAi(OpenAiStream::new(chat)),
            (Call::Messages(_), Dialect::Anthropic) => Way::Anthropic(AnthropicStream::default()),
            (Call::Chat(chat), Dialect::Anthropic) => {
                Way::AnthropicToOpenAi(Box::new(ChatStream::new(chat, created_unix_seconds)))
            }
            (Call::Messages(_), Dialect::OpenAi) => Way::Unread,
        };
        StreamReader { way }
    }

    /// Reads the next event.
    pub fn read(&mut self, event: &sse::Event) -> Piece {
        match &mut self.way {
            Way::OpenAi(stream) => stream.read(event),
            Way::Anthropic(stream) => stream.read(event),
            Way::AnthropicToOpenAi(stream) => stream.read(event),
            Way::Unread => Piece::garbage(),
        }
    }

    /// Whether every choice asked for has ended, so that an end without an end mark is still one.
    pub fn is_finished(&self) -> bool {
        match &self.way {
            Way::OpenAi(stream) => stream.is_finished(),
            Way::Anthropic(stream) => stream.is_finished(),
            Way::AnthropicToOpenAi(stream) => stream.is_finished(),
            Way::Unread => false,
        }
    }

    /// The caller's end mark: `data: [DONE]`, or the provider's own `message_stop` as it came.
    pub fn end_mark(&self) -> Bytes {
        match &self.way {
            Way::Anthropic(stream) => stream.end_mark(),
            Way::OpenAi(_) | Way::AnthropicToOpenAi(_) | Way::Unread => {
                Bytes::from_static(b"data: [DONE]\n\n")
            }
        }
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
