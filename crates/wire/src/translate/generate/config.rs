//! `generationConfig` as it is read: how the answer is to be made.

use std::borrow::Cow;

use super::object::{finish, object, said};
use super::schema::json_schema;
use crate::Invalid;
use crate::neutral::{Effort, Format, Json, Prompt, Reasoning, Said};
use crate::text::Text;
use crate::translate::object::{LeftOut, Members};

/// Values that ask for nothing that is not done anyway.
const LEFT_OUT: &LeftOut = &[
    ("enableEnhancedCivicAnswers", &["false"]),
    ("mediaResolution", &[r#""MEDIA_RESOLUTION_UNSPECIFIED""#]),
    ("responseModalities", &["[]", r#"["TEXT"]"#, r#"["Text"]"#]),
    // Read already, as money depends on it.
    ("maxOutputTokens", &[]),
];

const NUMBER: &str = "be a number";
const WHOLE: &str = "be a whole number";

/// Reads `generationConfig`.
pub(super) fn read_config<'a>(
    mut config: Members<'a>,
    prompt: &mut Prompt<'a>,
) -> Result<(), Invalid> {
    config.leave_out(LEFT_OUT);
    prompt.temperature = said(&mut config, "temperature", NUMBER)?;
    prompt.top_p = said(&mut config, "topP", NUMBER)?;
    prompt.top_k = said::<f64>(&mut config, "topK", NUMBER)?.map(whole).transpose()?;
    prompt.presence_penalty = said(&mut config, "presencePenalty", NUMBER)?;
    prompt.frequency_penalty = said(&mut config, "frequencyPenalty", NUMBER)?;
    prompt.seed = said(&mut config, "seed", WHOLE)?;
    prompt.choices = said(&mut config, "candidateCount", WHOLE)?;
    prompt.stop = read_stop(&mut config)?;
    prompt.logprobs = read_logprobs(&mut config)?;
    prompt.format = read_format(&mut config)?;
    prompt.reasoning = read_reasoning(&mut config)?;
    finish(config)
}

/// A whole number, which some SDKs write as `40.0`.
fn whole(said: Said<f64>) -> Result<Said<u64>, Invalid> {
    let is_whole = said.value.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&said.value);
    match is_whole {
        true => Ok(Said { value: said.value as u64, path: said.path }),
        false => Err(Invalid::value(&said.path.0, WHOLE)),
    }
}

fn read_stop<'a>(config: &mut Members<'a>) -> Result<Option<Said<Vec<Cow<'a, str>>>>, Invalid> {
    let path = config.path("stopSequences");
    let texts: Option<Vec<_>> = config.array("stopSequences")?.into_iter().map(Text::of).collect();
    match texts {
        Some(texts) if texts.is_empty() => Ok(None),
        Some(texts) if texts.iter().all(|text| !text.is_empty()) => {
            Ok(Some(Said::new(texts, path)))
        }
        _ => Err(Invalid::value(&path, "be an array of strings that are not empty")),
    }
}

/// Google has a switch for the tokens of the answer and a number for those in their place.
fn read_logprobs(config: &mut Members<'_>) -> Result<Option<Said<u32>>, Invalid> {
    let path = config.path("responseLogprobs");
    let wanted = config.flag("responseLogprobs")?.unwrap_or(false);
    let others = said::<u32>(config, "logprobs", WHOLE)?;
    match others {
        Some(others) if !wanted && others.value > 0 => {
            Err(Invalid::value(&path, "be true where `logprobs` is set"))
        }
        others => Ok(wanted.then(|| Said::new(others.map_or(0, |others| others.value), path))),
    }
}

fn read_format<'a>(config: &mut Members<'a>) -> Result<Option<Said<Format<'a>>>, Invalid> {
    let path = config.path("responseMimeType");
    let media_type = config.string("responseMimeType")?;
    let schema_path = config.path("responseSchema");
    let schema = match (config.take("responseJsonSchema"), config.take("responseSchema")) {
        (Some(schema), None) => Some(Json::new(schema)),
        (None, Some(schema)) => Some(json_schema(schema, &schema_path)?),
        (None, None) => None,
        (Some(_), Some(_)) => {
            return Err(Invalid::value(&schema_path, "not stand beside `responseJsonSchema`"));
        }
    };
    let format = match (media_type.as_deref(), schema) {
        (None | Some("" | "text/plain"), None) => return Ok(None),
        (Some("application/json"), None) => Format::Json,
        (Some("application/json"), Some(schema)) => {
            Format::Schema { name: None, description: None, schema, strict: None }
        }
        (None | Some("" | "text/plain"), Some(_)) => {
            return Err(Invalid::value(&path, "be application/json where there is a schema"));
        }
        _ => {
            let rule = "be text/plain or application/json";
            return Err(Invalid::unsupported_value(&path, rule));
        }
    };
    Ok(Some(Said::new(format, path)))
}

/// A budget of -1 leaves it to the model, as saying nothing does.
fn read_reasoning(config: &mut Members<'_>) -> Result<Option<Said<Reasoning>>, Invalid> {
    let path = config.path("thinkingConfig");
    let Some(mut thinking) = object(config, "thinkingConfig")? else { return Ok(None) };
    thinking.leave_out(&[("thinkingLevel", &[r#""THINKING_LEVEL_UNSPECIFIED""#])]);
    let budget = said::<i64>(&mut thinking, "thinkingBudget", WHOLE)?;
    let reasoning = Reasoning {
        effort: read_level(&mut thinking)?,
        budget_tokens: budget.and_then(|budget| budget.value.try_into().ok()),
        shown: thinking.flag("includeThoughts")?,
    };
    finish(thinking)?;
    Ok(Some(reasoning)
        .filter(|asked| *asked != Reasoning::default())
        .map(|asked| Said::new(asked, path)))
}

fn read_level(thinking: &mut Members<'_>) -> Result<Option<Effort>, Invalid> {
    let path = thinking.path("thinkingLevel");
    let Some(word) = thinking.string("thinkingLevel")? else { return Ok(None) };
    match Effort::named(&word.to_ascii_lowercase()) {
        Some(effort @ (Effort::Minimal | Effort::Low | Effort::Medium | Effort::High)) => {
            Ok(Some(effort))
        }
        _ => Err(Invalid::value(&path, "be MINIMAL, LOW, MEDIUM or HIGH")),
    }
}
