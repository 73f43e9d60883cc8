//! What a request of a caller asks.

use super::items::turns;
use super::options::{format, logprobs, number, reasoning};
use super::tools::{tool_choice, tools};
use crate::neutral::{Part, Path, Prompt, Role, Said, Turn};
use crate::translate::object::{LeftOut, Members};
use crate::{Invalid, ResponsesRequest};

/// Members without effect on the answer, or with a value that is every dialect's default.
const LEFT_OUT: &LeftOut = &[
    ("background", &["false"]),
    ("service_tier", &[r#""auto""#, r#""default""#]),
    ("truncation", &[r#""disabled""#]),
    // Bookkeeping at OpenAI, and how long it caches.
    ("metadata", &[]),
    ("prompt_cache_key", &[]),
    ("prompt_cache_options", &[]),
    ("prompt_cache_retention", &[]),
    ("safety_identifier", &[]),
    ("store", &[]),
    // Padding of the events, against those who watch their lengths.
    ("stream_options", &[]),
    // What the gateway itself acts on.
    ("max_output_tokens", &[]),
    ("model", &[]),
    ("stream", &[]),
];

/// What only OpenAI can do: it keeps conversations and prompts, and runs tools itself.
const REFUSED: [&str; 9] = [
    "background",
    "context_management",
    "conversation",
    "max_tool_calls",
    "moderation",
    "previous_response_id",
    "prompt",
    "service_tier",
    "truncation",
];

/// What a request of a caller asks.
pub(in crate::translate) fn read_prompt(request: &ResponsesRequest) -> Result<Prompt<'_>, Invalid> {
    let gist = request.gist();
    let mut members = Members::of(request.text(), String::new())?;
    let user = members.string("user")?.map(|user| Said::new(user, "user"));
    let user = match (user, members.string("safety_identifier")?) {
        (None, Some(known)) => Some(Said::new(known, "safety_identifier")),
        (user, _) => user,
    };
    members.leave_out(LEFT_OUT);
    if let Some(name) = REFUSED.into_iter().find(|name| members.take(name).is_some()) {
        return Err(Invalid::unsupported(name));
    }
    let mut turns = turns(&mut members)?;
    turns.splice(0..0, instructions(&mut members)?);
    let prompt = Prompt {
        turns,
        tools: tools(&mut members)?,
        tool_choice: tool_choice(&mut members)?,
        parallel_calls: members
            .flag("parallel_tool_calls")?
            .map(|parallel| Said::new(parallel, "parallel_tool_calls")),
        format: format(&mut members)?,
        reasoning: reasoning(&mut members)?,
        temperature: number(&mut members, "temperature")?,
        top_p: number(&mut members, "top_p")?,
        presence_penalty: number(&mut members, "presence_penalty")?,
        frequency_penalty: number(&mut members, "frequency_penalty")?,
        output_tokens: gist.max_output_tokens(),
        logprobs: logprobs(&mut members)?,
        user,
        stream: gist.stream(),
        ..Prompt::default()
    };
    members.finish()?;
    Ok(prompt)
}

/// `instructions` stand before everything else.
fn instructions<'a>(members: &mut Members<'a>) -> Result<Option<Turn<'a>>, Invalid> {
    let text = members.string("instructions")?.unwrap_or_default();
    let part = Part::text(text, "instructions");
    Ok(part.map(|part| Turn {
        role: Role::System,
        parts: vec![part],
        name: None,
        path: Path("instructions".to_owned()),
    }))
}
