//! Turns as messages for a provider.
//!
//! - Results of tools become messages of their own, before what the user says in the same turn.
//! - Thoughts go to those who read them as `reasoning_content`. Others have no place for them, and
//!   nobody reads another's signature here, so they are left out: they are the model's notes.
//! - A cache mark on a call has no place; marks change what is cached and never the answer.
//! - A conversation that ends with the assistant is refused: its last words were to be continued,
//!   and a provider of this dialect answers anew.

use std::borrow::Cow;

use serde::Serialize;

use super::call_id::fitting;
use super::shapes::ToolCall;
use super::write_parts::{Body, result_body, written};
use crate::neutral::{Content, Part, Role, Turn};
use crate::{Invalid, Quirks};

/// A message, in the order in which it is written.
#[derive(Default, Serialize)]
pub(super) struct Message<'p> {
    role: &'static str,
    /// Null only where the assistant does nothing but call.
    content: Option<Body<'p>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'p str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    refusal: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_content: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tool_calls: Vec<ToolCall<'p>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_call_id: Option<Cow<'p, str>>,
}

pub(super) fn messages<'p>(
    turns: &'p [Turn<'_>],
    quirks: &Quirks,
) -> Result<Vec<Message<'p>>, Invalid> {
    if let Some(last) = turns.last().filter(|turn| turn.role == Role::Assistant) {
        return Err(Invalid::unsupported_value(&last.path.0, "not be the last message"));
    }
    let mut messages = Vec::with_capacity(turns.len());
    for turn in turns {
        match turn.role {
            Role::System => messages.push(instruction(turn, quirks)?),
            Role::User => user(turn, quirks, &mut messages)?,
            Role::Assistant => messages.push(assistant(turn, quirks)?),
        }
    }
    Ok(messages)
}

fn instruction<'p>(turn: &'p Turn<'_>, quirks: &Quirks) -> Result<Message<'p>, Invalid> {
    let is_text = |part: &&Part| matches!(part.content, Content::Text(_));
    if let Some(other) = turn.parts.iter().find(|part| !is_text(part)) {
        return Err(Invalid::unsupported(&other.path.0));
    }
    let content = Some(written(&turn.parts, quirks)?);
    Ok(Message { role: "system", content, name: name(turn), ..Message::default() })
}

/// What the user says, and before it the results of tools.
fn user<'p>(
    turn: &'p Turn<'_>,
    quirks: &Quirks,
    messages: &mut Vec<Message<'p>>,
) -> Result<(), Invalid> {
    let mut said = Vec::new();
    for part in &turn.parts {
        match &part.content {
            Content::Result { id, content, is_error, .. } => messages.push(Message {
                role: "tool",
                content: Some(result_body(content, *is_error, part, quirks)?),
                tool_call_id: Some(fitting(id, quirks)),
                ..Message::default()
            }),
            _ => said.push(part),
        }
    }
    if !said.is_empty() || turn.parts.is_empty() {
        let content = Some(written(said, quirks)?);
        messages.push(Message { role: "user", content, name: name(turn), ..Message::default() });
    }
    Ok(())
}

/// The dialect has texts, a refusal and calls apart, in no order among them.
fn assistant<'p>(turn: &'p Turn<'_>, quirks: &Quirks) -> Result<Message<'p>, Invalid> {
    let mut message = Message { role: "assistant", name: name(turn), ..Message::default() };
    let mut texts = Vec::new();
    for part in &turn.parts {
        match &part.content {
            Content::Text(_) => texts.push(part),
            Content::Refusal(said) => append(&mut message.refusal, said),
            Content::Thought { text, .. } if quirks.reasoning_content && !text.is_empty() => {
                append(&mut message.reasoning_content, text);
            }
            Content::Thought { .. } | Content::SealedThought(_) => {}
            Content::Call { id, name, input } => {
                message.tool_calls.push(ToolCall::new(fitting(id, quirks), name, input.get()));
            }
            _ => return Err(Invalid::unsupported(&part.path.0)),
        }
    }
    let only_calls = !message.tool_calls.is_empty() || message.refusal.is_some();
    if !texts.is_empty() || !only_calls {
        message.content = Some(written(texts, quirks)?);
    }
    Ok(message)
}

fn append(text: &mut Option<String>, more: &str) {
    text.get_or_insert_default().push_str(more);
}

fn name<'p>(turn: &'p Turn<'_>) -> Option<&'p str> {
    turn.name.as_ref().map(|name| name.value.as_ref())
}
