//! Tools, formats and reasoning of a request.

use serde::Serialize;

use crate::neutral::{self, Effort, Format, Json, Prompt};
use crate::{Invalid, Target};

/// A tool that the caller runs.
#[derive(Serialize)]
#[serde(tag = "type", rename = "function")]
pub(super) struct Tool<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    parameters: Option<&'a Json<'a>>,
    /// Always said: OpenAI's default is true here and false everywhere else.
    strict: bool,
}

impl<'a> From<&'a neutral::Tool<'a>> for Tool<'a> {
    fn from(tool: &'a neutral::Tool<'a>) -> Tool<'a> {
        Tool {
            name: &tool.name,
            description: tool.description.as_deref(),
            parameters: tool.parameters.as_ref(),
            strict: tool.strict.as_ref().is_some_and(|strict| strict.value),
        }
    }
}

/// Which tools are to be called.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum ToolChoice<'a> {
    Word(&'static str),
    Named(Named<'a>),
}

/// This one.
#[derive(Serialize)]
#[serde(tag = "type", rename = "function")]
pub(super) struct Named<'a> {
    name: &'a str,
}

pub(super) fn tool_choice<'a>(prompt: &'a Prompt<'_>) -> Option<ToolChoice<'a>> {
    Some(match &prompt.tool_choice.as_ref()?.value {
        neutral::ToolChoice::Auto => ToolChoice::Word("auto"),
        neutral::ToolChoice::None => ToolChoice::Word("none"),
        neutral::ToolChoice::Required => ToolChoice::Word("required"),
        neutral::ToolChoice::Named(name) => ToolChoice::Named(Named { name }),
    })
}

/// `text`
#[derive(Serialize)]
pub(super) struct TextOptions<'a> {
    format: TextFormat<'a>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum TextFormat<'a> {
    JsonObject,
    JsonSchema {
        name: &'a str,
        #[serde(skip_serializing_if = "Option::is_none")]
        description: Option<&'a str>,
        schema: &'a Json<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        strict: Option<bool>,
    },
}

pub(super) fn text<'a>(
    prompt: &'a Prompt<'a>,
    to: &Target<'_>,
) -> Result<Option<TextOptions<'a>>, Invalid> {
    /// OpenAI wants one, and dialects without names do not miss it.
    const NAMELESS: &str = "answer";
    let Some(asked) = &prompt.format else { return Ok(None) };
    let format = match &asked.value {
        Format::Json => TextFormat::JsonObject,
        Format::Schema { .. } if !to.vendor.quirks().json_schema => {
            return Err(asked.unsupported());
        }
        Format::Schema { name, description, schema, strict } => TextFormat::JsonSchema {
            name: name.as_deref().unwrap_or(NAMELESS),
            description: description.as_deref(),
            schema,
            strict: *strict,
        },
    };
    Ok(Some(TextOptions { format }))
}

/// `reasoning`
#[derive(Serialize)]
pub(super) struct Reasoning {
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) effort: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    summary: Option<&'static str>,
}

/// None when nothing is asked that the provider does not do anyway.
pub(super) fn reasoning(
    prompt: &Prompt<'_>,
    to: &Target<'_>,
) -> Result<Option<Reasoning>, Invalid> {
    let Some(asked) = &prompt.reasoning else { return Ok(None) };
    let budget = asked.value.budget_tokens.map(Effort::of_budget);
    let effort = asked.value.effort.or(budget).map(Effort::as_str);
    if effort.is_some() && !to.vendor.quirks().reasoning_effort {
        return Err(asked.unsupported());
    }
    let summary = (asked.value.shown == Some(true)).then_some("auto");
    let idle = effort.is_none() && summary.is_none();
    Ok((!idle).then_some(Reasoning { effort, summary }))
}
