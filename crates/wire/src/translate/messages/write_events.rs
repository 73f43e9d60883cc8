//! The events of a stream: blocks that are begun and ended one after the other.

use serde::Serialize;

use super::block::Kind;
use super::write_reply::{End, Message, WrittenUsage};
use crate::sse;

/// An event.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Event<'a> {
    MessageStart { message: Message<'a> },
    ContentBlockStart { index: u32, content_block: Kind<'a> },
    ContentBlockDelta { index: u32, delta: Delta<'a> },
    ContentBlockStop { index: u32 },
    MessageDelta { delta: End<'a>, usage: WrittenUsage },
    MessageStop,
}

/// What is added to a block.
#[derive(Serialize)]
#[serde(tag = "type")]
pub(super) enum Delta<'a> {
    #[serde(rename = "text_delta")]
    Text { text: &'a str },
    #[serde(rename = "thinking_delta")]
    Thinking { thinking: &'a str },
    #[serde(rename = "signature_delta")]
    Signature { signature: &'a str },
    #[serde(rename = "input_json_delta")]
    Input { partial_json: &'a str },
}

/// The blocks of a message: at most one is open, and they are counted from 0.
#[derive(Default)]
pub(super) struct Blocks {
    begun: u32,
    open: Option<Open>,
}

/// The block that is open.
pub(super) enum Open {
    Text,
    Thinking,
    /// A call, and its input so far.
    Call {
        call: u32,
        input: String,
    },
}

impl Event<'_> {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        let name = match self {
            Event::MessageStart { .. } => "message_start",
            Event::ContentBlockStart { .. } => "content_block_start",
            Event::ContentBlockDelta { .. } => "content_block_delta",
            Event::ContentBlockStop { .. } => "content_block_stop",
            Event::MessageDelta { .. } => "message_delta",
            Event::MessageStop => "message_stop",
        };
        // Strings, integers and raw JSON always serialise.
        let json = serde_json::to_vec(self).unwrap_or_default();
        out.extend_from_slice(&sse::named(name, &json));
    }
}

impl Blocks {
    pub(super) fn open(&self) -> Option<&Open> {
        self.open.as_ref()
    }

    pub(super) fn say(&mut self, text: &str, out: &mut Vec<u8>) {
        if !matches!(self.open, Some(Open::Text)) {
            self.begin(Kind::Text { text: "" }, Some(Open::Text), out);
        }
        self.add(Delta::Text { text }, out);
    }

    pub(super) fn think(&mut self, thinking: &str, out: &mut Vec<u8>) {
        self.open_thought(out);
        self.add(Delta::Thinking { thinking }, out);
    }

    /// A signature proves all of its block, so nothing more comes there.
    pub(super) fn sign(&mut self, signature: &str, out: &mut Vec<u8>) {
        self.open_thought(out);
        self.add(Delta::Signature { signature }, out);
        self.end(out);
    }

    pub(super) fn seal(&mut self, data: &str, out: &mut Vec<u8>) {
        self.begin(Kind::RedactedThinking { data }, None, out);
        Event::ContentBlockStop { index: self.index() }.write(out);
    }

    pub(super) fn call(&mut self, call: u32, id: &str, name: &str, out: &mut Vec<u8>) {
        let open = Open::Call { call, input: String::new() };
        self.begin(Kind::ToolUse { id, name, input: None }, Some(open), out);
    }

    /// A piece behind the end of its call is not told: the call's input was whole.
    pub(super) fn call_input(&mut self, of: u32, piece: &str, out: &mut Vec<u8>) {
        match &mut self.open {
            Some(Open::Call { call, input }) if *call == of && !piece.is_empty() => {
                input.push_str(piece);
            }
            _ => return,
        }
        self.add(Delta::Input { partial_json: piece }, out);
    }

    pub(super) fn end(&mut self, out: &mut Vec<u8>) {
        if self.open.take().is_some() {
            Event::ContentBlockStop { index: self.index() }.write(out);
        }
    }

    fn open_thought(&mut self, out: &mut Vec<u8>) {
        if !matches!(self.open, Some(Open::Thinking)) {
            let empty = Kind::Thinking { thinking: "", signature: "" };
            self.begin(empty, Some(Open::Thinking), out);
        }
    }

    fn begin(&mut self, content_block: Kind<'_>, open: Option<Open>, out: &mut Vec<u8>) {
        self.end(out);
        self.begun = self.begun.saturating_add(1);
        self.open = open;
        Event::ContentBlockStart { index: self.index(), content_block }.write(out);
    }

    fn add(&self, delta: Delta<'_>, out: &mut Vec<u8>) {
        Event::ContentBlockDelta { index: self.index(), delta }.write(out);
    }

    /// Of the block begun last.
    fn index(&self) -> u32 {
        self.begun.saturating_sub(1)
    }
}
