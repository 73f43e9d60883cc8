//! A provider's whole answer, read leniently: an odd `id`, `model` or `usage` costs just that fact.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::super::{Completion, FinishReason, NotCompletion};
use crate::text;
use crate::text::Text;

/// The facts of a whole answer.
pub(crate) fn facts(body: &[u8]) -> Result<Completion, NotCompletion> {
    let text = str::from_utf8(body).map_err(|_| NotCompletion)?;
    let response: Response = serde_json::from_str(text).map_err(|_| NotCompletion)?;
    let is_answer = response.output.is_some() || response.is_error();
    is_answer.then(|| response.facts()).ok_or(NotCompletion)
}

/// The members of a response that matter here; also the one inside of events.
#[derive(Deserialize)]
pub(super) struct Response<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    model: Option<&'a RawValue>,
    #[serde(borrow)]
    service_tier: Option<&'a RawValue>,
    #[serde(borrow)]
    status: Option<&'a RawValue>,
    #[serde(borrow)]
    incomplete_details: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
    #[serde(borrow)]
    output: Option<Vec<Item<'a>>>,
}

impl Response<'_> {
    pub(super) fn facts(&self) -> Completion {
        Completion {
            usage: self.usage.and_then(super::usage),
            model: text::name(self.model),
            id: text::name(self.id),
            finish_reasons: self.finish_reason().into_iter().collect(),
            output_bytes: self.items().iter().map(Item::output_bytes).sum(),
            tool_calls: self.items().iter().any(Item::calls_tool),
            is_error: self.is_error(),
            service_tier: text::name(self.service_tier),
        }
    }

    fn items(&self) -> &[Item<'_>] {
        self.output.as_deref().unwrap_or_default()
    }

    fn is_error(&self) -> bool {
        is_set(self.error) || matches!(string(self.status).as_str(), "failed" | "cancelled")
    }

    fn finish_reason(&self) -> Option<FinishReason> {
        let details = self.incomplete_details;
        let details = details.and_then(|raw| serde_json::from_str::<Details>(raw.get()).ok());
        let reason = details.as_ref().and_then(|details| details.reason.as_ref());
        let calls = self.items().iter().any(Item::calls_tool);
        ending(&string(self.status), reason.map(Text::as_str), calls)
    }
}

#[derive(Deserialize)]
struct Details<'a> {
    #[serde(borrow)]
    reason: Option<Text<'a>>,
}

/// Why an answer of this status ended, which is not whole for this reason.
pub(crate) fn ending(status: &str, reason: Option<&str>, calls: bool) -> Option<FinishReason> {
    Some(match (status, reason) {
        ("completed", _) if calls => FinishReason::ToolCalls,
        ("completed", _) => FinishReason::Stop,
        ("incomplete", Some("max_output_tokens")) => FinishReason::Length,
        ("incomplete", Some("content_filter")) => FinishReason::ContentFilter,
        ("incomplete", _) => FinishReason::Other,
        _ => return None,
    })
}

/// An item of the output. Which members it has depends on its type, and what form they have too.
#[derive(Deserialize)]
pub(super) struct Item<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<&'a RawValue>,
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    summary: Option<&'a RawValue>,
    #[serde(borrow)]
    name: Option<&'a RawValue>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
    /// What a custom tool is given.
    #[serde(borrow)]
    input: Option<&'a RawValue>,
}

impl Item<'_> {
    /// Whether a tool of the caller's is called here.
    pub(super) fn calls_tool(&self) -> bool {
        matches!(string(self.kind).as_str(), "function_call" | "custom_tool_call")
    }

    /// Bytes of generated text: what is said, thought, and given to tools.
    pub(super) fn output_bytes(&self) -> u64 {
        let parts = [self.content, self.summary].into_iter().map(parts_bytes);
        let members = [self.name, self.arguments, self.input].into_iter().map(string_bytes);
        parts.chain(members).sum()
    }
}

#[derive(Deserialize)]
struct Part<'a> {
    #[serde(borrow)]
    text: Option<&'a RawValue>,
    #[serde(borrow)]
    refusal: Option<&'a RawValue>,
}

fn parts_bytes(raw: Option<&RawValue>) -> u64 {
    let parts = raw.and_then(|raw| serde_json::from_str::<Vec<Part>>(raw.get()).ok());
    let bytes = |part: Part<'_>| string_bytes(part.text) + string_bytes(part.refusal);
    parts.unwrap_or_default().into_iter().map(bytes).sum()
}

pub(super) fn string_bytes(raw: Option<&RawValue>) -> u64 {
    raw.and_then(Text::of).map_or(0, |text| text.len() as u64)
}

/// A string; empty when it is another value.
pub(super) fn string(raw: Option<&RawValue>) -> String {
    raw.and_then(Text::of).unwrap_or_default().into_owned()
}

/// Whether an `error` is more than empty.
pub(super) fn is_set(error: Option<&RawValue>) -> bool {
    error.is_some_and(|raw| !matches!(raw.get(), "null" | "false" | "\"\"" | "{}"))
}
