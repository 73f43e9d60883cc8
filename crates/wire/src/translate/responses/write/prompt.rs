//! The request to a provider of responses.

use std::borrow::Cow;

use serde::Serialize;

use super::items::{Item, input};
use super::options::{Reasoning, TextOptions, Tool, ToolChoice, reasoning, text, tool_choice};
use crate::neutral::{Content, Effort, Part, Prompt, Role, Said, Turn};
use crate::{Invalid, Target};

/// The request to a provider that asks the same.
pub(in crate::translate) fn write_prompt(
    prompt: &Prompt<'_>,
    to: &Target<'_>,
) -> Result<Vec<u8>, Invalid> {
    refuse(prompt)?;
    let (instructions, turns) = instructions(&prompt.turns);
    let reasoning = reasoning(prompt, to)?;
    let request = Request {
        model: to.model,
        include: include(prompt, reasoning.as_ref()),
        top_logprobs: prompt.logprobs.as_ref().map(|logprobs| logprobs.value),
        max_output_tokens: prompt.output_tokens.into_iter().chain(to.max_output_tokens).min(),
        store: false,
        stream: prompt.stream,
        temperature: prompt.temperature.as_ref().map(|number| number.value),
        top_p: prompt.top_p.as_ref().map(|number| number.value),
        parallel_tool_calls: prompt.parallel_calls.as_ref().map(|parallel| parallel.value),
        reasoning,
        text: text(prompt, to)?,
        user: prompt.user.as_ref().map(|user| user.value.as_ref()),
        tool_choice: tool_choice(prompt),
        tools: prompt.tools.iter().map(Tool::from).collect(),
        instructions,
        input: input(turns, to)?,
    };
    // Strings, numbers and raw JSON always serialise.
    Ok(serde_json::to_vec(&request).unwrap_or_default())
}

/// A request, in the order in which it is written.
#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    include: Vec<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_logprobs: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u64>,
    /// Always false: no caller of another dialect has asked the provider to keep its answer.
    store: bool,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning: Option<Reasoning>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<TextOptions<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<ToolChoice<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    instructions: Option<&'a str>,
    input: Vec<Item<'a>>,
}

/// Refuses what responses have no word for, unless it asks for what they do anyway.
fn refuse(prompt: &Prompt<'_>) -> Result<(), Invalid> {
    let penalties = [&prompt.presence_penalty, &prompt.frequency_penalty];
    let penalty = penalties.into_iter().flatten().find(|penalty| penalty.value != 0.0);
    let choices = prompt.choices.as_ref().filter(|choices| choices.value > 1);
    let stop = prompt.stop.as_ref().filter(|stop| !stop.value.is_empty());
    let refused = penalty
        .map(Said::unsupported)
        .or(choices.map(Said::unsupported))
        .or(stop.map(Said::unsupported))
        .or(prompt.top_k.as_ref().map(Said::unsupported))
        .or(prompt.seed.as_ref().map(Said::unsupported));
    refused.map_or(Ok(()), Err)
}

/// Thoughts come sealed where nothing is stored, and only if they are asked for.
fn include(prompt: &Prompt<'_>, reasoning: Option<&Reasoning>) -> Vec<&'static str> {
    let logprobs = prompt.logprobs.as_ref().map(|_| "message.output_text.logprobs");
    let thinks = reasoning.is_some_and(|asked| asked.effort != Some(Effort::None.as_str()));
    let sealed = thinks.then_some("reasoning.encrypted_content");
    logprobs.into_iter().chain(sealed).collect()
}

/// The first turn when it is one text of instructions, and all the others.
fn instructions<'a>(turns: &'a [Turn<'a>]) -> (Option<&'a str>, &'a [Turn<'a>]) {
    if let [Turn { role: Role::System, parts, name: None, .. }, rest @ ..] = turns
        && let [Part { content: Content::Text(text), .. }] = parts.as_slice()
    {
        return (Some(Cow::as_ref(text)), rest);
    }
    (None, turns)
}
