//! Tools that the caller runs, and which of them are to be called.

use serde_json::value::RawValue;

use crate::Invalid;
use crate::neutral::{Json, Path, Said, Tool, ToolChoice};
use crate::text::Text;
use crate::translate::object::{LeftOut, Members};

/// Loading a tool at once and letting the model alone call it is what happens anyway.
const TOOL_LEFT_OUT: &LeftOut =
    &[("defer_loading", &["false"]), ("allowed_callers", &[r#"["direct"]"#])];

/// Takes `tools`.
pub(super) fn tools<'a>(members: &mut Members<'a>) -> Result<Vec<Tool<'a>>, Invalid> {
    let tools = members.array("tools")?.into_iter().enumerate();
    tools.map(|(index, raw)| tool(raw, format!("tools[{index}]"))).collect()
}

fn tool(raw: &RawValue, path: String) -> Result<Tool<'_>, Invalid> {
    let mut tool = Members::of(raw.get(), path.clone())?;
    if tool.required_string("type")? != "function" {
        return Err(Invalid::unsupported_value(&tool.path("type"), "be function"));
    }
    tool.leave_out(TOOL_LEFT_OUT);
    let strict = tool.path("strict");
    let told = Tool {
        name: tool.required_string("name")?,
        description: tool.string("description")?,
        parameters: tool.take("parameters").map(Json::new),
        // That arguments may differ from the schema is what the other dialects take for granted.
        strict: tool.flag("strict")?.filter(|strict| *strict).map(|on| Said::new(on, strict)),
        cache_control: None,
        path: Path(path),
    };
    tool.finish()?;
    Ok(told)
}

/// Takes `tool_choice`.
pub(super) fn tool_choice<'a>(
    members: &mut Members<'a>,
) -> Result<Option<Said<ToolChoice<'a>>>, Invalid> {
    const PATH: &str = "tool_choice";
    let Some(raw) = members.take(PATH) else { return Ok(None) };
    let choice = match Text::of(raw).as_deref() {
        Some("auto") => ToolChoice::Auto,
        Some("none") => ToolChoice::None,
        Some("required") => ToolChoice::Required,
        Some(_) => return Err(Invalid::value(PATH, "be none, auto, required or an object")),
        None => named(Members::of(raw.get(), PATH.to_owned())?)?,
    };
    Ok(Some(Said::new(choice, PATH)))
}

fn named(mut choice: Members<'_>) -> Result<ToolChoice<'_>, Invalid> {
    if choice.required_string("type")? != "function" {
        return Err(Invalid::unsupported_value(&choice.path("type"), "be function"));
    }
    let name = choice.required_string("name")?;
    choice.finish()?;
    Ok(ToolChoice::Named(name))
}
