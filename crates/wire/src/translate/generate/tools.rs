//! Functions that the caller runs, and which of them are to be called.

use super::object::{finish, object, objects};
use super::schema::json_schema;
use crate::Invalid;
use crate::neutral::{Json, Path, Prompt, Said, Tool, ToolChoice};
use crate::text::Text;
use crate::translate::object::{LeftOut, Members};

/// A function is waited for, as everywhere.
const DECLARATION_LEFT_OUT: &LeftOut = &[("behavior", &[r#""BLOCKING""#, r#""UNSPECIFIED""#])];

/// Takes `tools`; those that Google runs are refused.
pub(super) fn read_tools<'a>(request: &mut Members<'a>) -> Result<Vec<Tool<'a>>, Invalid> {
    let mut tools = Vec::new();
    for mut tool in objects(request, "tools")? {
        for declaration in objects(&mut tool, "functionDeclarations")? {
            tools.push(read_tool(declaration)?);
        }
        finish(tool)?;
    }
    Ok(tools)
}

fn read_tool(mut declaration: Members<'_>) -> Result<Tool<'_>, Invalid> {
    declaration.leave_out(DECLARATION_LEFT_OUT);
    let path = Path(declaration.path("name"));
    let name = declaration.required_string("name")?;
    let description = declaration.string("description")?.filter(|text| !text.is_empty());
    let schema_path = declaration.path("parameters");
    let parameters =
        match (declaration.take("parametersJsonSchema"), declaration.take("parameters")) {
            (Some(schema), None) => Some(Json::new(schema)),
            (None, Some(schema)) => Some(json_schema(schema, &schema_path)?),
            (None, None) => None,
            (Some(_), Some(_)) => {
                return Err(Invalid::value(
                    &schema_path,
                    "not stand beside `parametersJsonSchema`",
                ));
            }
        };
    finish(declaration)?;
    Ok(Tool { name, description, parameters, strict: None, cache_control: None, path })
}

/// Takes `toolConfig`. Google's `VALIDATED` is `AUTO` where every call follows its schema.
pub(super) fn read_tool_choice<'a>(
    request: &mut Members<'a>,
    prompt: &mut Prompt<'a>,
) -> Result<(), Invalid> {
    let Some(mut config) = object(request, "toolConfig")? else { return Ok(()) };
    let calling = object(&mut config, "functionCallingConfig")?;
    finish(config)?;
    let Some(mut calling) = calling else { return Ok(()) };
    let path = calling.path("mode");
    let Some(mode) = calling.string("mode")? else { return finish(calling) };
    let choice = match mode.as_ref() {
        "MODE_UNSPECIFIED" => return finish(calling),
        "AUTO" => ToolChoice::Auto,
        "NONE" => ToolChoice::None,
        "ANY" => any(&mut calling)?,
        "VALIDATED" => {
            let strict = Said::new(true, path.clone());
            prompt.tools.iter_mut().for_each(|tool| tool.strict = Some(strict.clone()));
            ToolChoice::Auto
        }
        _ => return Err(Invalid::unsupported_value(&path, "be AUTO, ANY, NONE or VALIDATED")),
    };
    prompt.tool_choice = Some(Said::new(choice, path));
    finish(calling)
}

/// Some function, or the only one that is allowed.
fn any<'a>(calling: &mut Members<'a>) -> Result<ToolChoice<'a>, Invalid> {
    let path = calling.path("allowedFunctionNames");
    let mut names = calling.array("allowedFunctionNames")?.into_iter();
    match (names.next(), names.next()) {
        (None, _) => Ok(ToolChoice::Required),
        (Some(name), None) => match Text::of(name) {
            Some(name) => Ok(ToolChoice::Named(name)),
            None => Err(Invalid::value(&path, "be an array of names")),
        },
        _ => Err(Invalid::unsupported_value(&path, "hold one name")),
    }
}
