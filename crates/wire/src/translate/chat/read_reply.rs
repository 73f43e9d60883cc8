//! What a provider's whole completion says.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::call_id;
use super::message::{Answer, Call, Choice as ReadChoice, Message};
use crate::NotCompletion;
use crate::neutral::{Choice, Content, Json, Reply, Untold};
use crate::openai::parse_usage;

/// Reads a completion. One that says something that has no neutral form is none.
pub(in crate::translate) fn read_reply(body: &[u8]) -> Result<Reply<'_>, NotCompletion> {
    let mut answer = Answer::parse(body).ok_or(NotCompletion)?;
    let id = answer.id();
    let mut choices = answer.choices.take().unwrap_or_default();
    if choices.is_empty() {
        return Err(NotCompletion);
    }
    choices.sort_by_key(|choice| choice.index);
    let choices = choices.into_iter().enumerate();
    let choices = choices.map(|(index, choice)| read_choice(choice, index, id.as_deref()));
    let choices = choices.collect::<Result<_, Untold>>().map_err(|Untold| NotCompletion)?;
    Ok(Reply {
        model: answer.model().map(Cow::Owned),
        created: answer.created(),
        usage: answer.usage.and_then(|raw| parse_usage(raw.get())),
        id: id.map(Cow::Owned),
        choices,
    })
}

fn read_choice<'a>(
    mut choice: ReadChoice<'a>,
    index: usize,
    answer_id: Option<&str>,
) -> Result<Choice<'a>, Untold> {
    let mut message = choice.message.take().ok_or(Untold)?;
    if message.is_untold() {
        return Err(Untold);
    }
    let mut contents = thoughts(&mut message);
    contents.extend(message.texts()?);
    let refusal = message.refusal.take().filter(|refusal| !refusal.is_empty());
    contents.extend(refusal.map(Content::Refusal));
    let calls = message.tool_calls.unwrap_or_default();
    let finish = choice.finish(!calls.is_empty());
    for (number, call) in calls.into_iter().enumerate() {
        contents.push(read_call(call, || call_id::made(answer_id, index, number))?);
    }
    let stop_sequence = choice.stop_sequence();
    Ok(Choice { contents, finish, stop_sequence, logprobs: choice.take_logprobs() })
}

/// Blocks hold all thoughts, and the plain text says the same.
fn thoughts<'a>(message: &mut Message<'a>) -> Vec<Content<'a>> {
    let plain = message.thought();
    let blocks = message.thinking_blocks.take().unwrap_or_default();
    if blocks.is_empty() {
        let thought = |text| Content::Thought { text, signature: None };
        return plain.map(thought).into_iter().collect();
    }
    blocks.into_iter().map(Content::from).collect()
}

fn read_call<'a>(call: Call<'a>, made_id: impl FnOnce() -> String) -> Result<Content<'a>, Untold> {
    if call.is_untold() {
        return Err(Untold);
    }
    let name = call.name().cloned().ok_or(Untold)?;
    let input = input(call.arguments()?)?;
    let id = call.id().cloned().unwrap_or_else(|| Cow::Owned(made_id()));
    Ok(Content::Call { id, name, input })
}

/// The arguments of a call, which models leave empty for none.
fn input(arguments: Cow<'_, str>) -> Result<Json<'_>, Untold> {
    let text = arguments.trim();
    let text = if text.is_empty() { "{}" } else { text };
    if !text.starts_with('{') {
        return Err(Untold);
    }
    RawValue::from_string(text.to_owned()).map(Json::from).map_err(|_| Untold)
}
