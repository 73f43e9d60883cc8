//! Tools that the caller runs, and which of them are to be called.

use super::read_prompt::{cache_control, value};
use crate::Invalid;
use crate::neutral::{Json, Path, Said, Tool, ToolChoice};
use crate::translate::object::{LeftOut, Members};

/// What changes nothing in the answer: how a call's input is cut into events, and what Anthropic
/// does unasked.
const TOOL_LEFT_OUT: &LeftOut = &[
    ("allowed_callers", &[r#"["direct"]"#]),
    ("defer_loading", &["false"]),
    ("eager_input_streaming", &[]),
    ("input_examples", &["[]"]),
];

/// Takes `tools`.
pub(super) fn tools<'a>(request: &mut Members<'a>) -> Result<Vec<Tool<'a>>, Invalid> {
    let tools = request.array("tools")?.into_iter().enumerate();
    let paths = tools.map(|(index, raw)| (format!("tools[{index}]"), raw));
    paths.map(|(path, raw)| tool(Members::of(raw.get(), path.clone())?, path)).collect()
}

/// A tool without a type is the caller's own; of the others the provider knows what they are.
fn tool(mut tool: Members<'_>, path: String) -> Result<Tool<'_>, Invalid> {
    if tool.string("type")?.is_some_and(|kind| kind != "custom") {
        return Err(Invalid::unsupported_value(&tool.path("type"), "be custom"));
    }
    tool.leave_out(TOOL_LEFT_OUT);
    let missing = Invalid::missing(&tool.path("input_schema"));
    let read = Tool {
        name: tool.required_string("name")?,
        description: tool.string("description")?,
        parameters: Some(Json::new(tool.take("input_schema").ok_or(missing)?)),
        strict: value(&mut tool, "strict", "be true or false")?,
        cache_control: cache_control(&mut tool),
        path: Path(path),
    };
    tool.finish()?;
    Ok(read)
}

type Choice<'a> = (Option<Said<ToolChoice<'a>>>, Option<Said<bool>>);

/// Takes `tool_choice`: which tools are to be called, and whether several at once.
pub(super) fn tool_choice<'a>(request: &mut Members<'a>) -> Result<Choice<'a>, Invalid> {
    let path = request.path("tool_choice");
    let Some(mut choice) = request.object("tool_choice")? else { return Ok((None, None)) };
    let kind = choice.required_string("type")?;
    let kind_path = choice.path("type");
    let which = match kind.as_ref() {
        "auto" => ToolChoice::Auto,
        "any" => ToolChoice::Required,
        "none" => ToolChoice::None,
        "tool" => ToolChoice::Named(choice.required_string("name")?),
        _ => return Err(Invalid::value(&kind_path, "be auto, any, tool or none")),
    };
    let sequential = value(&mut choice, "disable_parallel_tool_use", "be true or false")?;
    choice.finish()?;
    let parallel = sequential.map(|Said { value, path }: Said<bool>| Said { value: !value, path });
    Ok((Some(Said::new(which, path)), parallel))
}
