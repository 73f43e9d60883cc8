//! What is to be embedded: contents of parts, each for a model of its own name, and whether their
//! bytes bound the tokens read.

use serde::de::{MapAccess, SeqAccess};
use serde_json::value::RawValue;

use super::content::Content;
use super::names::camel;
use crate::json::{Reader, Walk, skip};

/// The requests of a batch, or the one that stands in it.
#[derive(Default)]
pub(crate) struct Embedded<'a> {
    content: Content,
    /// The models that they name, as raw JSON.
    pub(crate) models: Vec<&'a str>,
}

impl Embedded<'_> {
    /// Whether something other than text is among the contents.
    pub(crate) fn is_unbounded(&self) -> bool {
        self.content.is_unbounded()
    }
}

impl<'a> Reader<'a> for Embedded<'a> {
    fn item<A: SeqAccess<'a>>(&mut self, array: &mut A) -> Result<bool, A::Error> {
        Ok(array.next_element_seed(Walk(self))?.is_some())
    }

    fn member<A: MapAccess<'a>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        match camel(key).as_ref() {
            "model" => self.models.push(object.next_value::<&RawValue>()?.get()),
            name @ ("content" | "contents" | "systemInstruction" | "tools" | "cachedContent") => {
                self.content.member(name, object)?;
            }
            _ => skip(object)?,
        }
        Ok(())
    }
}
