//! `generationConfig` as it is written.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::neutral::{Effort, Format, Json, Prompt, Reasoning, Said};
use crate::{Invalid, Target, json};

/// Most candidates that Google generates, and sequences that it stops at.
const MAX_CANDIDATES: u32 = 8;
const MAX_STOPS: usize = 5;

/// How the answer is to be made.
#[derive(Serialize, Default, PartialEq)]
#[serde(rename_all = "camelCase")]
pub(super) struct Config<'p> {
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    candidate_count: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max_output_tokens: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop_sequences: Option<&'p [Cow<'p, str>]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    seed: Option<i32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_logprobs: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_mime_type: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_json_schema: Option<Json<'p>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_config: Option<Thinking>,
}

#[derive(Serialize, PartialEq)]
#[serde(rename_all = "camelCase")]
struct Thinking {
    #[serde(skip_serializing_if = "Option::is_none")]
    thinking_budget: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    include_thoughts: Option<bool>,
}

impl<'p> Config<'p> {
    /// The cap is the smaller of the caller's and the model's own; none where the caller has none,
    /// because Google caps by itself.
    pub(super) fn of(prompt: &'p Prompt<'_>, to: &Target<'_>) -> Result<Config<'p>, Invalid> {
        let value = |number: &Option<Said<f64>>| number.as_ref().map(|said| said.value);
        let model_cap = to.max_output_tokens.unwrap_or(u64::MAX);
        Ok(Config {
            temperature: value(&prompt.temperature),
            top_p: value(&prompt.top_p),
            top_k: prompt.top_k.as_ref().map(|said| said.value),
            candidate_count: candidates(prompt)?,
            max_output_tokens: prompt.output_tokens.map(|cap| cap.min(model_cap)),
            stop_sequences: stop(prompt)?,
            presence_penalty: value(&prompt.presence_penalty),
            frequency_penalty: value(&prompt.frequency_penalty),
            seed: seed(prompt)?,
            response_logprobs: prompt.logprobs.as_ref().map(|_| true),
            logprobs: prompt.logprobs.as_ref().map(|said| said.value).filter(|others| *others > 0),
            response_mime_type: prompt.format.as_ref().map(|_| "application/json"),
            response_json_schema: schema(prompt)?,
            thinking_config: prompt.reasoning.as_ref().map(|said| thinking(&said.value)),
        })
    }

    pub(super) fn is_empty(&self) -> bool {
        *self == Config::default()
    }
}

fn candidates(prompt: &Prompt<'_>) -> Result<Option<u32>, Invalid> {
    match &prompt.choices {
        Some(count) if count.value > MAX_CANDIDATES => Err(count.unsupported_value("be at most 8")),
        count => Ok(count.as_ref().map(|said| said.value)),
    }
}

fn stop<'p>(prompt: &'p Prompt<'_>) -> Result<Option<&'p [Cow<'p, str>]>, Invalid> {
    match &prompt.stop {
        Some(stop) if stop.value.len() > MAX_STOPS => {
            Err(stop.unsupported_value("hold at most 5 sequences"))
        }
        stop => Ok(stop.as_ref().map(|said| said.value.as_slice())),
    }
}

fn seed(prompt: &Prompt<'_>) -> Result<Option<i32>, Invalid> {
    let Some(seed) = &prompt.seed else { return Ok(None) };
    let narrow = seed.value.try_into();
    narrow.map(Some).map_err(|_| seed.unsupported_value("fit in 32 bits"))
}

/// Google's models always follow the schema to the letter.
fn schema<'p>(prompt: &'p Prompt<'_>) -> Result<Option<Json<'p>>, Invalid> {
    let Some(said) = &prompt.format else { return Ok(None) };
    match &said.value {
        Format::Json => Ok(None),
        Format::Schema { schema, description: None, .. } => Ok(Some(Json::new(&schema.0))),
        Format::Schema { schema, description: Some(text), .. } => {
            let described = described(schema.get(), text).ok_or_else(|| {
                said.unsupported_value("have no description beside the schema's own")
            })?;
            Ok(Some(described.into()))
        }
    }
}

/// The schema with a description, which Google has no other place for; none when it has one.
fn described(schema: &str, description: &str) -> Option<Box<RawValue>> {
    let rest = schema.trim_ascii().strip_prefix('{')?;
    let is_described = json::members(schema).any(|(name, _)| name == "description");
    let comma = if rest.trim_ascii() == "}" { "" } else { "," };
    let description = serde_json::to_string(description).ok().filter(|_| !is_described)?;
    RawValue::from_string(format!("{{\"description\":{description}{comma}{rest}")).ok()
}

/// Older models know budgets only, newer ones both.
fn thinking(reasoning: &Reasoning) -> Thinking {
    Thinking {
        thinking_budget: reasoning.budget_tokens.or(reasoning.effort.map(Effort::budget_tokens)),
        include_thoughts: reasoning.shown,
    }
}
