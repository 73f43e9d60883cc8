//! `generationConfig`: what decides about money and shape in it.

use serde::de::{MapAccess, SeqAccess};
use serde_json::value::RawValue;

use super::names::{Names, camel};
use crate::json::{Reader, Text, Walk, is_set, skip};
use crate::{Invalid, Shape, field};

/// Most candidates that a request may ask for.
const MAX_CANDIDATES: u32 = 8;

/// What the pass over the object found; texts are raw JSON values.
pub(super) struct Config<'a> {
    names: Names,
    candidate_count: Option<&'a str>,
    max_output_tokens: Option<&'a str>,
    has_schema: bool,
    speaks: bool,
    reasons: bool,
}

impl Config<'_> {
    /// Refuses an object that could be read in two ways.
    pub(super) fn check_names(&self) -> Result<(), Invalid> {
        self.names.check("generationConfig")
    }

    pub(super) fn choices(&self) -> Result<u32, Invalid> {
        let param = "generationConfig.candidateCount";
        match field::choices(param, self.candidate_count) {
            Ok(count @ 1..=MAX_CANDIDATES) => Ok(count),
            _ => Err(Invalid::value(param, "be a whole number from 1 to 8")),
        }
    }

    pub(super) fn max_output_tokens(&self) -> Result<Option<u64>, Invalid> {
        field::token_cap("generationConfig.maxOutputTokens", self.max_output_tokens)
    }

    /// Adds what this says of the answer.
    pub(super) fn add_to(&self, shape: &mut Shape) {
        shape.json_schema |= self.has_schema;
        shape.audio |= self.speaks;
        shape.reasoning |= self.reasons;
    }
}

impl Default for Config<'_> {
    fn default() -> Self {
        Config {
            names: Names::new(OURS),
            candidate_count: None,
            max_output_tokens: None,
            has_schema: false,
            speaks: false,
            reasons: false,
        }
    }
}

const OURS: &[&str] = &[
    "candidateCount",
    "maxOutputTokens",
    "responseSchema",
    "responseJsonSchema",
    "responseModalities",
    "speechConfig",
    "thinkingConfig",
];

impl<'a> Reader<'a> for Config<'a> {
    fn member<A: MapAccess<'a>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        match self.names.take(key).unwrap_or_default() {
            "candidateCount" => {
                self.candidate_count = Some(object.next_value::<&RawValue>()?.get());
            }
            "maxOutputTokens" => {
                self.max_output_tokens = Some(object.next_value::<&RawValue>()?.get());
            }
            "responseSchema" | "responseJsonSchema" => self.has_schema |= is_set(object)?,
            "speechConfig" => self.speaks |= is_set(object)?,
            "responseModalities" => {
                object.next_value_seed(Walk(&mut Modalities(&mut self.speaks)))?;
            }
            "thinkingConfig" => {
                object.next_value_seed(Walk(&mut Thinking(&mut self.reasons)))?;
            }
            _ => skip(object)?,
        }
        Ok(())
    }
}

/// `responseModalities`: whether speech is among them
struct Modalities<'c>(&'c mut bool);

impl<'de> Reader<'de> for Modalities<'_> {
    fn item<A: SeqAccess<'de>>(&mut self, array: &mut A) -> Result<bool, A::Error> {
        let mut read = Text(|name: &str| *self.0 |= name.eq_ignore_ascii_case("AUDIO"));
        Ok(array.next_element_seed(Walk(&mut read))?.is_some())
    }
}

/// `thinkingConfig`: whether more than a little is wanted
struct Thinking<'c>(&'c mut bool);

impl<'de> Reader<'de> for Thinking<'_> {
    fn member<A: MapAccess<'de>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        match camel(key).as_ref() {
            "thinkingBudget" => {
                let raw = object.next_value::<&RawValue>()?.get();
                // -1 leaves it to the model, as saying nothing does.
                *self.0 |= raw.parse::<i64>().is_ok_and(|tokens| tokens > LITTLE);
            }
            "thinkingLevel" => {
                // Words of tomorrow are taken for more, not for less.
                let mut read = Text(|word: &str| {
                    *self.0 |= !LEVELS.iter().any(|low| word.eq_ignore_ascii_case(low));
                });
                object.next_value_seed(Walk(&mut read))?;
            }
            _ => skip(object)?,
        }
        Ok(())
    }
}

/// The budget of low effort, in tokens.
const LITTLE: i64 = 1024;
/// Levels that are no more than low.
const LEVELS: [&str; 3] = ["THINKING_LEVEL_UNSPECIFIED", "MINIMAL", "LOW"];
