//! A whole message as a chat completion.

use super::chat::{Choice, Function, Message as ChatMessage, ToolCall, Written, finish_reason};
use crate::anthropic::{Block, Message};
use crate::translate::error;
use crate::{Answer, ChatRequest, Completion, FinishReason, NotCompletion};

/// The completion that a provider's message is to its caller.
pub(crate) fn answer(
    chat: &ChatRequest,
    created_unix_seconds: u64,
    body: &[u8],
) -> Result<Answer, NotCompletion> {
    let message = Message::parse(body)?;
    let facts = message.facts();
    let body = if facts.is_error {
        error::openai_body(body)
    } else {
        completion(&message, &facts, chat, created_unix_seconds)
    };
    Ok(Answer { body: body.into(), facts })
}

fn completion(
    message: &Message<'_>,
    facts: &Completion,
    chat: &ChatRequest,
    created: u64,
) -> Vec<u8> {
    let choice = Choice {
        index: 0,
        message: chat_message(message.blocks()),
        logprobs: None,
        // A whole answer has ended, even if it does not say why.
        finish_reason: finish_reason(*facts.finish_reasons.first().unwrap_or(&FinishReason::Stop)),
    };
    let completion = Written {
        id: facts.id.as_deref().unwrap_or_default(),
        object: "chat.completion",
        created,
        model: facts.model.as_deref().unwrap_or_else(|| chat.gist().model()),
        choices: &[choice],
        usage: facts.usage.map(Into::into),
    };
    completion.to_json()
}

/// Texts are joined, and so are thoughts; blocks of other kinds have no place in a completion.
fn chat_message(blocks: &[Block<'_>]) -> ChatMessage {
    let tool_calls: Vec<ToolCall> = blocks.iter().filter_map(tool_call).collect();
    let content: String = blocks.iter().filter_map(Block::text).collect();
    let thoughts: String = blocks.iter().filter_map(Block::thinking).collect();
    ChatMessage {
        role: "assistant",
        content: (!content.is_empty() || tool_calls.is_empty()).then_some(content),
        refusal: None,
        reasoning_content: Some(thoughts).filter(|thoughts| !thoughts.is_empty()),
        tool_calls,
    }
}

fn tool_call(block: &Block<'_>) -> Option<ToolCall> {
    let (id, name, arguments) = block.tool_use()?;
    let function = Function { name: name.to_owned(), arguments: arguments.to_owned() };
    Some(ToolCall { id: id.to_owned(), kind: "function", function })
}
