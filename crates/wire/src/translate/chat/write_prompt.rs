//! The chat request to a provider that asks what a prompt does.

use std::borrow::Cow;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::write_tools::{Tool, ToolChoice, tool_choice, tools};
use super::write_turns::{Message, messages};
use crate::neutral::{Effort, Format, Json, Prompt, Said};
use crate::{Invalid, Quirks, Target};

/// The longest `user` that OpenAI takes, in characters. Names of callers of other dialects may be
/// longer (those of Claude Code are); they change nothing in the answer and are left out.
const MAX_USER_CHARACTERS: usize = 64;

/// Writes the request. What the provider cannot be told is refused with the caller's field.
pub(in crate::translate) fn write_prompt(
    prompt: &Prompt<'_>,
    to: &Target<'_>,
) -> Result<Vec<u8>, Invalid> {
    let request = request(prompt, to)?;
    // Strings, finite numbers and raw JSON always serialise.
    Ok(serde_json::to_vec(&request).unwrap_or_default())
}

fn request<'p>(prompt: &'p Prompt<'_>, to: &Target<'p>) -> Result<Request<'p>, Invalid> {
    let quirks = to.vendor.quirks();
    Ok(Request {
        model: to.model,
        messages: messages(&prompt.turns, quirks)?,
        tools: tools(&prompt.tools, quirks),
        tool_choice: tool_choice(prompt.tool_choice.as_ref()),
        parallel_tool_calls: value(&prompt.parallel_calls).filter(|parallel| !parallel),
        response_format: response_format(prompt, quirks)?,
        reasoning_effort: reasoning_effort(prompt, quirks)?,
        output_cap: output_cap(prompt, to).map(|cap| Member(quirks.output_cap, cap)),
        temperature: value(&prompt.temperature),
        top_p: value(&prompt.top_p),
        top_k: taken(&prompt.top_k, quirks.top_k)?,
        presence_penalty: value(&prompt.presence_penalty),
        frequency_penalty: value(&prompt.frequency_penalty),
        seed: value(&prompt.seed).map(|seed| Member(quirks.seed, seed)),
        stop: prompt.stop.as_ref().map(|stop| stop.value.as_slice()),
        n: choices(prompt, quirks)?,
        logprobs: prompt.logprobs.as_ref().map(|_| true),
        top_logprobs: value(&prompt.logprobs).filter(|others| *others > 0),
        user: user(prompt, quirks),
        cache_control: prompt
            .cache_control
            .as_ref()
            .filter(|_| quirks.cache_marks)
            .map(|mark| &mark.value),
        stream: prompt.stream,
        stream_options: (prompt.stream && quirks.stream_options)
            .then_some(StreamOptions { include_usage: true }),
    })
}

/// A request, in the order in which it is written.
#[derive(Serialize)]
struct Request<'p> {
    model: &'p str,
    messages: Vec<Message<'p>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'p>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<ToolChoice<'p>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parallel_tool_calls: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    response_format: Option<ResponseFormat<'p>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reasoning_effort: Option<&'static str>,
    #[serde(flatten)]
    output_cap: Option<Member<u64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_k: Option<u64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    presence_penalty: Option<f64>,
    #[serde(skip_serializing_if = "Option::is_none")]
    frequency_penalty: Option<f64>,
    #[serde(flatten)]
    seed: Option<Member<i64>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    stop: Option<&'p [Cow<'p, str>]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    n: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    logprobs: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_logprobs: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    user: Option<&'p str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<&'p Json<'p>>,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    stream_options: Option<StreamOptions>,
}

/// A member whose name is the vendor's.
struct Member<T>(&'static str, T);

impl<T: Serialize> Serialize for Member<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(1))?;
        map.serialize_entry(self.0, &self.1)?;
        map.end()
    }
}

#[derive(Serialize)]
struct StreamOptions {
    include_usage: bool,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum ResponseFormat<'p> {
    JsonObject,
    JsonSchema { json_schema: JsonSchema<'p> },
}

#[derive(Serialize)]
struct JsonSchema<'p> {
    name: &'p str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'p str>,
    schema: &'p Json<'p>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

fn response_format<'p>(
    prompt: &'p Prompt<'_>,
    quirks: &Quirks,
) -> Result<Option<ResponseFormat<'p>>, Invalid> {
    let Some(format) = &prompt.format else { return Ok(None) };
    match &format.value {
        Format::Json => Ok(Some(ResponseFormat::JsonObject)),
        Format::Schema { .. } if !quirks.json_schema => Err(format.unsupported()),
        Format::Schema { name, description, schema, strict } => {
            // OpenAI wants a name, and not every dialect has one.
            let name = name.as_deref().unwrap_or("response");
            let description = description.as_deref();
            let json_schema = JsonSchema { name, description, schema, strict: *strict };
            Ok(Some(ResponseFormat::JsonSchema { json_schema }))
        }
    }
}

/// How much to think. Whether thoughts are shown is the provider's choice here: the dialect has no
/// word for it, and the answer is the same.
fn reasoning_effort(prompt: &Prompt<'_>, quirks: &Quirks) -> Result<Option<&'static str>, Invalid> {
    let Some(reasoning) = &prompt.reasoning else { return Ok(None) };
    let of_budget = || reasoning.value.budget_tokens.map(Effort::of_budget);
    match reasoning.value.effort.or_else(of_budget) {
        Some(_) if !quirks.reasoning_effort => Err(reasoning.unsupported()),
        effort => Ok(effort.map(Effort::as_str)),
    }
}

/// The caller's cap, but never above the model's own. Without the caller's there is none: some
/// servers refuse a cap that does not fit behind the prompt.
fn output_cap(prompt: &Prompt<'_>, to: &Target<'_>) -> Option<u64> {
    let cap = prompt.output_tokens?;
    Some(to.max_output_tokens.map_or(cap, |most| cap.min(most)))
}

fn choices(prompt: &Prompt<'_>, quirks: &Quirks) -> Result<Option<u32>, Invalid> {
    match &prompt.choices {
        Some(choices) if choices.value > 1 => taken(&prompt.choices, quirks.choices),
        _ => Ok(None),
    }
}

fn user<'p>(prompt: &'p Prompt<'_>, quirks: &Quirks) -> Option<&'p str> {
    let user = prompt.user.as_ref().filter(|_| quirks.user)?;
    (user.value.chars().count() <= MAX_USER_CHARACTERS).then_some(user.value.as_ref())
}

fn value<T: Copy>(said: &Option<Said<T>>) -> Option<T> {
    said.as_ref().map(|said| said.value)
}

/// A value that only some vendors take.
fn taken<T: Copy>(said: &Option<Said<T>>, takes: bool) -> Result<Option<T>, Invalid> {
    match said {
        Some(said) if !takes => Err(said.unsupported()),
        said => Ok(value(said)),
    }
}
