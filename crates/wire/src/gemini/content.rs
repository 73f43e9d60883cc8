//! Reads a request's [`Shape`] while its body is walked: kinds of parts, tools, and what the texts
//! look like. Nothing of the content is kept.
//!
//! Turns are counted as OpenAI's callers write them, so that the same conversation has the same
//! shape in any dialect: the system instruction is a turn, and each function's response is one.
//! Where Google has an array, one object alone is as good, as its own examples write it.

mod part;
mod tools;

use std::mem;

use serde::de::{MapAccess, SeqAccess};

use self::part::{Parts, Spoken};
use self::tools::Tools;
use super::names::camel;
use crate::json::{Kind, Reader, Text, Walk, is_set, skip};
use crate::openai::Speaker;
use crate::{Invalid, Shape};

/// The members of a request that make up its shape, noted while the body is walked.
#[derive(Default)]
pub(super) struct Content {
    shape: Shape,
    contents: Option<Kind>,
    system: Option<Kind>,
    /// Something among the contents or their parts is not an object.
    odd: bool,
    /// Some input's tokens are not bounded by its bytes.
    unbounded: bool,
}

impl Content {
    /// Reads one member of the request; `name` as Google's reference spells it.
    pub(super) fn member<'de, A: MapAccess<'de>>(
        &mut self,
        name: &str,
        request: &mut A,
    ) -> Result<(), A::Error> {
        match name {
            "contents" | "content" => {
                let mut contents = Contents { content: self, alone: Spoken::default() };
                let kind = request.next_value_seed(Walk(&mut contents))?;
                let alone = mem::take(&mut contents.alone);
                if kind == Kind::Object {
                    alone.end(self);
                }
                self.contents = Some(kind);
            }
            "systemInstruction" => {
                let mut spoken = Spoken::of(Speaker::System);
                let mut one = OneContent { content: self, spoken: &mut spoken };
                let kind = request.next_value_seed(Walk(&mut one))?;
                if kind == Kind::Object {
                    spoken.end(self);
                }
                self.system = Some(kind);
            }
            "tools" => drop(request.next_value_seed(Walk(&mut Tools(self)))?),
            "cachedContent" => self.unbounded |= is_set(request)?,
            _ => skip(request)?,
        }
        Ok(())
    }

    /// The shape, when there is at least one content and all are objects.
    pub(super) fn shape(&self) -> Result<Shape, Invalid> {
        if !matches!(self.system, None | Some(Kind::Null | Kind::Object)) {
            return Err(Invalid::value("systemInstruction", "be an object"));
        }
        let speaks = self.shape.messages > 0 && !self.odd;
        match self.contents {
            None | Some(Kind::Null) => Err(Invalid::missing("contents")),
            Some(Kind::Array | Kind::Object) if speaks => Ok(self.shape),
            Some(_) => Err(Invalid::value("contents", "be one or more objects of parts")),
        }
    }

    pub(super) fn is_unbounded(&self) -> bool {
        self.unbounded
    }

    /// Bytes of text bound their tokens. Those of pictures, sound and files do not, nor of anything
    /// that is only named.
    fn media(&mut self, media_type: &str) {
        if media_type.starts_with("image/") {
            self.shape.images = self.shape.images.saturating_add(1);
        }
        self.shape.audio |= media_type.starts_with("audio/");
        self.unbounded |= !media_type.starts_with("text/");
    }
}

/// `contents`
struct Contents<'c> {
    content: &'c mut Content,
    /// The only one, when it stands there without an array.
    alone: Spoken,
}

impl<'de> Reader<'de> for Contents<'_> {
    fn member<A: MapAccess<'de>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        OneContent { content: self.content, spoken: &mut self.alone }.member(key, object)
    }

    fn item<A: SeqAccess<'de>>(&mut self, array: &mut A) -> Result<bool, A::Error> {
        let mut spoken = Spoken::default();
        let mut one = OneContent { content: self.content, spoken: &mut spoken };
        let kind = array.next_element_seed(Walk(&mut one))?;
        if let Some(kind) = kind {
            self.content.odd |= kind != Kind::Object;
            spoken.end(self.content);
        }
        Ok(kind.is_some())
    }
}

/// One of the contents
struct OneContent<'c> {
    content: &'c mut Content,
    spoken: &'c mut Spoken,
}

impl<'de> Reader<'de> for OneContent<'_> {
    fn member<A: MapAccess<'de>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        match camel(key).as_ref() {
            "role" => {
                let mut read = Text(|role: &str| self.spoken.by(role));
                object.next_value_seed(Walk(&mut read))?;
            }
            "parts" => {
                let mut parts = Parts::new(self.content, self.spoken);
                let kind = object.next_value_seed(Walk(&mut parts))?;
                parts.end(kind);
            }
            _ => skip(object)?,
        }
        Ok(())
    }
}
