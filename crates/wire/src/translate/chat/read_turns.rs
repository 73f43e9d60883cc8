//! The messages of a caller's chat request.
//!
//! System and developer messages stay where they stand. The result of a tool, which has a message
//! of its own here, becomes a turn of the user.

use std::borrow::Cow;

use super::read_parts::{content, mark};
use super::thoughts;
use crate::Invalid;
use crate::neutral::{Content, Part, Path, Role, Turn};
use crate::translate::object::{LeftOut, Members};
use crate::translate::openai::arguments;

/// What callers hand back of an earlier answer and no provider reads: its sources, and what LiteLLM
/// notes on it for itself.
const ASSISTANT_LEFT_OUT: &LeftOut = &[("annotations", &[]), ("provider_specific_fields", &[])];

/// Where a call stood in a stream that the caller put together.
const CALL_LEFT_OUT: &LeftOut = &[("index", &[])];

/// Takes `messages`.
pub(super) fn turns<'a>(request: &mut Members<'a>) -> Result<Vec<Turn<'a>>, Invalid> {
    let mut turns: Vec<Turn> = Vec::new();
    for (index, raw) in request.array("messages")?.into_iter().enumerate() {
        let message = Members::of(raw.get(), format!("messages[{index}]"))?;
        turns.push(turn(message, turns.last())?);
    }
    Ok(turns)
}

fn turn<'a>(mut message: Members<'a>, before: Option<&Turn<'a>>) -> Result<Turn<'a>, Invalid> {
    let (role, mut parts) = match message.required_string("role")?.as_ref() {
        "system" | "developer" => (Role::System, said(&mut message, &["text"])?),
        "user" => (Role::User, said(&mut message, &["text", "image_url", "input_audio", "file"])?),
        "assistant" => (Role::Assistant, answer(&mut message)?),
        "tool" => (Role::User, vec![tool_result(&mut message, before)?]),
        _ => {
            let rule = "be system, developer, user, assistant or tool";
            return Err(Invalid::unsupported_value(&message.path("role"), rule));
        }
    };
    mark(&mut parts, &mut message);
    let name = message.said_string("name")?;
    let path = Path(message.place().to_owned());
    message.finish()?;
    Ok(Turn { role, parts, name, path })
}

/// The content of a message that must have some.
fn said<'a>(message: &mut Members<'a>, kinds: &[&str]) -> Result<Vec<Part<'a>>, Invalid> {
    content(message, kinds)?.ok_or_else(|| Invalid::missing(&message.path("content")))
}

fn answer<'a>(message: &mut Members<'a>) -> Result<Vec<Part<'a>>, Invalid> {
    message.leave_out(ASSISTANT_LEFT_OUT);
    let mut parts = thoughts::read(message)?;
    let content = content(message, &["text", "refusal"])?;
    let is_silent = content.is_none();
    parts.extend(content.unwrap_or_default());
    let refusal = message.string("refusal")?.filter(|refusal| !refusal.is_empty());
    parts.extend(refusal.map(|said| Part::new(Content::Refusal(said), message.path("refusal"))));
    let path = message.path("tool_calls");
    for (index, raw) in message.array("tool_calls")?.into_iter().enumerate() {
        parts.push(call(Members::of(raw.get(), format!("{path}[{index}]"))?)?);
    }
    if parts.is_empty() && is_silent {
        return Err(Invalid::missing(&message.path("content")));
    }
    Ok(parts)
}

fn tool_result<'a>(
    message: &mut Members<'a>,
    before: Option<&Turn<'a>>,
) -> Result<Part<'a>, Invalid> {
    if !before.is_some_and(awaits_results) {
        let rule = "follow the call of a tool or another result";
        return Err(Invalid::value(&message.path("role"), rule));
    }
    let path = message.path("tool_call_id");
    let id = id(message, "tool_call_id")?;
    let name = message.string("name")?;
    let content = content(message, &["text"])?.unwrap_or_default();
    let result = Content::Result { id, name, content, is_error: false };
    Ok(Part::new(result, path))
}

/// Whether a result of a tool may come behind this.
fn awaits_results(turn: &Turn<'_>) -> bool {
    let last = turn.parts.last().map(|part| &part.content);
    turn.role == Role::Assistant || matches!(last, Some(Content::Result { .. }))
}

fn call(mut call: Members<'_>) -> Result<Part<'_>, Invalid> {
    call.leave_out(CALL_LEFT_OUT);
    if call.string("type")?.is_some_and(|kind| kind != "function") {
        return Err(Invalid::unsupported_value(&call.path("type"), "be function"));
    }
    let id = id(&mut call, "id")?;
    let mut function = call.required_object("function")?;
    let name = function.required_string("name")?;
    let input = arguments(&mut function)?;
    function.finish()?;
    let mut part = Part::new(Content::Call { id, name, input }, call.place());
    mark(std::slice::from_mut(&mut part), &mut call);
    call.finish()?;
    Ok(part)
}

fn id<'a>(members: &mut Members<'a>, name: &str) -> Result<Cow<'a, str>, Invalid> {
    let id = members.required_string(name)?;
    match id.is_empty() {
        true => Err(Invalid::value(&members.path(name), "not be empty")),
        false => Ok(id),
    }
}
