//! What a caller's chat request asks.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::read_tools::{tool_choice, tools};
use super::read_turns::turns;
use crate::neutral::{Effort, Format, Json, Prompt, Reasoning, Said};
use crate::text::Text;
use crate::translate::object::{LeftOut, Members};
use crate::{ChatRequest, Invalid};

/// Fields that have no place in a prompt, and the values with which they change nothing in the
/// answer. Other values of these fields are refused.
const LEFT_OUT: &LeftOut = &[
    // What every dialect does when it is not told.
    ("frequency_penalty", &["0"]),
    ("logit_bias", &["{}"]),
    ("logprobs", &["false"]),
    ("modalities", &[r#"["text"]"#]),
    ("n", &["1"]),
    ("parallel_tool_calls", &["true"]),
    ("presence_penalty", &["0"]),
    ("response_format", &[r#"{"type":"text"}"#]),
    ("service_tier", &[r#""auto""#, r#""default""#]),
    // Servers that have it read these as no limit.
    ("top_k", &["0", "-1"]),
    ("top_logprobs", &["0"]),
    // Bookkeeping at OpenAI, without effect on the answer.
    ("metadata", &[]),
    ("prompt_cache_key", &[]),
    ("prompt_cache_retention", &[]),
    ("store", &[]),
    // What the gateway itself acts on.
    ("max_completion_tokens", &[]),
    ("max_tokens", &[]),
    ("model", &[]),
    ("stream", &[]),
    ("stream_options", &[]),
];

/// Reads a request. What a prompt cannot hold is refused with its field.
pub(in crate::translate) fn read_prompt(request: &ChatRequest) -> Result<Prompt<'_>, Invalid> {
    let gist = request.gist();
    // The body was read as strict JSON, so it is UTF-8.
    let body = str::from_utf8(gist.body()).unwrap_or_default();
    let mut members = Members::of(body, String::new())?;
    // Told apart from no logprobs before its zero is left out.
    let logprobs = logprobs(&mut members)?;
    members.leave_out(LEFT_OUT);
    let tools = tools(&mut members)?;
    let prompt = Prompt {
        turns: turns(&mut members)?,
        tool_choice: tool_choice(&mut members, !tools.is_empty())?,
        parallel_calls: parallel_calls(&mut members, !tools.is_empty())?,
        tools,
        format: format(&mut members)?,
        reasoning: reasoning(&mut members)?,
        temperature: members.number("temperature", 0.0..=2.0)?,
        top_p: members.number("top_p", 0.0..=1.0)?,
        top_k: members.whole("top_k")?,
        presence_penalty: members.number("presence_penalty", -2.0..=2.0)?,
        frequency_penalty: members.number("frequency_penalty", -2.0..=2.0)?,
        seed: members.whole("seed")?,
        stop: stop(&mut members)?,
        output_tokens: gist.max_output_tokens(),
        choices: members.whole("n")?,
        logprobs,
        user: user(&mut members)?,
        stream: gist.stream(),
        cache_control: members.said_raw("cache_control").map(said_json),
    };
    members.finish()?;
    Ok(prompt)
}

pub(super) fn said_json(said: Said<&RawValue>) -> Said<Json<'_>> {
    Said { value: Json::new(said.value), path: said.path }
}

fn parallel_calls(
    members: &mut Members<'_>,
    has_tools: bool,
) -> Result<Option<Said<bool>>, Invalid> {
    let parallel = members.flag("parallel_tool_calls")?.filter(|_| has_tools);
    Ok(parallel.map(|parallel| Said::new(parallel, "parallel_tool_calls")))
}

/// How many others stand beside each token; none when no likelihoods are asked for.
fn logprobs(members: &mut Members<'_>) -> Result<Option<Said<u32>>, Invalid> {
    const MOST: u32 = 20;
    let asked = members.flag("logprobs")? == Some(true);
    if !asked {
        members.leave_out(&[("top_logprobs", &["0"])]);
    }
    let Some(others) = members.whole::<u32>("top_logprobs")? else {
        return Ok(asked.then(|| Said::new(0, "logprobs")));
    };
    match others.value {
        _ if !asked => Err(Invalid::value("top_logprobs", "stand beside `logprobs`")),
        0..=MOST => Ok(Some(others)),
        _ => Err(Invalid::value("top_logprobs", "be a whole number from 0 to 20")),
    }
}

fn format<'a>(members: &mut Members<'a>) -> Result<Option<Said<Format<'a>>>, Invalid> {
    let Some(mut format) = members.object("response_format")? else { return Ok(None) };
    let kind = format.required_string("type")?;
    let value = match kind.as_ref() {
        "json_object" => Format::Json,
        "json_schema" => schema(format.required_object("json_schema")?)?,
        _ => {
            let rule = "be text, json_object or json_schema";
            return Err(Invalid::unsupported_value(&format.path("type"), rule));
        }
    };
    format.finish()?;
    Ok(Some(Said::new(value, "response_format")))
}

fn schema(mut format: Members<'_>) -> Result<Format<'_>, Invalid> {
    let name = format.string("name")?;
    let description = format.string("description")?;
    let strict = format.flag("strict")?;
    let path = format.path("schema");
    let raw = format.take("schema").ok_or_else(|| Invalid::missing(&path))?;
    Members::of(raw.get(), path)?;
    format.finish()?;
    Ok(Format::Schema { name, description, schema: Json::new(raw), strict })
}

fn reasoning(members: &mut Members<'_>) -> Result<Option<Said<Reasoning>>, Invalid> {
    let Some(word) = members.string("reasoning_effort")? else { return Ok(None) };
    let Some(effort) = Effort::named(&word) else {
        let rule = "be none, minimal, low, medium, high or xhigh";
        return Err(Invalid::unsupported_value("reasoning_effort", rule));
    };
    let reasoning = Reasoning { effort: Some(effort), ..Reasoning::default() };
    Ok(Some(Said::new(reasoning, "reasoning_effort")))
}

/// `stop`: one sequence or several, none of them empty.
fn stop<'a>(members: &mut Members<'a>) -> Result<Option<Said<Vec<Cow<'a, str>>>>, Invalid> {
    let Some(raw) = members.take("stop") else { return Ok(None) };
    let wrong = || Invalid::value("stop", "be a string or an array of strings, none empty");
    let sequences = match Text::of(raw) {
        Some(one) => vec![one],
        None => {
            let several: Vec<&RawValue> = serde_json::from_str(raw.get()).map_err(|_| wrong())?;
            several.into_iter().map(Text::of).collect::<Option<_>>().ok_or_else(wrong)?
        }
    };
    if sequences.iter().any(|sequence| sequence.is_empty()) {
        return Err(wrong());
    }
    Ok((!sequences.is_empty()).then(|| Said::new(sequences, "stop")))
}

/// `user`, or the newer name for it.
fn user<'a>(members: &mut Members<'a>) -> Result<Option<Said<Cow<'a, str>>>, Invalid> {
    let (user, newer) = (members.said_string("user")?, members.said_string("safety_identifier")?);
    Ok(user.or(newer))
}
