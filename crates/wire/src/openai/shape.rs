//! Reads a chat request's [`Shape`] while its body is walked: kinds of parts, tools, formats, and
//! what the texts look like. Nothing of the content is kept.

mod marks;
mod turn;

use serde::de::{MapAccess, SeqAccess};

use crate::Invalid;
use crate::json::{Kind, Reader, Text, Type, Walk, is_set, skip};

pub use self::turn::Shape;
pub(crate) use self::turn::{Speaker, Turn};

/// The members of a request that make up its shape, noted while the body is walked.
#[derive(Default)]
pub(super) struct Content {
    pub(super) shape: Shape,
    messages: Option<Kind>,
    /// A message is not an object.
    odd_message: bool,
    /// Some input's tokens are not bounded by its bytes.
    pub(super) unbounded: bool,
}

impl Content {
    /// Whether [`Content::member`] is to be called for this member of the request.
    pub(super) fn takes(&self, key: &str) -> bool {
        matches!(
            key,
            "messages"
                | "tools"
                | "functions"
                | "response_format"
                | "audio"
                | "web_search_options"
                | "reasoning_effort"
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
            "tools" => drop(request.next_value_seed(Walk(&mut Tools(self)))?),
            "functions" => self.shape.tools |= is_set(request)?,
            "audio" => self.shape.audio |= is_set(request)?,
            "web_search_options" => self.unbounded |= is_set(request)?,
            "response_format" => {
                let format = &mut self.shape.json_schema;
                let mut read = Type(|name: &str| *format = name == "json_schema");
                request.next_value_seed(Walk(&mut read))?;
            }
            "reasoning_effort" => {
                let mut read = Text(|word: &str| self.shape.reasoning = is_more_than_low(word));
                request.next_value_seed(Walk(&mut read))?;
            }
            _ => skip(request)?,
        }
        Ok(())
    }

    /// The shape, when there is at least one message and all are objects.
    pub(super) fn shape(&self) -> Result<Shape, Invalid> {
        match self.messages {
            None => Err(Invalid::missing("messages")),
            Some(Kind::Array) if self.shape.messages > 0 && !self.odd_message => Ok(self.shape),
            Some(_) => Err(Invalid::value("messages", "be an array of one or more objects")),
        }
    }

    pub(super) fn is_unbounded(&self) -> bool {
        self.unbounded
    }

    /// Bytes of text and of audio bound their tokens. Those of pictures and files do not, nor of
    /// anything that is only named; what we do not know is taken for such.
    fn part(&mut self, part: Part) {
        match part {
            Part::Text => {}
            Part::Audio => self.shape.audio = true,
            Part::Image => {
                self.shape.images = self.shape.images.saturating_add(1);
                self.unbounded = true;
            }
            Part::Other => self.unbounded = true,
        }
    }
}

/// Words of tomorrow are taken for more, not for less.
pub(super) fn is_more_than_low(effort: &str) -> bool {
    !matches!(effort, "none" | "minimal" | "low")
}

/// The kinds of content parts that we tell apart.
enum Part {
    Text,
    Audio,
    Image,
    Other,
}

impl Part {
    fn named(name: &str) -> Part {
        match name {
            "text" | "refusal" | "input_text" | "output_text" | "reasoning_text" => Part::Text,
            "input_audio" => Part::Audio,
            "image_url" | "input_image" | "image" => Part::Image,
            _ => Part::Other,
        }
    }
}

/// `messages`
struct Messages<'c>(&'c mut Content);

impl<'de> Reader<'de> for Messages<'_> {
    fn item<A: SeqAccess<'de>>(&mut self, array: &mut A) -> Result<bool, A::Error> {
        let mut message = Message { content: self.0, turn: Turn::default() };
        let kind = array.next_element_seed(Walk(&mut message))?;
        if let Some(kind) = kind {
            let turn = message.turn;
            self.0.shape.add(&turn);
            self.0.odd_message |= kind != Kind::Object;
        }
        Ok(kind.is_some())
    }
}

/// One of the messages
struct Message<'c> {
    content: &'c mut Content,
    turn: Turn,
}

impl<'de> Reader<'de> for Message<'_> {
    fn member<A: MapAccess<'de>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        match key {
            "role" => {
                let mut read = Text(|role: &str| self.turn.speaker = Some(speaker(role)));
                object.next_value_seed(Walk(&mut read))?;
            }
            "content" => {
                let mut parts = Parts { content: self.content, turn: &mut self.turn };
                let kind = object.next_value_seed(Walk(&mut parts))?;
                self.content.unbounded |= kind == Kind::Object;
            }
            "tool_calls" => drop(object.next_value_seed(Walk(&mut ToolCalls(&mut self.turn)))?),
            "function_call" => {
                if is_set(object)? {
                    self.turn.call_tool();
                }
            }
            // The id of an answer spoken earlier, which the provider puts in its place.
            "audio" => self.content.unbounded |= is_set(object)?,
            _ => skip(object)?,
        }
        Ok(())
    }
}

/// A message's `content`: a text, or an array of parts
pub(super) struct Parts<'c> {
    pub(super) content: &'c mut Content,
    pub(super) turn: &'c mut Turn,
}

impl<'de> Reader<'de> for Parts<'_> {
    fn string(&mut self, text: &str) {
        self.turn.text(text);
    }

    fn item<A: SeqAccess<'de>>(&mut self, array: &mut A) -> Result<bool, A::Error> {
        let mut reader = PartReader { part: Part::Other, turn: self.turn };
        let kind = array.next_element_seed(Walk(&mut reader))?;
        match kind {
            Some(Kind::Object) => self.content.part(reader.part),
            Some(_) => self.content.part(Part::Text),
            None => {}
        }
        Ok(kind.is_some())
    }
}

/// One of the parts
struct PartReader<'c> {
    part: Part,
    turn: &'c mut Turn,
}

impl<'de> Reader<'de> for PartReader<'_> {
    fn member<A: MapAccess<'de>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        match key {
            "type" => {
                let mut read = Text(|name: &str| self.part = Part::named(name));
                object.next_value_seed(Walk(&mut read)).map(drop)
            }
            "text" | "refusal" => {
                let mut read = Text(|text: &str| self.turn.text(text));
                object.next_value_seed(Walk(&mut read)).map(drop)
            }
            _ => skip(object),
        }
    }

    fn string(&mut self, text: &str) {
        self.turn.text(text);
    }
}

/// A message's `tool_calls`
struct ToolCalls<'t>(&'t mut Turn);

impl<'de> Reader<'de> for ToolCalls<'_> {
    fn item<A: SeqAccess<'de>>(&mut self, array: &mut A) -> Result<bool, A::Error> {
        let kind = array.next_element_seed(Walk(&mut crate::json::Skip))?;
        if kind.is_some() {
            self.0.call_tool();
        }
        Ok(kind.is_some())
    }
}

/// Who writes messages of this role.
pub(super) fn speaker(role: &str) -> Speaker {
    match role {
        "system" | "developer" => Speaker::System,
        "assistant" => Speaker::Assistant,
        "tool" | "function" => Speaker::Tool,
        _ => Speaker::User,
    }
}

/// `tools`: those that the caller runs are text, those that the provider runs read what they like.
pub(super) struct Tools<'c>(pub(super) &'c mut Content);

impl<'de> Reader<'de> for Tools<'_> {
    fn item<A: SeqAccess<'de>>(&mut self, array: &mut A) -> Result<bool, A::Error> {
        let mut ours = false;
        let mut read = Type(|name: &str| ours = matches!(name, "function" | "custom"));
        let kind = array.next_element_seed(Walk(&mut read))?;
        if kind.is_some() {
            self.0.shape.tools = true;
            self.0.unbounded |= !ours;
        }
        Ok(kind.is_some())
    }
}
