//! What OpenAI's callers read: completions, chunks and usage, as they are written.

use std::borrow::Cow;

use serde::Serialize;

use super::logprobs::Token;
use super::thoughts::Block;
use crate::{FinishReason, Usage};

/// A whole completion, or a chunk of one when `C` is a chunk's choice.
#[derive(Serialize)]
pub(super) struct Written<'a, C> {
    pub(super) id: &'a str,
    pub(super) object: &'static str,
    pub(super) created: u64,
    pub(super) model: &'a str,
    pub(super) choices: &'a [C],
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) usage: Option<WrittenUsage>,
}

impl<C: Serialize> Written<'_, C> {
    pub(super) fn to_json(&self) -> Vec<u8> {
        // Strings, finite numbers and raw JSON always serialise.
        serde_json::to_vec(self).unwrap_or_default()
    }
}

/// A choice of a completion.
#[derive(Serialize)]
pub(super) struct Choice<'a> {
    pub(super) index: usize,
    pub(super) message: Message<'a>,
    pub(super) logprobs: Option<Logprobs<'a>>,
    pub(super) finish_reason: &'static str,
}

/// What the assistant says in a completion.
#[derive(Serialize)]
pub(super) struct Message<'a> {
    pub(super) role: &'static str,
    pub(super) content: Option<String>,
    pub(super) refusal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reasoning_content: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) thinking_blocks: Vec<Block<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub(super) tool_calls: Vec<ToolCall<'a>>,
}

/// A whole call, in answers and in requests.
#[derive(Serialize)]
pub(super) struct ToolCall<'a> {
    id: Cow<'a, str>,
    #[serde(rename = "type")]
    kind: &'static str,
    function: Function<'a>,
}

#[derive(Serialize)]
struct Function<'a> {
    name: &'a str,
    arguments: &'a str,
}

impl<'a> ToolCall<'a> {
    pub(super) fn new(
        id: impl Into<Cow<'a, str>>,
        name: &'a str,
        arguments: &'a str,
    ) -> ToolCall<'a> {
        ToolCall { id: id.into(), kind: "function", function: Function { name, arguments } }
    }
}

/// Likelihoods; those of refusals no dialect tells.
#[derive(Serialize)]
pub(super) struct Logprobs<'a> {
    content: Vec<Token<'a>>,
    refusal: Option<()>,
}

impl<'a> Logprobs<'a> {
    pub(super) fn new(content: Vec<Token<'a>>) -> Logprobs<'a> {
        Logprobs { content, refusal: None }
    }
}

/// A choice of a chunk.
#[derive(Serialize)]
pub(super) struct ChunkChoice<'a> {
    pub(super) index: u32,
    pub(super) delta: Delta<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) logprobs: Option<Logprobs<'a>>,
    pub(super) finish_reason: Option<&'static str>,
}

/// What a chunk adds.
#[derive(Default, Serialize)]
pub(super) struct Delta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) role: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) refusal: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) reasoning_content: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thinking_blocks: Option<[BlockDelta<'a>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) tool_calls: Option<[ToolCallDelta<'a>; 1]>,
}

/// A whole block. OpenAI's SDKs put lists together by `index` and fail where there is none.
#[derive(Serialize)]
pub(super) struct BlockDelta<'a> {
    pub(super) index: u32,
    #[serde(flatten)]
    pub(super) block: Block<'a>,
}

/// A call that begins, or a piece of its arguments.
#[derive(Serialize)]
pub(super) struct ToolCallDelta<'a> {
    pub(super) index: usize,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) id: Option<&'a str>,
    #[serde(rename = "type", skip_serializing_if = "Option::is_none")]
    pub(super) kind: Option<&'static str>,
    pub(super) function: FunctionDelta<'a>,
}

#[derive(Serialize)]
pub(super) struct FunctionDelta<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) name: Option<&'a str>,
    pub(super) arguments: &'a str,
}

/// OpenAI's `usage`.
#[derive(Serialize)]
pub(super) struct WrittenUsage {
    prompt_tokens: u64,
    completion_tokens: u64,
    total_tokens: u64,
    prompt_tokens_details: InputDetails,
    completion_tokens_details: OutputDetails,
}

#[derive(Serialize)]
struct InputDetails {
    cached_tokens: u64,
}

#[derive(Serialize)]
struct OutputDetails {
    reasoning_tokens: u64,
}

impl From<Usage> for WrittenUsage {
    fn from(usage: Usage) -> WrittenUsage {
        WrittenUsage {
            prompt_tokens: usage.input_tokens,
            completion_tokens: usage.output_tokens,
            // Each is at most 2^53.
            total_tokens: usage.input_tokens + usage.output_tokens,
            prompt_tokens_details: InputDetails { cached_tokens: usage.cached_input_tokens },
            completion_tokens_details: OutputDetails { reasoning_tokens: usage.reasoning_tokens },
        }
    }
}

/// The word OpenAI's clients know; a reason of the provider's own is an end like any other.
pub(super) fn finish_reason(reason: Option<FinishReason>) -> &'static str {
    match reason {
        None | Some(FinishReason::Other) => FinishReason::Stop.as_str(),
        Some(known) => known.as_str(),
    }
}
