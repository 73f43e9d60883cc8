//! The members of a chat request that the gateway acts on, and the values it accepts in them.
//!
//! The one pass over the body notes each of them as raw text; afterwards each is judged on its
//! own, so that a refusal can name its field.

use std::ops::Range;

use serde::de::MapAccess;
use serde_json::value::RawValue;

use super::shape::{Content, Shape};
use crate::json::Reader;
use crate::vendor::Extras;
use crate::{Invalid, field};

mod stream_options;

pub(crate) use self::stream_options::StreamOptions;

/// The cap on the output, under each of its names.
#[derive(Debug, Clone, Copy)]
pub(super) struct Caps {
    max_tokens: Option<u64>,
    max_completion_tokens: Option<u64>,
}

impl Caps {
    /// The larger one: servers differ in which they obey.
    pub(super) fn largest(self) -> Option<u64> {
        self.max_tokens.max(self.max_completion_tokens)
    }

    /// What holds at a server that obeys these names.
    pub(super) fn obeyed(self, names: &[&str]) -> Option<u64> {
        let obeyed = |name: &str, cap: Option<u64>| cap.filter(|_| names.contains(&name));
        obeyed("max_tokens", self.max_tokens)
            .max(obeyed("max_completion_tokens", self.max_completion_tokens))
    }
}

/// What the pass over the body found; texts are raw JSON values.
#[derive(Default)]
pub(super) struct Fields<'a> {
    model: Option<&'a str>,
    stream: Option<&'a str>,
    stream_options: Option<&'a str>,
    n: Option<&'a str>,
    max_tokens: Option<&'a str>,
    max_completion_tokens: Option<&'a str>,
    content: Content,
    lookalike: Option<&'static str>,
    pub(super) extras: Extras,
}

impl<'a> Reader<'a> for Fields<'a> {
    fn member<A: MapAccess<'a>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        let field = match key {
            "model" => &mut self.model,
            "stream" => &mut self.stream,
            "stream_options" => &mut self.stream_options,
            "n" => &mut self.n,
            "max_tokens" => &mut self.max_tokens,
            "max_completion_tokens" => &mut self.max_completion_tokens,
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

    pub(super) fn stream_options(&self, body: &[u8]) -> Result<StreamOptions, Invalid> {
        StreamOptions::parse(self.stream_options, body)
    }

    pub(super) fn choices(&self) -> Result<u32, Invalid> {
        field::choices("n", self.n)
    }

    pub(super) fn caps(&self) -> Result<Caps, Invalid> {
        Ok(Caps {
            max_tokens: field::token_cap("max_tokens", self.max_tokens)?,
            max_completion_tokens: field::token_cap(
                "max_completion_tokens",
                self.max_completion_tokens,
            )?,
        })
    }

    pub(super) fn shape(&self) -> Result<Shape, Invalid> {
        self.content.shape()
    }

    pub(super) fn has_unbounded_input(&self) -> bool {
        self.content.is_unbounded()
    }
}

/// Our fields, which no other name may resemble.
const OURS: [&str; 12] = [
    "model",
    "messages",
    "stream",
    "stream_options",
    "n",
    "max_tokens",
    "max_completion_tokens",
    "tools",
    "functions",
    "response_format",
    "audio",
    "web_search_options",
];
