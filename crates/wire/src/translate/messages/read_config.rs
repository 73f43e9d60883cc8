//! How much to think, and what the answer is to look like: `thinking`, `output_config` and its
//! older name `output_format`.

use super::read_prompt::value;
use crate::Invalid;
use crate::neutral::{Effort, Format, Json, Reasoning, Said};
use crate::translate::object::Members;

type Config<'a> = (Option<Said<Format<'a>>>, Option<Said<Reasoning>>);

pub(super) fn read<'a>(request: &mut Members<'a>) -> Result<Config<'a>, Invalid> {
    let older = request.object("output_format")?.map(format).transpose()?;
    let config = request.object("output_config")?.map(output_config).transpose()?;
    let (newer, effort) = config.unwrap_or_default();
    if let (Some(older), Some(_)) = (&older, &newer) {
        return Err(Invalid::value(&older.path.0, "not stand beside `output_config.format`"));
    }
    Ok((newer.or(older), thinking(request, effort)?))
}

type OutputConfig<'a> = (Option<Said<Format<'a>>>, Option<Said<Effort>>);

fn output_config(mut config: Members<'_>) -> Result<OutputConfig<'_>, Invalid> {
    let effort = effort(&mut config)?;
    let format = config.object("format")?.map(format).transpose()?;
    config.finish()?;
    Ok((format, effort))
}

/// Other dialects have no word for more than `xhigh`, so `max` is that too.
fn effort(config: &mut Members<'_>) -> Result<Option<Said<Effort>>, Invalid> {
    let path = config.path("effort");
    let effort = match config.string("effort")?.as_deref() {
        None => return Ok(None),
        Some("low") => Effort::Low,
        Some("medium") => Effort::Medium,
        Some("high") => Effort::High,
        Some("xhigh" | "max") => Effort::XHigh,
        Some(_) => return Err(Invalid::value(&path, "be low, medium, high, xhigh or max")),
    };
    Ok(Some(Said::new(effort, path)))
}

fn format(mut format: Members<'_>) -> Result<Said<Format<'_>>, Invalid> {
    if format.required_string("type")? != "json_schema" {
        return Err(Invalid::unsupported_value(&format.path("type"), "be json_schema"));
    }
    let missing = Invalid::missing(&format.path("schema"));
    let schema = Json::new(format.take("schema").ok_or(missing)?);
    let path = format.path("schema");
    format.finish()?;
    let format = Format::Schema { name: None, description: None, schema, strict: None };
    Ok(Said::new(format, path))
}

/// Takes `thinking`. `adaptive` leaves it to the model, which others do unasked.
fn thinking(
    request: &mut Members<'_>,
    effort: Option<Said<Effort>>,
) -> Result<Option<Said<Reasoning>>, Invalid> {
    let path = request.path("thinking");
    let Some(mut thinking) = request.object("thinking")? else {
        return Ok(effort.map(|effort| effort_alone(effort.value, effort.path.0)));
    };
    let kind = thinking.required_string("type")?;
    let kind_path = thinking.path("type");
    let budget = match kind.as_ref() {
        "enabled" => Some(budget(&mut thinking)?),
        _ => None,
    };
    let shown = shown(&mut thinking)?;
    thinking.finish()?;
    let words = effort.as_ref().map(|effort| effort.value);
    let reasoning = match kind.as_ref() {
        "disabled" => return without_thoughts(effort, path).map(Some),
        "enabled" | "adaptive" => Reasoning { effort: words, budget_tokens: budget, shown },
        _ => return Err(Invalid::value(&kind_path, "be enabled, disabled or adaptive")),
    };
    Ok((reasoning != Reasoning::default()).then(|| Said::new(reasoning, path)))
}

fn effort_alone(effort: Effort, path: String) -> Said<Reasoning> {
    Said::new(Reasoning { effort: Some(effort), ..Reasoning::default() }, path)
}

/// Without thoughts, effort says how much is written, for which other dialects have no word; `high`
/// is what Anthropic does unasked.
fn without_thoughts(
    effort: Option<Said<Effort>>,
    path: String,
) -> Result<Said<Reasoning>, Invalid> {
    match effort.filter(|effort| effort.value != Effort::High) {
        Some(effort) => Err(effort.unsupported_value("be high where thinking is disabled")),
        None => Ok(effort_alone(Effort::None, path)),
    }
}

fn budget(thinking: &mut Members<'_>) -> Result<u64, Invalid> {
    let missing = Invalid::missing(&thinking.path("budget_tokens"));
    value(thinking, "budget_tokens", "be a whole number")?.map(|said| said.value).ok_or(missing)
}

fn shown(thinking: &mut Members<'_>) -> Result<Option<bool>, Invalid> {
    match thinking.string("display")?.as_deref() {
        None => Ok(None),
        Some("summarized") => Ok(Some(true)),
        Some("omitted") => Ok(Some(false)),
        Some(_) => Err(Invalid::value(&thinking.path("display"), "be summarized or omitted")),
    }
}
