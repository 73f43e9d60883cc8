//! The members of a messages request that the gateway acts on, and the values it accepts in them.

use std::ops::Range;

use serde::de::MapAccess;
use serde_json::value::RawValue;

use super::content::Content;
use crate::json::Reader;
use crate::vendor::Extras;
use crate::{Invalid, Shape, field};

/// What the pass over the body found; texts are raw JSON values.
#[derive(Default)]
pub(super) struct Fields<'a> {
    model: Option<&'a str>,
    stream: Option<&'a str>,
    max_tokens: Option<&'a str>,
    content: Content,
    lookalike: Option<&'static str>,
    pub(super) extras: Extras,
}

impl<'a> Reader<'a> for Fields<'a> {
    fn member<A: MapAccess<'a>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        let field = match key {
            "model" => &mut self.model,
            "stream" => &mut self.stream,
            "max_tokens" => &mut self.max_tokens,
            _ if self.content.takes(key) => return self.content.member(key, object),
            _ => {
                self.lookalike = self.lookalike.or_else(|| field::lookalike(key, &OURS));
                return self.extras.member(key, object);
            }
        };
        *field = Some(object.next_value::<&RawValue>()?.get());
        Ok(())
    }
}

impl<'a> Fields<'a> {
    /// Refuses a name that some servers would take for one of ours.
    pub(super) fn check_names(&self) -> Result<(), Invalid> {
        match self.lookalike {
            Some(name) => Err(Invalid::value(name, "be written in lower case")),
            None => self.extras.check(),
        }
    }

    /// The model's name, and where its value stands in `body`.
    pub(super) fn model(&self, body: &[u8]) -> Result<(String, Range<usize>), Invalid> {
        field::model(self.model, body)
    }

    pub(super) fn stream(&self) -> Result<bool, Invalid> {
        field::boolean("stream", self.stream)
    }

    pub(super) fn max_output_tokens(&self) -> Result<u64, Invalid> {
        field::token_cap("max_tokens", self.max_tokens)?
            .ok_or_else(|| Invalid::missing("max_tokens"))
    }

    pub(super) fn shape(&self) -> Result<Shape, Invalid> {
        self.content.shape()
    }

    pub(super) fn has_unbounded_input(&self) -> bool {
        self.content.is_unbounded()
    }
}

/// Our fields, which no other name may resemble.
const OURS: [&str; 11] = [
    "model",
    "messages",
    "system",
    "stream",
    "max_tokens",
    "tools",
    "mcp_servers",
    "container",
    "thinking",
    "output_config",
    "output_format",
];
