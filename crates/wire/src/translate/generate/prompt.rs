//! What a caller's request asks.

use super::config::read_config;
use super::contents::read_turns;
use super::object::{finish, members, object};
use super::tools::{read_tool_choice, read_tools};
use crate::neutral::Prompt;
use crate::translate::object::LeftOut;
use crate::{GenerateRequest, Invalid};

/// Fields that change nothing in the answer, or with these values ask for nothing.
const LEFT_OUT: &LeftOut = &[
    ("labels", &["{}"]),
    ("safetySettings", &["[]"]),
    ("serviceTier", &[r#""unspecified""#, r#""standard""#]),
    // Whether Google keeps a log of it.
    ("store", &[]),
    // Of the path, and checked to be the same.
    ("model", &[]),
];

/// What a request of a caller asks.
pub(in crate::translate) fn read_prompt(request: &GenerateRequest) -> Result<Prompt<'_>, Invalid> {
    let gist = request.gist();
    // The body passed as strict JSON, so it is UTF-8.
    let body = str::from_utf8(gist.body()).unwrap_or_default();
    let mut request = members(body, String::new())?;
    request.leave_out(LEFT_OUT);
    let mut prompt = Prompt {
        turns: read_turns(&mut request)?,
        tools: read_tools(&mut request)?,
        output_tokens: gist.max_output_tokens(),
        stream: gist.stream(),
        ..Prompt::default()
    };
    read_tool_choice(&mut request, &mut prompt)?;
    if let Some(config) = object(&mut request, "generationConfig")? {
        read_config(config, &mut prompt)?;
    }
    finish(request)?;
    Ok(prompt)
}
