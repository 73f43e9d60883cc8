//! The members of a responses request that the gateway acts on, and the values it accepts in them.

use std::ops::Range;

use serde::de::MapAccess;
use serde_json::value::RawValue;

use super::input::Input;
use crate::json::Reader;
use crate::vendor::Extras;
use crate::{Invalid, Shape, field};

/// What the pass over the body found; texts are raw JSON values.
#[derive(Default)]
pub(super) struct Fields<'a> {
    model: Option<&'a str>,
    stream: Option<&'a str>,
    background: Option<&'a str>,
    max_output_tokens: Option<&'a str>,
    input: Input,
    lookalike: Option<&'static str>,
    pub(super) extras: Extras,
}

impl<'a> Reader<'a> for Fields<'a> {
    fn member<A: MapAccess<'a>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        let field = match key {
            "model" => &mut self.model,
            "stream" => &mut self.stream,
            "background" => &mut self.background,
            "max_output_tokens" => &mut self.max_output_tokens,
            _ if self.input.takes(key) => return self.input.member(key, object),
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

    /// Refuses what would be answered behind the gateway's back.
    pub(super) fn check_foreground(&self) -> Result<(), Invalid> {
        match field::boolean("background", self.background)? {
            true => Err(Invalid::value("background", "be false")),
            false => Ok(()),
        }
    }

    /// The model's name, and where its value stands in `body`.
    pub(super) fn model(&self, body: &[u8]) -> Result<(String, Range<usize>), Invalid> {
        field::model(self.model, body)
    }

    pub(super) fn stream(&self) -> Result<bool, Invalid> {
        field::boolean("stream", self.stream)
    }

    pub(super) fn max_output_tokens(&self) -> Result<Option<u64>, Invalid> {
        field::token_cap("max_output_tokens", self.max_output_tokens)
    }

    pub(super) fn shape(&mut self) -> Result<Shape, Invalid> {
        self.input.shape()
    }

    pub(super) fn has_unbounded_input(&self) -> bool {
        self.input.is_unbounded()
    }
}

/// Our fields, which no other name may resemble.
const OURS: [&str; 12] = [
    "model",
    "input",
    "instructions",
    "stream",
    "background",
    "max_output_tokens",
    "tools",
    "text",
    "reasoning",
    "previous_response_id",
    "conversation",
    "prompt",
];
