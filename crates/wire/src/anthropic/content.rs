//! Reads a messages request's [`Shape`] while its body is walked: kinds of blocks, tools, formats,
//! and what the texts look like. Nothing of the content is kept.
//!
//! Turns are counted as OpenAI's callers write them, so that the same conversation has the same
//! shape in either dialect: the system prompt is a turn, and each result of a tool is one.

mod block;

use std::mem;

use serde::de::{MapAccess, SeqAccess};

use self::block::{BlockKind, Blocks, turn_of};
use crate::json::{Kind, Reader, Text, Type, Walk, is_set, skip};
use crate::openai::{Speaker, Turn};
use crate::{Invalid, Shape};

/// The members of a request that make up its shape, noted while the body is walked.
#[derive(Default)]
pub(super) struct Content {
    shape: Shape,
    messages: Option<Kind>,
    has_message: bool,
    system: Option<Kind>,
    /// A message, or a block of the system prompt, is not an object.
    odd_message: bool,
    odd_system: bool,
    /// Some input's tokens are not bounded by its bytes.
    unbounded: bool,
}

impl Content {
    /// Whether [`Content::member`] is to be called for this member of the request.
    pub(super) fn takes(&self, key: &str) -> bool {
        matches!(
            key,
            "messages"
                | "system"
                | "tools"
                | "mcp_servers"
                | "container"
                | "thinking"
                | "output_config"
                | "output_format"
        )
    }

    /// Reads one member of the request.
    pub(super) fn member<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        request: &mut A,
    ) -> Result<(), A::Error> {
        match key {
            "messages" => self.messages = Some(request.next_value_seed(Walk(&mut Messages(self)))?),
            "system" => self.system(request)?,
            "tools" => drop(request.next_value_seed(Walk(&mut Tools(self)))?),
            "mcp_servers" | "container" => self.unbounded |= is_set(request)?,
            "thinking" => {
                let reasoning = &mut self.shape.reasoning;
                let mut read = Type(|name: &str| *reasoning |= name == "enabled");
                request.next_value_seed(Walk(&mut read))?;
            }
            // The older name of `output_config.format`.
            "output_format" => self.shape.json_schema |= is_set(request)?,
            _ => drop(request.next_value_seed(Walk(&mut OutputConfig(self)))?),
        }
        Ok(())
    }

    fn system<'de, A: MapAccess<'de>>(&mut self, request: &mut A) -> Result<(), A::Error> {
        let mut blocks = Blocks::new(self, turn_of(Speaker::System));
        let kind = request.next_value_seed(Walk(&mut blocks))?;
        let Blocks { turn, speaks, odd, .. } = blocks;
        if speaks {
            self.shape.add(&turn);
        }
        self.odd_system = odd;
        self.system = Some(kind);
        Ok(())
    }

    /// The shape, when there is at least one message and all are objects.
    pub(super) fn shape(&self) -> Result<Shape, Invalid> {
        let system_is_read = match self.system {
            None | Some(Kind::Null | Kind::String) => true,
            Some(Kind::Array) => !self.odd_system,
            Some(_) => false,
        };
        if !system_is_read {
            return Err(Invalid::value("system", "be a string or an array of objects"));
        }
        match self.messages {
            None => Err(Invalid::missing("messages")),
            Some(Kind::Array) if self.has_message && !self.odd_message => Ok(self.shape),
            Some(_) => Err(Invalid::value("messages", "be an array of one or more objects")),
        }
    }

    pub(super) fn is_unbounded(&self) -> bool {
        self.unbounded
    }

    /// Bytes of text bound their tokens, and so do those of tool calls and of thinking handed back.
    /// Those of pictures and documents do not, nor of anything that is only named; what we do not
    /// know is taken for such.
    fn block(&mut self, kind: BlockKind, plain_text: bool) {
        match kind {
            BlockKind::Text | BlockKind::ToolUse | BlockKind::ToolResult => {}
            BlockKind::Document => self.unbounded |= !plain_text,
            BlockKind::Image => {
                self.shape.images = self.shape.images.saturating_add(1);
                self.unbounded = true;
            }
            BlockKind::Other => self.unbounded = true,
        }
    }
}

/// `messages`
struct Messages<'c>(&'c mut Content);

impl<'de> Reader<'de> for Messages<'_> {
    fn item<A: SeqAccess<'de>>(&mut self, array: &mut A) -> Result<bool, A::Error> {
        let mut message = Message { content: self.0, turn: Turn::default(), is_results: false };
        let kind = array.next_element_seed(Walk(&mut message))?;
        let Message { turn, is_results, .. } = message;
        if let Some(kind) = kind {
            self.0.has_message = true;
            self.0.odd_message |= kind != Kind::Object;
            if !is_results {
                self.0.shape.add(&turn);
            }
        }
        Ok(kind.is_some())
    }
}

/// One of the messages
struct Message<'c> {
    content: &'c mut Content,
    turn: Turn,
    /// It holds results of tools, which are turns of their own, and nothing else.
    is_results: bool,
}

impl<'de> Reader<'de> for Message<'_> {
    fn member<A: MapAccess<'de>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        match key {
            "role" => {
                let mut read = Text(|role: &str| self.turn.speaker = Some(speaker(role)));
                object.next_value_seed(Walk(&mut read))?;
            }
            "content" => {
                let turn = mem::take(&mut self.turn);
                let mut blocks = Blocks::new(self.content, turn);
                let kind = object.next_value_seed(Walk(&mut blocks))?;
                self.is_results = blocks.results > 0 && !blocks.speaks;
                self.turn = blocks.turn;
                self.content.unbounded |= kind == Kind::Object;
            }
            _ => skip(object)?,
        }
        Ok(())
    }
}

fn speaker(role: &str) -> Speaker {
    match role {
        "system" => Speaker::System,
        "assistant" => Speaker::Assistant,
        _ => Speaker::User,
    }
}

/// `tools`: those without a type, or `custom`, are text that the caller wrote. All others the
/// provider runs or describes to the model by itself.
struct Tools<'c>(&'c mut Content);

impl<'de> Reader<'de> for Tools<'_> {
    fn item<A: SeqAccess<'de>>(&mut self, array: &mut A) -> Result<bool, A::Error> {
        let mut theirs = false;
        let mut read = Type(|name: &str| theirs = name != "custom");
        let kind = array.next_element_seed(Walk(&mut read))?;
        if kind.is_some() {
            self.0.shape.tools = true;
            self.0.unbounded |= theirs;
        }
        Ok(kind.is_some())
    }
}

/// `output_config`
struct OutputConfig<'c>(&'c mut Content);

impl<'de> Reader<'de> for OutputConfig<'_> {
    fn member<A: MapAccess<'de>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        match key {
            "format" => self.0.shape.json_schema |= is_set(object)?,
            "effort" => {
                // Words of tomorrow are taken for more, not for less.
                let mut read = Text(|word: &str| self.0.shape.reasoning |= word != "low");
                object.next_value_seed(Walk(&mut read))?;
            }
            _ => skip(object)?,
        }
        Ok(())
    }
}
