//! Tools that the caller runs, and whether the model must, may or must not call them.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::Invalid;
use crate::text::Text;
use crate::translate::object::{LeftOut, Members};

/// A tool, as Anthropic reads it.
#[derive(Serialize)]
pub(super) struct Tool<'a> {
    name: Cow<'a, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<Cow<'a, str>>,
    input_schema: Cow<'a, RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<&'a RawValue>,
}

/// Which tools are to be called, and whether several at once.
#[derive(Serialize)]
pub(super) struct ToolChoice<'a> {
    #[serde(rename = "type")]
    kind: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    name: Option<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    disable_parallel_tool_use: Option<bool>,
}

/// Not strict is the default of both.
const FUNCTION_LEFT_OUT: &LeftOut = &[("strict", &["false"])];

/// Takes `tools`.
pub(super) fn tools<'a>(request: &mut Members<'a>) -> Result<Vec<Tool<'a>>, Invalid> {
    let tools = request.array("tools")?.into_iter().enumerate();
    tools.map(|(index, raw)| tool(Members::of(raw.get(), format!("tools[{index}]"))?)).collect()
}

fn tool(mut tool: Members<'_>) -> Result<Tool<'_>, Invalid> {
    if tool.required_string("type")? != "function" {
        return Err(Invalid::unsupported_value(&tool.path("type"), "be function"));
    }
    let missing = Invalid::missing(&tool.path("function"));
    let mut function = tool.object("function")?.ok_or(missing)?;
    function.leave_out(FUNCTION_LEFT_OUT);
    let name = function.required_string("name")?;
    let description = function.string("description")?;
    let input_schema = input_schema(&mut function)?;
    let strict = function.flag("strict")?;
    let cache_control = function.take("cache_control");
    function.finish()?;
    let cache_control = tool.take("cache_control").or(cache_control);
    tool.finish()?;
    Ok(Tool { name, description, input_schema, strict, cache_control })
}

/// The schema of a tool's arguments as it stands, except that Anthropic wants to be told that they
/// are an object.
fn input_schema<'a>(function: &mut Members<'a>) -> Result<Cow<'a, RawValue>, Invalid> {
    let Some(raw) = function.take("parameters") else { return no_arguments() };
    let mut schema = Members::of(raw.get(), function.path("parameters"))?;
    if schema.take("type").is_some() {
        return Ok(Cow::Borrowed(raw));
    }
    let members = raw.get().trim_start_matches('{').trim_start();
    if members == "}" {
        return no_arguments();
    }
    owned(format!(r#"{{"type":"object",{members}"#))
}

fn no_arguments<'a>() -> Result<Cow<'a, RawValue>, Invalid> {
    owned(r#"{"type":"object","properties":{}}"#.to_owned())
}

fn owned<'a>(json: String) -> Result<Cow<'a, RawValue>, Invalid> {
    let schema = RawValue::from_string(json);
    schema.map(Cow::Owned).map_err(|_| Invalid::value("tools", "hold json schemas"))
}

/// Takes `tool_choice` and `parallel_tool_calls`.
pub(super) fn tool_choice<'a>(
    request: &mut Members<'a>,
    has_tools: bool,
) -> Result<Option<ToolChoice<'a>>, Invalid> {
    let sequential = request.flag("parallel_tool_calls")? == Some(false);
    let (kind, name) = choice(request)?;
    match (has_tools, kind) {
        (false, "auto" | "none") => Ok(None),
        (false, _) => Err(Invalid::value("tool_choice", "be none or auto when there are no tools")),
        (true, "auto") if !sequential => Ok(None),
        (true, kind) => {
            let disable_parallel_tool_use = (sequential && kind != "none").then_some(true);
            Ok(Some(ToolChoice { kind, name, disable_parallel_tool_use }))
        }
    }
}

/// The kind of choice in Anthropic's words, and the tool if it is a certain one.
fn choice<'a>(request: &mut Members<'a>) -> Result<(&'static str, Option<Cow<'a, str>>), Invalid> {
    let Some(raw) = request.take("tool_choice") else { return Ok(("auto", None)) };
    let unsupported =
        || Invalid::unsupported_value("tool_choice", "be none, auto, required or a function");
    if let Some(word) = Text::of(raw) {
        return match word.as_ref() {
            "auto" => Ok(("auto", None)),
            "none" => Ok(("none", None)),
            "required" => Ok(("any", None)),
            _ => Err(unsupported()),
        };
    }
    let mut choice = Members::of(raw.get(), request.path("tool_choice"))?;
    if choice.string("type")?.is_none_or(|kind| kind != "function") {
        return Err(unsupported());
    }
    let mut function = choice.object("function")?.ok_or_else(unsupported)?;
    let name = function.required_string("name")?;
    function.finish()?;
    choice.finish()?;
    Ok(("tool", Some(name)))
}
