//! The tools of a caller's chat request, and whether the model must, may or must not call them.

use super::read_prompt::said_json;
use crate::Invalid;
use crate::neutral::{Json, Path, Said, Tool, ToolChoice};
use crate::text::Text;
use crate::translate::object::Members;

/// Takes `tools`.
pub(super) fn tools<'a>(request: &mut Members<'a>) -> Result<Vec<Tool<'a>>, Invalid> {
    let tools = request.array("tools")?.into_iter().enumerate();
    tools.map(|(index, raw)| tool(Members::of(raw.get(), format!("tools[{index}]"))?)).collect()
}

fn tool(mut tool: Members<'_>) -> Result<Tool<'_>, Invalid> {
    if tool.required_string("type")? != "function" {
        return Err(Invalid::unsupported_value(&tool.path("type"), "be function"));
    }
    let mut function = tool.required_object("function")?;
    let name = function.required_string("name")?;
    let description = function.string("description")?;
    let parameters = parameters(&mut function)?;
    let strict = function.flag("strict")?.map(|strict| Said::new(strict, function.path("strict")));
    let inner_mark = function.said_raw("cache_control");
    function.finish()?;
    let cache_control = tool.said_raw("cache_control").or(inner_mark).map(said_json);
    let path = Path(tool.place().to_owned());
    tool.finish()?;
    Ok(Tool { name, description, parameters, strict, cache_control, path })
}

fn parameters<'a>(function: &mut Members<'a>) -> Result<Option<Json<'a>>, Invalid> {
    let Some(raw) = function.take("parameters") else { return Ok(None) };
    Members::of(raw.get(), function.path("parameters"))?;
    Ok(Some(Json::new(raw)))
}

/// Takes `tool_choice`. Without tools there is nothing to choose.
pub(super) fn tool_choice<'a>(
    request: &mut Members<'a>,
    has_tools: bool,
) -> Result<Option<Said<ToolChoice<'a>>>, Invalid> {
    match choice(request)? {
        Some(choice) if has_tools => Ok(Some(Said::new(choice, "tool_choice"))),
        None | Some(ToolChoice::Auto | ToolChoice::None) => Ok(None),
        Some(_) => Err(Invalid::value("tool_choice", "be none or auto when there are no tools")),
    }
}

fn choice<'a>(request: &mut Members<'a>) -> Result<Option<ToolChoice<'a>>, Invalid> {
    let Some(raw) = request.take("tool_choice") else { return Ok(None) };
    let unsupported =
        || Invalid::unsupported_value("tool_choice", "be none, auto, required or a function");
    if let Some(word) = Text::of(raw) {
        return match word.as_ref() {
            "auto" => Ok(Some(ToolChoice::Auto)),
            "none" => Ok(Some(ToolChoice::None)),
            "required" => Ok(Some(ToolChoice::Required)),
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
    Ok(Some(ToolChoice::Named(name)))
}
