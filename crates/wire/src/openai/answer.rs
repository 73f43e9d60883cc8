//! What completions and chunks have in common, read leniently.
//!
//! An answer is relayed whatever it looks like. So only what is needed is read, and an odd `id`,
//! `model` or `usage` costs just that one fact.

use std::borrow::Cow;
use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::{FinishReason, usage};
use crate::{Usage, text};

/// The members of an answer that matter here.
#[derive(Deserialize)]
pub(super) struct Answer<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    model: Option<&'a RawValue>,
    #[serde(borrow)]
    object: Option<&'a RawValue>,
    #[serde(borrow)]
    service_tier: Option<&'a RawValue>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    choices: Option<Vec<Choice<'a>>>,
}

impl<'a> Answer<'a> {
    /// Reads a JSON object. None when it is not one, or has nothing that an answer has.
    pub(super) fn parse(json: &'a [u8]) -> Option<Answer<'a>> {
        let answer: Answer = serde_json::from_str(str::from_utf8(json).ok()?).ok()?;
        let is_answer = answer.choices.is_some() || answer.usage.is_some() || answer.is_error();
        is_answer.then_some(answer)
    }

    pub(super) fn id(&self) -> Option<String> {
        text::name(self.id)
    }

    pub(super) fn model(&self) -> Option<String> {
        text::name(self.model)
    }

    pub(super) fn service_tier(&self) -> Option<String> {
        text::name(self.service_tier)
    }

    pub(super) fn usage(&self) -> Option<Usage> {
        usage::parse(self.usage?.get())
    }

    /// Whether there is a usage object at all, believable or not.
    pub(super) fn has_usage(&self) -> bool {
        self.usage.is_some_and(|raw| raw.get().starts_with('{'))
    }

    /// Whether this tells of an error: as clients see it, an `error` that is more than empty.
    pub(super) fn is_error(&self) -> bool {
        let empty = |raw: &RawValue| matches!(raw.get(), "null" | "false" | "\"\"" | "{}");
        self.error.is_some_and(|raw| !empty(raw))
            || self.object.is_some_and(|raw| raw.get() == "\"error\"")
    }

    pub(super) fn choices(&self) -> &[Choice<'a>] {
        self.choices.as_deref().unwrap_or_default()
    }

    /// Bytes of what older completions say.
    pub(super) fn plain_text_bytes(&self) -> u64 {
        self.choices().iter().map(|choice| choice.text.0).sum()
    }

    pub(super) fn finish_reasons(&self) -> Vec<FinishReason> {
        let names = self.choices().iter().filter_map(|choice| choice.finish_reason.as_deref());
        names.filter_map(FinishReason::named).collect()
    }
}

/// One of the answers asked for by `n`; `message` in a completion, `delta` in a chunk.
#[derive(Deserialize)]
pub(super) struct Choice<'a> {
    #[serde(borrow)]
    finish_reason: Option<Cow<'a, str>>,
    pub(super) message: Option<Message>,
    /// What an older completion says.
    #[serde(default)]
    pub(super) text: TextBytes,
    pub(super) delta: Option<Message>,
}

/// What the model wrote, as numbers of bytes.
#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
pub(super) struct Message {
    content: TextBytes,
    refusal: TextBytes,
    reasoning: TextBytes,
    reasoning_content: TextBytes,
    tool_calls: TextBytes,
    function_call: TextBytes,
    audio: Option<Audio>,
}

#[derive(Deserialize)]
#[serde(default)]
#[derive(Default)]
struct Audio {
    transcript: TextBytes,
}

impl Message {
    /// Bytes of generated text: content, refusal, reasoning, tool calls, the words of speech.
    pub(super) fn text_bytes(&self) -> u64 {
        let spoken = self.audio.as_ref().map_or(0, |audio| audio.transcript.0);
        // Two names for one thing: servers that send both send the same text twice.
        let reasoning = self.reasoning.0.max(self.reasoning_content.0);
        self.content.0
            + self.refusal.0
            + reasoning
            + self.tool_calls.0
            + self.function_call.0
            + spoken
    }

    /// Whether a tool is named or given arguments here.
    pub(super) fn calls_tool(&self) -> bool {
        self.tool_calls.0 + self.function_call.0 > 0
    }
}

/// The bytes of all strings in a value, except those that only label it. A plain string is counted
/// without a copy.
#[derive(Default)]
pub(super) struct TextBytes(pub(super) u64);

impl<'de> Deserialize<'de> for TextBytes {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TextBytesVisitor).map(TextBytes)
    }
}

struct TextBytesVisitor;

impl<'de> Visitor<'de> for TextBytesVisitor {
    type Value = u64;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("any json value")
    }

    fn visit_unit<E>(self) -> Result<u64, E> {
        Ok(0)
    }

    fn visit_bool<E>(self, _: bool) -> Result<u64, E> {
        Ok(0)
    }

    fn visit_u64<E>(self, _: u64) -> Result<u64, E> {
        Ok(0)
    }

    fn visit_i64<E>(self, _: i64) -> Result<u64, E> {
        Ok(0)
    }

    fn visit_f64<E>(self, _: f64) -> Result<u64, E> {
        Ok(0)
    }

    fn visit_str<E>(self, text: &str) -> Result<u64, E> {
        Ok(text.len() as u64)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut array: A) -> Result<u64, A::Error> {
        let mut bytes = 0;
        while let Some(TextBytes(more)) = array.next_element()? {
            bytes += more;
        }
        Ok(bytes)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<u64, A::Error> {
        let mut bytes = 0;
        while let Some(key) = object.next_key::<Cow<str>>()? {
            match key.as_ref() {
                "id" | "type" => drop(object.next_value::<IgnoredAny>()?),
                _ => bytes += object.next_value::<TextBytes>()?.0,
            }
        }
        Ok(bytes)
    }
}
