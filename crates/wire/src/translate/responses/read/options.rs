//! How the answer is to be made: formats, reasoning, numbers.

use serde::de::DeserializeOwned;

use crate::Invalid;
use crate::neutral::{Effort, Format, Json, Reasoning, Said};
use crate::text::Text;
use crate::translate::object::{LeftOut, Members};

/// How long the answer is by default.
const TEXT_LEFT_OUT: &LeftOut = &[("verbosity", &[r#""medium""#])];
/// How thoughts of earlier turns are kept, by default.
const REASONING_LEFT_OUT: &LeftOut = &[("context", &[r#""auto""#])];

/// Takes a number as it stands.
pub(super) fn number<T: DeserializeOwned>(
    members: &mut Members<'_>,
    name: &str,
) -> Result<Option<Said<T>>, Invalid> {
    let Some(raw) = members.take(name) else { return Ok(None) };
    let path = members.path(name);
    let number = serde_json::from_str(raw.get());
    let number = number.map_err(|_| Invalid::value(&path, "be a number in its range"))?;
    Ok(Some(Said::new(number, path)))
}

/// Takes `text`.
pub(super) fn format<'a>(members: &mut Members<'a>) -> Result<Option<Said<Format<'a>>>, Invalid> {
    let Some(mut text) = members.object("text")? else { return Ok(None) };
    text.leave_out(TEXT_LEFT_OUT);
    let path = text.path("format");
    let format = text.object("format")?;
    text.finish()?;
    let Some(mut format) = format else { return Ok(None) };
    let told = match format.required_string("type")?.as_ref() {
        "text" => None,
        "json_object" => Some(Format::Json),
        "json_schema" => Some(schema(&mut format)?),
        _ => {
            let rule = "be text, json_object or json_schema";
            return Err(Invalid::unsupported_value(&format.path("type"), rule));
        }
    };
    format.finish()?;
    Ok(told.map(|format| Said::new(format, path)))
}

fn schema<'a>(format: &mut Members<'a>) -> Result<Format<'a>, Invalid> {
    let missing = Invalid::missing(&format.path("schema"));
    Ok(Format::Schema {
        name: format.string("name")?,
        description: format.string("description")?,
        schema: Json::new(format.take("schema").ok_or(missing)?),
        strict: format.flag("strict")?,
    })
}

/// Takes `reasoning`. A summary is how OpenAI shows thoughts.
pub(super) fn reasoning(members: &mut Members<'_>) -> Result<Option<Said<Reasoning>>, Invalid> {
    let path = members.path("reasoning");
    let Some(mut reasoning) = members.object("reasoning")? else { return Ok(None) };
    reasoning.leave_out(REASONING_LEFT_OUT);
    let effort = match reasoning.string("effort")? {
        None => None,
        Some(word) => Some(Effort::named(&word).ok_or_else(|| {
            let rule = "be none, minimal, low, medium, high or xhigh";
            Invalid::unsupported_value(&reasoning.path("effort"), rule)
        })?),
    };
    let summary = reasoning.string("summary")?.or(reasoning.string("generate_summary")?);
    reasoning.finish()?;
    let told = Reasoning { effort, budget_tokens: None, shown: summary.map(|_| true) };
    Ok((told != Reasoning::default()).then(|| Said::new(told, path)))
}

/// Takes `include` and `top_logprobs`. Sealed thoughts come unasked.
pub(super) fn logprobs(members: &mut Members<'_>) -> Result<Option<Said<u32>>, Invalid> {
    let path = members.path("include");
    let mut included = false;
    for raw in members.array("include")? {
        match Text::of(raw).as_deref() {
            Some("reasoning.encrypted_content") => {}
            Some("message.output_text.logprobs") => included = true,
            _ => {
                let rule = "hold message.output_text.logprobs or reasoning.encrypted_content only";
                return Err(Invalid::unsupported_value(&path, rule));
            }
        }
    }
    Ok(match number(members, "top_logprobs")? {
        Some(others) if included || others.value > 0 => Some(others),
        None if included => Some(Said::new(0, path)),
        _ => None,
    })
}
