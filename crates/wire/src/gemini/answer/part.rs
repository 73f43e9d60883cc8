//! A part of an answer: text, a thought, a call, or something that only Google's callers read.

use std::fmt;

use serde::Deserialize;
use serde::de::{Deserializer, IgnoredAny, MapAccess, Visitor};
use serde_json::value::RawValue;

use crate::text::Text;

/// What the model said in one piece.
#[derive(Default)]
pub(crate) struct Part<'a> {
    pub(crate) text: Option<Text<'a>>,
    /// The text is what it thinks.
    pub(crate) is_thought: bool,
    pub(crate) signature: Option<Text<'a>>,
    pub(crate) call: Option<FunctionCall<'a>>,
    /// It holds media, code that was run, or something new.
    pub(crate) has_more: bool,
    code_bytes: usize,
}

/// A call that the caller is to answer.
#[derive(Deserialize)]
pub(crate) struct FunctionCall<'a> {
    #[serde(borrow)]
    pub(crate) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) name: Text<'a>,
    #[serde(borrow)]
    pub(crate) args: Option<&'a RawValue>,
}

impl Part<'_> {
    /// Bytes of generated text: what is said, thought, given to functions and run.
    pub(super) fn output_bytes(&self) -> u64 {
        let text = self.text.as_ref().map_or(0, |text| text.as_str().len());
        let call = self.call.as_ref().map_or(0, |call| {
            let args = call.args.map(RawValue::get).filter(|args| !matches!(*args, "{}" | "null"));
            let args = args.map_or(0, str::len);
            call.name.as_str().len() + args
        });
        (text + call + self.code_bytes) as u64
    }
}

/// The members of a part.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
enum Member {
    Text,
    Thought,
    ThoughtSignature,
    FunctionCall,
    ExecutableCode,
    CodeExecutionResult,
    /// Beside what is said.
    PartMetadata,
    #[serde(other)]
    Other,
}

impl<'de: 'a, 'a> Deserialize<'de> for Part<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(PartVisitor)
    }
}

struct PartVisitor;

impl<'de> Visitor<'de> for PartVisitor {
    type Value = Part<'de>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("a part")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Part<'de>, A::Error> {
        let mut part = Part::default();
        while let Some(member) = object.next_key::<Member>()? {
            match member {
                Member::Text => part.text = object.next_value()?,
                Member::Thought => {
                    part.is_thought = object.next_value::<Option<bool>>()?.unwrap_or(false);
                }
                Member::ThoughtSignature => part.signature = object.next_value()?,
                Member::FunctionCall => part.call = object.next_value()?,
                Member::ExecutableCode | Member::CodeExecutionResult => {
                    part.code_bytes += object.next_value::<&RawValue>()?.get().len();
                    part.has_more = true;
                }
                Member::PartMetadata => drop(object.next_value::<IgnoredAny>()?),
                Member::Other => {
                    part.has_more |= object.next_value::<Option<IgnoredAny>>()?.is_some()
                }
            }
        }
        Ok(part)
    }
}
