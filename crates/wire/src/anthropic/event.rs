//! One event of a streamed answer, read leniently.
//!
//! Events are named twice, by their SSE field and by `type`; the latter counts here, except that
//! clients raise on an event *named* `error` whatever it holds.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::finish_reason;
use super::message::{Block, Message};
use super::usage::Tally;
use crate::text::Text;
use crate::{Chunk, sse};

/// The members of an event that matter here. Which ones there are depends on its type.
#[derive(Deserialize)]
pub(crate) struct Event<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) message: Option<Message<'a>>,
    #[serde(borrow)]
    pub(crate) content_block: Option<Block<'a>>,
    #[serde(borrow)]
    pub(crate) delta: Option<Delta<'a>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
}

/// What is added to a block, or to the message as a whole.
#[derive(Deserialize)]
pub(crate) struct Delta<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    text: Option<Text<'a>>,
    #[serde(borrow)]
    thinking: Option<Text<'a>>,
    #[serde(borrow)]
    signature: Option<&'a RawValue>,
    #[serde(borrow)]
    partial_json: Option<Text<'a>>,
    #[serde(borrow)]
    stop_reason: Option<Text<'a>>,
    #[serde(borrow)]
    stop_sequence: Option<&'a RawValue>,
}

/// What an event is to the stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum EventType {
    MessageStart,
    BlockStart,
    BlockDelta,
    BlockStop,
    MessageDelta,
    MessageStop,
    Ping,
    Error,
    /// One that we do not know; the API may add some at any time.
    Other,
}

impl<'a> Event<'a> {
    /// Reads the data of an event. None when it is not a JSON object of the known shape.
    pub(crate) fn parse(data: &'a [u8]) -> Option<Event<'a>> {
        serde_json::from_str(str::from_utf8(data).ok()?).ok()
    }

    pub(crate) fn event_type(&self, event: &sse::Event) -> EventType {
        if event.name() == Some("error") {
            return EventType::Error;
        }
        match self.kind.as_ref().map_or("", Text::as_str) {
            "message_start" => EventType::MessageStart,
            "content_block_start" => EventType::BlockStart,
            "content_block_delta" => EventType::BlockDelta,
            "content_block_stop" => EventType::BlockStop,
            "message_delta" => EventType::MessageDelta,
            "message_stop" => EventType::MessageStop,
            "ping" => EventType::Ping,
            "error" => EventType::Error,
            _ => EventType::Other,
        }
    }

    /// The facts of this event; `tally` holds the counts of those before it.
    ///
    /// The counts of `message_start` are kept there and told with those of `message_delta` only: it
    /// has seen one token of the answer, and a stream that breaks behind it would cost next to
    /// nothing.
    pub(crate) fn facts(&self, tally: &mut Tally) -> Chunk {
        let message = self.message.as_ref();
        if let Some(raw) = message.and_then(|message| message.usage) {
            tally.take(raw);
        }
        let stop_reason = self.delta.as_ref().and_then(Delta::stop_reason);
        let finish_reason = stop_reason.and_then(finish_reason);
        Chunk {
            usage: self.usage.and_then(|raw| tally.take(raw)),
            finished: finish_reason.is_some(),
            finish_reasons: finish_reason.into_iter().collect(),
            output_bytes: self.content_block.as_ref().map_or(0, Block::output_bytes)
                + self.delta.as_ref().map_or(0, Delta::output_bytes),
            tool_calls: self.content_block.as_ref().is_some_and(Block::calls_tool),
            model: message.and_then(Message::model),
            id: message.and_then(Message::id),
            service_tier: message.and_then(Message::service_tier),
            ..Chunk::default()
        }
    }
}

impl<'a> Delta<'a> {
    /// What is added; none for what is said of the message as a whole.
    pub(crate) fn kind(&self) -> Option<Cow<'a, str>> {
        self.kind.and_then(Text::of)
    }

    /// What proves the thought so far.
    pub(crate) fn signature(&self) -> Option<Cow<'a, str>> {
        self.signature.and_then(Text::of)
    }

    /// The caller's sequence that ended the answer.
    pub(crate) fn stop_sequence(&self) -> Option<Cow<'a, str>> {
        self.stop_sequence.and_then(Text::of)
    }

    pub(crate) fn text(&self) -> Option<&str> {
        self.text.as_ref().map(Text::as_str)
    }

    pub(crate) fn thinking(&self) -> Option<&str> {
        self.thinking.as_ref().map(Text::as_str)
    }

    /// A piece of the arguments of a call.
    pub(crate) fn partial_json(&self) -> Option<&str> {
        self.partial_json.as_ref().map(Text::as_str)
    }

    pub(crate) fn stop_reason(&self) -> Option<&str> {
        self.stop_reason.as_ref().map(Text::as_str)
    }

    fn output_bytes(&self) -> u64 {
        let pieces = [self.text(), self.thinking(), self.partial_json()];
        pieces.into_iter().flatten().map(|piece| piece.len() as u64).sum()
    }
}
