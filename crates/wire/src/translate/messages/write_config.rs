//! How much to think, and what the answer is to look like: `thinking` and `output_config`.
//!
//! Anthropic has two ways to ask for thoughts. Its older models take a budget; the newer ones
//! refuse one, choose for themselves and take a word for how much. A caller's budget is written as
//! a budget and a word as a word, so the caller's own choice suits the model or is refused by it.

use serde::Serialize;

use crate::Invalid;
use crate::neutral::{self, Effort, Json, Prompt, Reasoning, Said};

/// `thinking`
#[derive(Serialize)]
pub(super) struct Thinking {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    budget_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    display: Option<&'static str>,
}

/// `output_config`
#[derive(Serialize)]
pub(super) struct OutputConfig<'a> {
    #[serde(skip_serializing_if = "Option::is_none")]
    effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    format: Option<Format<'a>>,
}

#[derive(Serialize)]
struct Format<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    schema: &'a Json<'a>,
}

/// The smallest budget that Anthropic takes.
const MIN_BUDGET_TOKENS: u64 = 1024;

/// `max_tokens` is the cap on thoughts and answer together.
pub(super) fn thinking(prompt: &Prompt<'_>, max_tokens: u64) -> Result<Option<Thinking>, Invalid> {
    let Some(said) = &prompt.reasoning else { return Ok(None) };
    let Reasoning { effort, budget_tokens, shown } = said.value;
    let display = shown.map(|shown| if shown { "summarized" } else { "omitted" });
    let (kind, budget_tokens) = match (effort, budget_tokens) {
        _ if is_off(&said.value) => ("disabled", None),
        (_, Some(tokens)) => ("enabled", Some(budget(said, tokens, max_tokens)?)),
        (Some(_), None) => ("adaptive", None),
        (None, None) if shown.is_some() => ("adaptive", None),
        (None, None) => return Ok(None),
    };
    let display = display.filter(|_| kind != "disabled");
    Ok(Some(Thinking { kind, budget_tokens, display }))
}

fn is_off(reasoning: &Reasoning) -> bool {
    reasoning.effort == Some(Effort::None) || reasoning.budget_tokens == Some(0)
}

/// The nearest budget that Anthropic takes: at least its minimum, and below the cap.
fn budget(said: &Said<Reasoning>, tokens: u64, max_tokens: u64) -> Result<u64, Invalid> {
    if max_tokens <= MIN_BUDGET_TOKENS {
        let rule = "come with a cap on the output of more than 1024 tokens";
        return Err(said.unsupported_value(rule));
    }
    Ok(tokens.clamp(MIN_BUDGET_TOKENS, max_tokens - 1))
}

pub(super) fn output_config<'a>(
    prompt: &'a Prompt<'a>,
) -> Result<Option<OutputConfig<'a>>, Invalid> {
    let reasoning = prompt.reasoning.as_ref().map(|said| &said.value);
    let effort = reasoning.filter(|reasoning| !is_off(reasoning)).and_then(effort);
    let format = prompt.format.as_ref().map(format).transpose()?;
    Ok((effort.is_some() || format.is_some()).then_some(OutputConfig { effort, format }))
}

fn effort(reasoning: &Reasoning) -> Option<&'static str> {
    Some(match reasoning.effort? {
        // The least that there is a word for.
        Effort::None | Effort::Minimal => Effort::Low.as_str(),
        known => known.as_str(),
    })
}

/// The name is for the caller's own books, and every schema is kept to the letter, strict or not.
fn format<'a>(said: &'a Said<neutral::Format<'a>>) -> Result<Format<'a>, Invalid> {
    match &said.value {
        neutral::Format::Json => Err(said.unsupported_value("have a json schema")),
        neutral::Format::Schema { description: Some(_), .. } => {
            Err(said.unsupported_value("have no description beside its schema"))
        }
        neutral::Format::Schema { schema, .. } => Ok(Format { kind: "json_schema", schema }),
    }
}
