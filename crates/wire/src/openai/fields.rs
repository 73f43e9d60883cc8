//! The members of a chat request that the gateway acts on, and the values it accepts in them.
//!
//! The one pass over the body notes each of them as raw text; afterwards each is judged on its
//! own, so that a refusal can name its field.

use std::ops::Range;

use serde::de::MapAccess;
use serde_json::value::RawValue;

use super::shape::{Content, Shape};
use super::splice::span;
use crate::json::{Reader, skip};
use crate::{Invalid, Usage};

mod stream_options;

pub(super) use self::stream_options::StreamOptions;

/// Longest model name accepted, in bytes.
const MAX_MODEL_BYTES: usize = 256;
/// Most answers a request may ask for.
const MAX_CHOICES: u32 = 128;

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
                self.lookalike = self.lookalike.or_else(|| lookalike(key));
                return skip(object);
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
            None => Ok(()),
        }
    }

    /// The model's name, and where its value stands in `body`.
    pub(super) fn model(&self, body: &[u8]) -> Result<(String, Range<usize>), Invalid> {
        let raw = self.model.ok_or_else(|| Invalid::missing("model"))?;
        match serde_json::from_str::<String>(raw) {
            Ok(name)
                if (1..=MAX_MODEL_BYTES).contains(&name.len())
                    && !name.contains(char::is_control) =>
            {
                Ok((name, span(body, raw)))
            }
            _ => Err(Invalid::value(
                "model",
                "be a string of 1 to 256 bytes without control characters",
            )),
        }
    }

    pub(super) fn stream(&self) -> Result<bool, Invalid> {
        boolean("stream", self.stream)
    }

    pub(super) fn stream_options(&self, body: &[u8]) -> Result<StreamOptions, Invalid> {
        StreamOptions::parse(self.stream_options, body)
    }

    pub(super) fn choices(&self) -> Result<u32, Invalid> {
        match optional(self.n).map(serde_json::from_str) {
            None => Ok(1),
            Some(Ok(n @ 1..=MAX_CHOICES)) => Ok(n),
            Some(_) => Err(Invalid::value("n", "be a whole number from 1 to 128")),
        }
    }

    pub(super) fn max_output_tokens(&self) -> Result<Option<u64>, Invalid> {
        let completion = token_cap("max_completion_tokens", self.max_completion_tokens)?;
        let legacy = token_cap("max_tokens", self.max_tokens)?;
        Ok(completion.max(legacy))
    }

    pub(super) fn shape(&self) -> Result<Shape, Invalid> {
        self.content.shape()
    }

    pub(super) fn has_unbounded_input(&self) -> bool {
        self.content.is_unbounded()
    }
}

/// A cap on generated tokens. Zero is refused: some servers read it as "no cap".
fn token_cap(param: &'static str, raw: Option<&str>) -> Result<Option<u64>, Invalid> {
    match optional(raw).map(serde_json::from_str) {
        None => Ok(None),
        Some(Ok(cap @ 1..=Usage::MAX_TOKENS)) => Ok(Some(cap)),
        Some(_) => Err(Invalid::value(param, "be a whole number from 1 to 2^53")),
    }
}

/// A flag, false when absent or null.
fn boolean(param: &'static str, raw: Option<&str>) -> Result<bool, Invalid> {
    match optional(raw) {
        Some("true") => Ok(true),
        None | Some("false") => Ok(false),
        Some(_) => Err(Invalid::value(param, "be true, false or null")),
    }
}

/// Null is as good as absent.
fn optional(raw: Option<&str>) -> Option<&str> {
    raw.filter(|text| *text != "null")
}

/// The field of ours that `key` would be to a server which ignores case when it reads JSON, as
/// those written in Go do: to them `"Max_Tokens"` overrides `"max_tokens"`. Their folding also
/// takes the long s and the Kelvin sign for ASCII letters.
fn lookalike(key: &str) -> Option<&'static str> {
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
    let folded = |letter: char| match letter {
        'ſ' => 's',
        '\u{212A}' => 'k',
        other => other.to_ascii_lowercase(),
    };
    OURS.into_iter().find(|ours| key.chars().map(folded).eq(ours.chars()))
}
