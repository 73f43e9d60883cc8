//! Tools that the caller runs, and whether the model must, may or must not call them.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::neutral::{self, Json, Prompt, Said};
use crate::{Invalid, json};

/// A tool, as Anthropic reads it.
#[derive(Serialize)]
pub(super) struct Tool<'a> {
    name: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'a str>,
    input_schema: Cow<'a, RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<&'a Json<'a>>,
}

/// Which tools are to be called, and whether several at once.
#[derive(Serialize)]
pub(super) struct ToolChoice<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<&'a str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disable_parallel_tool_use: Option<bool>,
}

pub(super) fn tools<'a>(prompt: &'a Prompt<'a>) -> Result<Vec<Tool<'a>>, Invalid> {
    prompt.tools.iter().map(tool).collect()
}

fn tool<'a>(tool: &'a neutral::Tool<'a>) -> Result<Tool<'a>, Invalid> {
    Ok(Tool {
        name: &tool.name,
        description: tool.description.as_deref(),
        input_schema: input_schema(tool)?,
        // Not strict is the default of every dialect.
        strict: tool.strict.as_ref().map(|strict| strict.value).filter(|strict| *strict),
        cache_control: tool.cache_control.as_ref().map(|mark| &mark.value),
    })
}

/// The schema of a tool's arguments as it stands, except that Anthropic wants to be told that they
/// are an object.
fn input_schema<'a>(tool: &'a neutral::Tool<'a>) -> Result<Cow<'a, RawValue>, Invalid> {
    let Some(schema) = &tool.parameters else { return no_arguments(tool) };
    let typed = json::members(schema.get()).any(|(name, kind)| name == "type" && kind != "null");
    if typed {
        return Ok(Cow::Borrowed(&schema.0));
    }
    match schema.get().trim_start_matches('{').trim_start() {
        "}" => no_arguments(tool),
        members => owned(tool, format!(r#"{{"type":"object",{members}"#)),
    }
}

fn no_arguments<'a>(tool: &neutral::Tool<'_>) -> Result<Cow<'a, RawValue>, Invalid> {
    owned(tool, r#"{"type":"object","properties":{}}"#.to_owned())
}

fn owned<'a>(tool: &neutral::Tool<'_>, json: String) -> Result<Cow<'a, RawValue>, Invalid> {
    let schema = RawValue::from_string(json);
    schema.map(Cow::Owned).map_err(|_| Invalid::value(&tool.path.0, "have a json schema"))
}

/// None where nothing is asked that Anthropic does not do anyway.
pub(super) fn tool_choice<'a>(prompt: &'a Prompt<'a>) -> Result<Option<ToolChoice<'a>>, Invalid> {
    let sequential = prompt.parallel_calls.as_ref().is_some_and(|parallel| !parallel.value);
    let (kind, name) = match prompt.tool_choice.as_ref().map(|choice| &choice.value) {
        None | Some(neutral::ToolChoice::Auto) => ("auto", None),
        Some(neutral::ToolChoice::None) => ("none", None),
        Some(neutral::ToolChoice::Required) => ("any", None),
        Some(neutral::ToolChoice::Named(name)) => ("tool", Some(name.as_ref())),
    };
    match (prompt.tools.is_empty(), kind) {
        (true, "auto" | "none") => Ok(None),
        (true, _) => Err(without_tools(prompt.tool_choice.as_ref())),
        (false, "auto") if !sequential => Ok(None),
        (false, kind) => {
            let disable_parallel_tool_use = (sequential && kind != "none").then_some(true);
            Ok(Some(ToolChoice { kind, name, disable_parallel_tool_use }))
        }
    }
}

fn without_tools<T>(choice: Option<&Said<T>>) -> Invalid {
    let path = choice.map_or("tool_choice", |choice| &choice.path.0);
    Invalid::value(path, "be none or auto when there are no tools")
}
