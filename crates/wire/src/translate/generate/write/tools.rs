//! Functions as they are declared, and which of them are to be called.

use serde::Serialize;

use crate::neutral::{Json, Prompt, Tool, ToolChoice};

/// All functions are one tool.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WrittenTools<'p> {
    function_declarations: Vec<Declaration<'p>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Declaration<'p> {
    name: &'p str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'p str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters_json_schema: Option<&'p Json<'p>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct ToolConfig<'p> {
    function_calling_config: Calling<'p>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Calling<'p> {
    mode: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    allowed_function_names: Option<[&'p str; 1]>,
}

pub(super) fn tools<'p>(prompt: &'p Prompt<'_>) -> Option<[WrittenTools<'p>; 1]> {
    let function_declarations: Vec<_> = prompt.tools.iter().map(declaration).collect();
    (!function_declarations.is_empty()).then_some([WrittenTools { function_declarations }])
}

fn declaration<'p>(tool: &'p Tool<'_>) -> Declaration<'p> {
    Declaration {
        name: &tool.name,
        description: tool.description.as_deref(),
        parameters_json_schema: tool.parameters.as_ref(),
    }
}

/// Google's models follow schemas to the letter where a call is wanted, or where `VALIDATED` says
/// so for all functions.
pub(super) fn tool_config<'p>(prompt: &'p Prompt<'_>) -> Option<ToolConfig<'p>> {
    let is_strict = |tool: &Tool<'_>| tool.strict.as_ref().is_some_and(|strict| strict.value);
    let free = if prompt.tools.iter().any(is_strict) { "VALIDATED" } else { "AUTO" };
    let (mode, name) = match prompt.tool_choice.as_ref().map(|choice| &choice.value) {
        None if free == "AUTO" => return None,
        None | Some(ToolChoice::Auto) => (free, None),
        Some(ToolChoice::None) => ("NONE", None),
        Some(ToolChoice::Required) => ("ANY", None),
        Some(ToolChoice::Named(name)) => ("ANY", Some([name.as_ref()])),
    };
    let function_calling_config = Calling { mode, allowed_function_names: name };
    Some(ToolConfig { function_calling_config })
}
