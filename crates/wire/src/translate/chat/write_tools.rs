//! Tools, and their choice, as they are written for a provider.

use serde::Serialize;

use crate::Quirks;
use crate::neutral::{self, Json, Said};

/// A tool.
#[derive(Serialize)]
pub(super) struct Tool<'p> {
    #[serde(rename = "type")]
    kind: &'static str,
    function: Function<'p>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<&'p Json<'p>>,
}

#[derive(Serialize)]
struct Function<'p> {
    name: &'p str,
    #[serde(skip_serializing_if = "Option::is_none")]
    description: Option<&'p str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    parameters: Option<&'p Json<'p>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    strict: Option<bool>,
}

/// Which tools are to be called.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum ToolChoice<'p> {
    Word(&'static str),
    Function {
        #[serde(rename = "type")]
        kind: &'static str,
        function: Named<'p>,
    },
}

#[derive(Serialize)]
pub(super) struct Named<'p> {
    name: &'p str,
}

pub(super) fn tools<'p>(tools: &'p [neutral::Tool<'_>], quirks: &Quirks) -> Vec<Tool<'p>> {
    tools.iter().map(|tool| written(tool, quirks)).collect()
}

fn written<'p>(tool: &'p neutral::Tool<'_>, quirks: &Quirks) -> Tool<'p> {
    let function = Function {
        name: &tool.name,
        description: tool.description.as_deref(),
        parameters: tool.parameters.as_ref(),
        strict: tool.strict.as_ref().map(|strict| strict.value),
    };
    let mark = tool.cache_control.as_ref().filter(|_| quirks.cache_marks);
    Tool { kind: "function", function, cache_control: mark.map(|mark| &mark.value) }
}

pub(super) fn tool_choice<'p>(
    choice: Option<&'p Said<neutral::ToolChoice<'_>>>,
) -> Option<ToolChoice<'p>> {
    Some(match &choice?.value {
        neutral::ToolChoice::Auto => ToolChoice::Word("auto"),
        neutral::ToolChoice::None => ToolChoice::Word("none"),
        neutral::ToolChoice::Required => ToolChoice::Word("required"),
        neutral::ToolChoice::Named(name) => {
            ToolChoice::Function { kind: "function", function: Named { name } }
        }
    })
}
