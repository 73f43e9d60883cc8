//! A reply as the completion that a caller gets.

use super::logprobs;
use super::shapes::{Choice, Logprobs, Message, ToolCall, Written, finish_reason};
use super::thoughts::Block;
use crate::ChatRequest;
use crate::neutral::{self, Content, Reply};

/// Writes a completion. `created_unix_seconds` is its time when the provider tells none.
pub(in crate::translate) fn write_reply(
    reply: &Reply<'_>,
    to: &ChatRequest,
    created_unix_seconds: u64,
) -> Vec<u8> {
    let choices: Vec<Choice> = reply.choices.iter().enumerate().map(written).collect();
    let completion = Written {
        id: reply.id.as_deref().unwrap_or_default(),
        object: "chat.completion",
        created: reply.created.unwrap_or(created_unix_seconds),
        model: reply.model.as_deref().unwrap_or_else(|| to.gist().model()),
        choices: &choices,
        usage: reply.usage.map(Into::into),
    };
    completion.to_json()
}

fn written<'a>((index, choice): (usize, &'a neutral::Choice<'_>)) -> Choice<'a> {
    let tokens = choice.logprobs.as_deref().map(logprobs::written);
    Choice {
        index,
        message: message(&choice.contents),
        logprobs: tokens.map(Logprobs::new),
        finish_reason: finish_reason(choice.finish),
    }
}

/// Texts are joined, and so are refusals and thoughts: a completion has one of each.
fn message<'a>(contents: &'a [Content<'_>]) -> Message<'a> {
    let (mut content, mut refusal, mut thoughts) = Default::default();
    let mut tool_calls = Vec::new();
    for said in contents {
        match said {
            Content::Text(text) => append(&mut content, text),
            Content::Refusal(text) => append(&mut refusal, text),
            Content::Thought { text, .. } => append(&mut thoughts, text),
            Content::Call { id, name, input } => {
                tool_calls.push(ToolCall::new(id.as_ref(), name, input.get()));
            }
            // Thoughts that are sealed stand in the blocks; readers give nothing else.
            _ => {}
        }
    }
    let is_silent = content.is_none() && refusal.is_none() && tool_calls.is_empty();
    Message {
        role: "assistant",
        content: if is_silent { Some(String::new()) } else { content },
        refusal,
        reasoning_content: thoughts,
        thinking_blocks: blocks(contents),
        tool_calls,
    }
}

/// The thoughts in blocks, when there is more to them than their text.
fn blocks<'a>(contents: &'a [Content<'_>]) -> Vec<Block<'a>> {
    let blocks: Vec<Block> = contents.iter().filter_map(Block::of).collect();
    if blocks.iter().any(Block::is_signed) { blocks } else { Vec::new() }
}

fn append(text: &mut Option<String>, more: &str) {
    if !more.is_empty() {
        text.get_or_insert_default().push_str(more);
    }
}
