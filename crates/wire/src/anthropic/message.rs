//! A provider's whole answer, read leniently: an odd `id`, `model` or `usage` costs just that fact.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::finish_reason;
use super::usage::{self, Tally};
use crate::text::Text;
use crate::{Completion, NotCompletion, text};

/// The members of a message that matter here; also the one inside `message_start`.
#[derive(Deserialize)]
pub(crate) struct Message<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    model: Option<&'a RawValue>,
    #[serde(borrow)]
    stop_reason: Option<Text<'a>>,
    #[serde(borrow)]
    stop_sequence: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) usage: Option<&'a RawValue>,
    #[serde(borrow)]
    content: Option<Vec<Block<'a>>>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// A block of content. Which members it has depends on its type.
#[derive(Deserialize)]
pub(crate) struct Block<'a> {
    #[serde(borrow, rename = "type")]
    kind: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) text: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) thinking: Option<Text<'a>>,
    /// What proves that it was thought.
    #[serde(borrow)]
    pub(crate) signature: Option<&'a RawValue>,
    /// A thought that only Anthropic can read.
    #[serde(borrow)]
    pub(crate) data: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(crate) id: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) name: Option<Text<'a>>,
    /// The arguments of a call.
    #[serde(borrow)]
    pub(crate) input: Option<&'a RawValue>,
}

impl<'a> Message<'a> {
    /// Reads a JSON object. Refused when it is not one, or has nothing that a message has.
    pub(crate) fn parse(body: &'a [u8]) -> Result<Message<'a>, NotCompletion> {
        let text = str::from_utf8(body).map_err(|_| NotCompletion)?;
        let message: Message = serde_json::from_str(text).map_err(|_| NotCompletion)?;
        let is_answer = message.content.is_some() || message.error.is_some();
        is_answer.then_some(message).ok_or(NotCompletion)
    }

    pub(crate) fn facts(&self) -> Completion {
        Completion {
            usage: self.usage.and_then(|raw| Tally::default().take(raw)),
            model: self.model(),
            id: self.id(),
            finish_reasons: self.stop_reason().and_then(finish_reason).into_iter().collect(),
            output_bytes: self.blocks().iter().map(Block::output_bytes).sum(),
            tool_calls: self.blocks().iter().any(Block::calls_tool),
            is_error: self.error.is_some(),
            service_tier: self.service_tier(),
        }
    }

    pub(crate) fn id(&self) -> Option<String> {
        text::name(self.id)
    }

    pub(crate) fn model(&self) -> Option<String> {
        text::name(self.model)
    }

    pub(crate) fn service_tier(&self) -> Option<String> {
        usage::service_tier(self.usage?)
    }

    pub(crate) fn stop_reason(&self) -> Option<&str> {
        self.stop_reason.as_ref().map(Text::as_str)
    }

    /// The caller's sequence that ended it.
    pub(crate) fn stop_sequence(&self) -> Option<Cow<'a, str>> {
        self.stop_sequence.and_then(Text::of)
    }

    /// The content; none where there is only an error.
    pub(crate) fn into_blocks(self) -> Option<Vec<Block<'a>>> {
        self.content
    }

    pub(crate) fn blocks(&self) -> &[Block<'a>] {
        self.content.as_deref().unwrap_or_default()
    }
}

impl Block<'_> {
    pub(crate) fn kind(&self) -> &str {
        self.kind.as_ref().map_or("", Text::as_str)
    }

    /// What a `text` block says.
    pub(crate) fn text(&self) -> Option<&str> {
        self.text.as_ref().filter(|_| self.kind() == "text").map(Text::as_str)
    }

    /// What a `thinking` block shows.
    pub(crate) fn thinking(&self) -> Option<&str> {
        self.thinking.as_ref().filter(|_| self.kind() == "thinking").map(Text::as_str)
    }

    /// Whether a tool is called here, by the caller's hand or the provider's.
    pub(super) fn calls_tool(&self) -> bool {
        self.kind().ends_with("tool_use")
    }

    /// Bytes of generated text: what is said, thought, and given to tools.
    pub(super) fn output_bytes(&self) -> u64 {
        let said = [self.text(), self.thinking(), self.called_name(), self.arguments()];
        said.into_iter().flatten().map(|text| text.len() as u64).sum()
    }

    fn called_name(&self) -> Option<&str> {
        self.name.as_ref().filter(|_| self.calls_tool()).map(Text::as_str)
    }

    /// The arguments of a call; `{}` is also what stands there before they have come.
    fn arguments(&self) -> Option<&str> {
        self.input.map(RawValue::get).filter(|input| self.calls_tool() && *input != "{}")
    }
}
