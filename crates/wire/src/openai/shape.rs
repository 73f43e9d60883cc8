//! What a chat request contains, told without its content: kinds of parts, tools, formats.

use serde::de::{MapAccess, SeqAccess};

use crate::Invalid;
use crate::json::{Kind, Reader, Walk, skip};

/// What a request looks like: what a classifier may know before it reads any text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Shape {
    /// Number of messages, at least 1.
    pub messages: u32,
    /// Number of image parts.
    pub images: u32,
    /// Whether a message holds audio, or the answer is to be spoken.
    pub audio: bool,
    /// Whether the model is offered tools (or the older functions).
    pub tools: bool,
    /// Whether the answer must follow a JSON schema.
    pub json_schema: bool,
}

/// The members of a request that make up its shape, noted while the body is walked.
#[derive(Default)]
pub(super) struct Content {
    shape: Shape,
    messages: Option<Kind>,
    /// A message is not an object.
    odd_message: bool,
    /// Some input's tokens are not bounded by its bytes.
    unbounded: bool,
}

impl Content {
    /// Whether [`Content::member`] is to be called for this member of the request.
    pub(super) fn takes(&self, key: &str) -> bool {
        matches!(
            key,
            "messages" | "tools" | "functions" | "response_format" | "audio" | "web_search_options"
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
            "text" | "refusal" => Part::Text,
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
        let kind = array.next_element_seed(Walk(&mut Message(self.0)))?;
        if let Some(kind) = kind {
            self.0.shape.messages = self.0.shape.messages.saturating_add(1);
            self.0.odd_message |= kind != Kind::Object;
        }
        Ok(kind.is_some())
    }
}

/// One of the messages
struct Message<'c>(&'c mut Content);

impl<'de> Reader<'de> for Message<'_> {
    fn member<A: MapAccess<'de>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        match key {
            "content" => {
                let kind = object.next_value_seed(Walk(&mut Parts(self.0)))?;
                self.0.unbounded |= kind == Kind::Object;
            }
            // The id of an answer spoken earlier, which the provider puts in its place.
            "audio" => self.0.unbounded |= is_set(object)?,
            _ => skip(object)?,
        }
        Ok(())
    }
}

/// A message's `content`, when it is an array
struct Parts<'c>(&'c mut Content);

impl<'de> Reader<'de> for Parts<'_> {
    fn item<A: SeqAccess<'de>>(&mut self, array: &mut A) -> Result<bool, A::Error> {
        let mut part = Part::Other;
        let kind =
            array.next_element_seed(Walk(&mut Type(|name: &str| part = Part::named(name))))?;
        match kind {
            Some(Kind::Object) => self.0.part(part),
            Some(_) => self.0.part(Part::Text),
            None => {}
        }
        Ok(kind.is_some())
    }
}

/// `tools`: those that the caller runs are text, those that the provider runs read what they like.
struct Tools<'c>(&'c mut Content);

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

/// Tells the `type` of an object.
struct Type<F>(F);

impl<'de, F: FnMut(&str)> Reader<'de> for Type<F> {
    fn member<A: MapAccess<'de>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        match key {
            "type" => object.next_value_seed(Walk(&mut Text(&mut self.0))).map(drop),
            _ => skip(object),
        }
    }
}

/// Tells a string.
struct Text<F>(F);

impl<F: FnMut(&str)> Reader<'_> for Text<F> {
    fn string(&mut self, text: &str) {
        (self.0)(text);
    }
}

/// Walks a member and says whether it is more than null.
fn is_set<'de, A: MapAccess<'de>>(object: &mut A) -> Result<bool, A::Error> {
    Ok(object.next_value_seed(Walk(&mut crate::json::Skip))? != Kind::Null)
}
