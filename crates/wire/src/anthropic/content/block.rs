//! What a turn says: texts, calls, results, pictures.

use std::mem;

use serde::de::{MapAccess, SeqAccess};

use super::{Content, Text, Type};
use crate::json::{Kind, Reader, Walk, skip};
use crate::openai::{Speaker, Turn};

/// What a turn says: a text, or an array of blocks
pub(super) struct Blocks<'c> {
    content: &'c mut Content,
    pub(super) turn: Turn,
    /// Results of tools among the blocks.
    pub(super) results: u32,
    /// There is something else among them, or a text.
    pub(super) speaks: bool,
    /// Something is neither a text nor a block.
    pub(super) odd: bool,
}

impl<'c> Blocks<'c> {
    pub(super) fn new(content: &'c mut Content, turn: Turn) -> Blocks<'c> {
        Blocks { content, turn, results: 0, speaks: false, odd: false }
    }
}

impl<'de> Reader<'de> for Blocks<'_> {
    fn string(&mut self, text: &str) {
        self.turn.text(text);
        self.speaks = true;
    }

    fn item<A: SeqAccess<'de>>(&mut self, array: &mut A) -> Result<bool, A::Error> {
        let mut block = Block::new(self.content, &mut self.turn);
        let found = array.next_element_seed(Walk(&mut block))?;
        let Block { kind, plain_text, result, .. } = block;
        let Some(found) = found else { return Ok(false) };
        self.odd |= found != Kind::Object;
        match kind {
            BlockKind::ToolResult => {
                self.results = self.results.saturating_add(1);
                self.content.shape.add(&result);
            }
            _ => self.speaks = true,
        }
        if kind == BlockKind::ToolUse {
            self.turn.call_tool();
        }
        if found == Kind::Object {
            self.content.block(kind, plain_text);
        }
        Ok(true)
    }
}

/// One block of content
struct Block<'c> {
    content: &'c mut Content,
    turn: &'c mut Turn,
    kind: BlockKind,
    /// Its `source` is text in the body itself.
    plain_text: bool,
    /// What its own `content` says, which is a turn if this is a tool's result.
    result: Turn,
}

impl<'c> Block<'c> {
    fn new(content: &'c mut Content, turn: &'c mut Turn) -> Block<'c> {
        let result = turn_of(Speaker::Tool);
        Block { content, turn, kind: BlockKind::Other, plain_text: false, result }
    }
}

impl<'de> Reader<'de> for Block<'_> {
    fn member<A: MapAccess<'de>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        match key {
            "type" => {
                let mut read = Text(|name: &str| self.kind = BlockKind::named(name));
                object.next_value_seed(Walk(&mut read))?;
            }
            "text" => {
                let mut read = Text(|text: &str| self.turn.text(text));
                object.next_value_seed(Walk(&mut read))?;
            }
            "source" => {
                let mut read = Type(|name: &str| self.plain_text = name == "text");
                object.next_value_seed(Walk(&mut read))?;
            }
            "content" => {
                let result = mem::take(&mut self.result);
                let mut blocks = Blocks::new(self.content, result);
                object.next_value_seed(Walk(&mut blocks))?;
                self.result = blocks.turn;
            }
            _ => skip(object)?,
        }
        Ok(())
    }
}

/// The kinds of content blocks that we tell apart.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum BlockKind {
    /// Text and thinking.
    Text,
    ToolUse,
    ToolResult,
    Document,
    Image,
    Other,
}

impl BlockKind {
    fn named(name: &str) -> BlockKind {
        match name {
            "text" | "thinking" | "redacted_thinking" => BlockKind::Text,
            "tool_use" => BlockKind::ToolUse,
            "tool_result" => BlockKind::ToolResult,
            "document" => BlockKind::Document,
            "image" => BlockKind::Image,
            _ => BlockKind::Other,
        }
    }
}

/// A turn of this speaker, in which nothing has been said yet.
pub(super) fn turn_of(speaker: Speaker) -> Turn {
    let mut turn = Turn::default();
    turn.speaker = Some(speaker);
    turn
}
