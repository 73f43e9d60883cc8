//! A whole answer for a caller, and what streams share with it: how a message begins, why it ended
//! and what it cost.

use serde::Serialize;

use super::block::Kind;
use crate::neutral::{Choice, Content, Reply};
use crate::{FinishReason, MessagesRequest, Usage};

/// The message that says this. A caller of messages asks for one answer, so the first is told.
pub(in crate::translate) fn write_reply(
    reply: &Reply<'_>,
    to: &MessagesRequest,
    _created_unix_seconds: u64,
) -> Vec<u8> {
    let nothing = Choice::default();
    let choice = reply.choices.first().unwrap_or(&nothing);
    let said = |is: fn(&Content<'_>) -> bool| choice.contents.iter().any(is);
    let end = End::of(
        // A whole answer has ended, even if it does not say why.
        choice.finish.unwrap_or(FinishReason::Stop),
        choice.stop_sequence.as_deref(),
        said(|content| matches!(content, Content::Call { .. })),
        said(|content| matches!(content, Content::Refusal(_))),
    );
    let message = Message {
        id: reply.id.as_deref().unwrap_or_default(),
        kind: "message",
        role: "assistant",
        model: reply.model.as_deref().unwrap_or_else(|| to.gist().model()),
        content: choice.contents.iter().filter_map(Kind::of_answer).collect(),
        stop_reason: Some(end.stop_reason),
        stop_sequence: end.stop_sequence,
        usage: reply.usage.unwrap_or_default().into(),
    };
    // Strings, integers and raw JSON always serialise.
    serde_json::to_vec(&message).unwrap_or_default()
}

/// A message, whole or as it begins; SDKs want every member.
#[derive(Serialize)]
pub(super) struct Message<'a> {
    pub(super) id: &'a str,
    #[serde(rename = "type")]
    pub(super) kind: &'static str,
    pub(super) role: &'static str,
    pub(super) model: &'a str,
    pub(super) content: Vec<Kind<'a>>,
    pub(super) stop_reason: Option<&'static str>,
    pub(super) stop_sequence: Option<&'a str>,
    pub(super) usage: WrittenUsage,
}

/// Why a message ended.
#[derive(Serialize)]
pub(super) struct End<'a> {
    stop_reason: &'static str,
    stop_sequence: Option<&'a str>,
}

impl<'a> End<'a> {
    /// Callers act on the word, so an answer that calls or refuses says so, even where its provider
    /// says that it just stopped.
    pub(super) fn of(
        reason: FinishReason,
        stop_sequence: Option<&'a str>,
        calls: bool,
        refuses: bool,
    ) -> End<'a> {
        let stop_reason = match reason {
            FinishReason::Length => "max_tokens",
            FinishReason::ToolCalls | FinishReason::FunctionCall => "tool_use",
            FinishReason::ContentFilter => "refusal",
            FinishReason::Stop | FinishReason::Other if refuses => "refusal",
            FinishReason::Stop | FinishReason::Other if calls => "tool_use",
            FinishReason::Stop if stop_sequence.is_some() => "stop_sequence",
            FinishReason::Stop | FinishReason::Other => "end_turn",
        };
        let stop_sequence = stop_sequence.filter(|_| stop_reason == "stop_sequence");
        End { stop_reason, stop_sequence }
    }
}

/// `usage`, which counts what was read in three disjoint parts.
#[derive(Serialize)]
pub(super) struct WrittenUsage {
    input_tokens: u64,
    cache_creation_input_tokens: u64,
    cache_read_input_tokens: u64,
    output_tokens: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_tokens_details: Option<OutputDetails>,
}

#[derive(Serialize)]
struct OutputDetails {
    thinking_tokens: u64,
}

impl From<Usage> for WrittenUsage {
    fn from(usage: Usage) -> WrittenUsage {
        let cache = usage.cached_input_tokens.saturating_add(usage.cache_write_input_tokens);
        let thinking_tokens = usage.reasoning_tokens;
        WrittenUsage {
            input_tokens: usage.input_tokens.saturating_sub(cache),
            cache_creation_input_tokens: usage.cache_write_input_tokens,
            cache_read_input_tokens: usage.cached_input_tokens,
            output_tokens: usage.output_tokens,
            output_tokens_details: (thinking_tokens > 0)
                .then_some(OutputDetails { thinking_tokens }),
        }
    }
}
