//! The request to a provider.

use std::borrow::Cow;

use serde::Serialize;

use super::block::Block;
use super::write_config::{OutputConfig, Thinking, output_config, thinking};
use super::write_tools::{Tool, ToolChoice, tool_choice, tools};
use super::write_turns::{Conversation, Turn};
use crate::neutral::{Json, Prompt, Said};
use crate::{Invalid, Target};

/// The body of a messages request that asks the same.
pub(in crate::translate) fn write_prompt(
    prompt: &Prompt<'_>,
    to: &Target<'_>,
) -> Result<Vec<u8>, Invalid> {
    refuse_untold(prompt)?;
    let max_tokens = cap(prompt.output_tokens, to.max_output_tokens);
    let Conversation { system, turns } = Conversation::of(prompt)?;
    let request = Request {
        model: to.model,
        max_tokens,
        stream: prompt.stream,
        temperature: fraction(prompt.temperature.as_ref())?,
        top_p: fraction(prompt.top_p.as_ref())?,
        top_k: prompt.top_k.as_ref().map(|top_k| top_k.value),
        stop_sequences: stop_sequences(prompt)?,
        metadata: prompt.user.as_ref().map(|user| Metadata { user_id: &user.value }),
        cache_control: prompt.cache_control.as_ref().map(|mark| &mark.value),
        thinking: thinking(prompt, max_tokens)?,
        output_config: output_config(prompt)?,
        tool_choice: tool_choice(prompt)?,
        tools: tools(prompt)?,
        system,
        messages: turns,
    };
    // Strings, numbers and raw JSON always serialise.
    Ok(serde_json::to_vec(&request).unwrap_or_default())
}

/// A messages request, in the order in which it is written.
#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    max_tokens: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u64>,
    #[serde(skip_serializing_if = "<[_]>::is_empty")]
    stop_sequences: &'a [Cow<'a, str>],
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<&'a Json<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking: Option<Thinking>,
    #[serde(skip_serializing_if = "Option::is_none")]
    output_config: Option<OutputConfig<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<ToolChoice<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Block<'a>>,
    messages: Vec<Turn<'a>>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    user_id: &'a str,
}

/// Refuses what Anthropic has no word for. A penalty of nothing and one answer are what it does.
fn refuse_untold(prompt: &Prompt<'_>) -> Result<(), Invalid> {
    let mut penalties = [&prompt.presence_penalty, &prompt.frequency_penalty].into_iter().flatten();
    let penalty = penalties.find(|penalty| penalty.value != 0.0);
    let choices = prompt.choices.as_ref().filter(|choices| choices.value != 1);
    let refused = (prompt.seed.as_ref().map(Said::unsupported))
        .or_else(|| prompt.logprobs.as_ref().map(Said::unsupported))
        .or_else(|| penalty.map(Said::unsupported))
        .or_else(|| choices.map(Said::unsupported));
    refused.map_or(Ok(()), Err)
}

/// The smaller of the caller's cap and the model's own; some cap where neither is known, because
/// Anthropic wants one.
fn cap(callers: Option<u64>, models: Option<u64>) -> u64 {
    const NOBODY_KNOWS: u64 = 4096;
    callers.into_iter().chain(models).min().unwrap_or(NOBODY_KNOWS)
}

/// A number from 0 to 1. One is the default; Anthropic's newer models refuse to be told.
fn fraction(said: Option<&Said<f64>>) -> Result<Option<f64>, Invalid> {
    match said {
        None => Ok(None),
        Some(said) if (0.0..=1.0).contains(&said.value) => {
            Ok(Some(said.value).filter(|value| *value != 1.0))
        }
        Some(said) => Err(said.unsupported_value("be from 0 to 1")),
    }
}

/// None of them is blank, because Anthropic refuses those.
fn stop_sequences<'a>(prompt: &'a Prompt<'a>) -> Result<&'a [Cow<'a, str>], Invalid> {
    let Some(stop) = &prompt.stop else { return Ok(&[]) };
    match stop.value.iter().any(|sequence| sequence.trim().is_empty()) {
        true => Err(stop.unsupported_value("hold more than blanks")),
        false => Ok(&stop.value),
    }
}
