//! The request to a provider of Gemini's dialect.
//!
//! Three things are left out because they change nothing in the answer: marks up to which a
//! provider is to cache (Google does so by itself), who the caller's user is, and what a file or a
//! format is called.

mod config;
mod contents;
mod tools;

use serde::Serialize;

use self::config::Config;
use self::contents::contents;
use self::tools::{ToolConfig, WrittenTools, tool_config, tools};
use super::part::WrittenContent;
use crate::neutral::Prompt;
use crate::{Invalid, Target};

/// The request to a provider that asks the same. The model and whether to stream stand in its
/// path.
pub(in crate::translate) fn write_prompt(
    prompt: &Prompt<'_>,
    to: &Target<'_>,
) -> Result<Vec<u8>, Invalid> {
    if let Some(one) = prompt.parallel_calls.as_ref().filter(|several| !several.value) {
        return Err(one.unsupported());
    }
    let (system_instruction, contents) = contents(prompt)?;
    let request = Request {
        system_instruction,
        tools: tools(prompt),
        tool_config: tool_config(prompt),
        contents,
        generation_config: Config::of(prompt, to)?,
    };
    // Strings, numbers and raw JSON always serialise.
    Ok(serde_json::to_vec(&request).unwrap_or_default())
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Request<'p> {
    #[serde(skip_serializing_if = "Option::is_none")]
    system_instruction: Option<WrittenContent<'p>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tools: Option<[WrittenTools<'p>; 1]>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_config: Option<ToolConfig<'p>>,
    contents: Vec<WrittenContent<'p>>,
    #[serde(skip_serializing_if = "Config::is_empty")]
    generation_config: Config<'p>,
}
