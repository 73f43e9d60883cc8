//! Contents as turns: what the caller's side and the model have said.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::calls::sign;
use super::calls::{OpenCalls, made_id, no_arguments};
use super::media::{read_file, read_inline};
use super::object::{finish, object, objects};
use crate::Invalid;
use crate::neutral::{Content, Json, Part, Path, Role, Turn};
use crate::translate::object::{LeftOut, Members};

/// What stands beside a part and is not shown to the model.
const PART_LEFT_OUT: &LeftOut = &[("partMetadata", &[])];

/// The system instruction, and the contents.
pub(super) fn read_turns<'a>(request: &mut Members<'a>) -> Result<Vec<Turn<'a>>, Invalid> {
    let mut turns = Vec::new();
    if let Some(mut system) = object(request, "systemInstruction")? {
        // Whatever it says its role is.
        system.take("role");
        turns.push(read_system(system)?);
    }
    let mut calls = OpenCalls::default();
    for (at, content) in objects(request, "contents")?.into_iter().enumerate() {
        turns.push(read_turn(content, at, &mut calls)?);
    }
    Ok(turns)
}

fn read_system(mut system: Members<'_>) -> Result<Turn<'_>, Invalid> {
    let mut parts = Vec::new();
    for mut part in objects(&mut system, "parts")? {
        part.leave_out(PART_LEFT_OUT);
        let path = part.path("text");
        parts.extend(Part::text(part.required_string("text")?, path));
        finish(part)?;
    }
    finish(system)?;
    let path = Path("systemInstruction".to_owned());
    Ok(Turn { role: Role::System, parts, name: None, path })
}

fn read_turn<'a>(
    mut content: Members<'a>,
    at: usize,
    calls: &mut OpenCalls<'a>,
) -> Result<Turn<'a>, Invalid> {
    let path = Path(format!("contents[{at}]"));
    let role = match content.string("role")?.as_deref() {
        // The older role of responses.
        None | Some("user" | "function") => Role::User,
        Some("model") => Role::Assistant,
        Some(_) => return Err(Invalid::value(&content.path("role"), "be user or model")),
    };
    let mut parts = Vec::new();
    for (index, part) in objects(&mut content, "parts")?.into_iter().enumerate() {
        match role {
            Role::Assistant => read_model(part, (at, index), calls, &mut parts)?,
            _ => read_user(part, calls, &mut parts)?,
        }
    }
    finish(content)?;
    Ok(Turn { role, parts, name: None, path })
}

/// A part of the caller's side.
fn read_user<'a>(
    mut part: Members<'a>,
    calls: &mut OpenCalls<'a>,
    parts: &mut Vec<Part<'a>>,
) -> Result<(), Invalid> {
    part.leave_out(PART_LEFT_OUT);
    if let Some(response) = object(&mut part, "functionResponse")? {
        let path = part.path("functionResponse");
        // The last one speaks for all: behind anything else comes no response.
        if !parts.last().is_none_or(|part| matches!(part.content, Content::Result { .. })) {
            return Err(Invalid::unsupported_value(
                &path,
                "stand before anything else of its turn",
            ));
        }
        parts.push(Part::new(read_response(response, calls)?, path));
    } else {
        parts.extend(read_said(&mut part)?);
    }
    finish(part)
}

/// A part of the model's.
fn read_model<'a>(
    mut part: Members<'a>,
    place: (usize, usize),
    calls: &mut OpenCalls<'a>,
    parts: &mut Vec<Part<'a>>,
) -> Result<(), Invalid> {
    part.leave_out(PART_LEFT_OUT);
    let path = part.path("thought");
    let is_thought = part.flag("thought")?.unwrap_or(false);
    let signature = part.string("thoughtSignature")?;
    if is_thought {
        let text = part.required_string("text")?;
        parts.push(Part::new(Content::Thought { text, signature }, path));
        return finish(part);
    }
    if let Some(signature) = signature {
        let last = parts.last_mut().map(|part| &mut part.content);
        let signed = sign(last, signature);
        parts.extend(signed.map(|thought| Part::new(thought, path)));
    }
    if let Some(call) = object(&mut part, "functionCall")? {
        let path = part.path("functionCall");
        parts.push(Part::new(read_call(call, place, calls)?, path));
    } else {
        parts.extend(read_said(&mut part)?);
    }
    finish(part)
}

/// A text or media; none when the text is empty.
fn read_said<'a>(part: &mut Members<'a>) -> Result<Option<Part<'a>>, Invalid> {
    for (name, read) in [("inlineData", read_inline as fn(_) -> _), ("fileData", read_file)] {
        if let Some(media) = object(part, name)? {
            return Ok(Some(Part::new(read(media)?, part.path(name))));
        }
    }
    let path = part.path("text");
    Ok(part.string("text")?.and_then(|text| Part::text(text, path)))
}

fn read_call<'a>(
    mut call: Members<'a>,
    (turn, index): (usize, usize),
    calls: &mut OpenCalls<'a>,
) -> Result<Content<'a>, Invalid> {
    let id = call.string("id")?.filter(|id| !id.is_empty());
    let id = id.unwrap_or_else(|| made_id(turn, index).into());
    let name = call.required_string("name")?;
    let input = match call.take("args") {
        Some(raw) if raw.get().starts_with('{') => Json::new(raw),
        Some(_) => return Err(Invalid::value(&call.path("args"), "be an object")),
        None => no_arguments(),
    };
    finish(call)?;
    calls.begin(id.clone(), name.clone());
    Ok(Content::Call { id, name, input })
}

fn read_response<'a>(
    mut response: Members<'a>,
    calls: &mut OpenCalls<'a>,
) -> Result<Content<'a>, Invalid> {
    let id = response.string("id")?;
    let name = response.required_string("name")?;
    let Some((id, name)) = calls.answer(id.as_deref(), &name) else {
        let rule = "be of a call before it that has no response yet";
        return Err(Invalid::value(&response.path("name"), rule));
    };
    let path = response.path("response");
    let said = response.take("response").ok_or_else(|| Invalid::missing(&path))?;
    finish(response)?;
    let (text, is_error) = result(said);
    let content = Part::text(text, path).into_iter().collect();
    Ok(Content::Result { id, name: Some(name), content, is_error })
}

/// What a function said, and whether that is an error. Google's reference has the members `output`
/// and `error`, its SDKs `result`; anything else is the whole of what it said.
fn result(response: &RawValue) -> (Cow<'_, str>, bool) {
    let mut members = crate::json::members(response.get());
    let (only, more) = (members.next(), members.next());
    match (only, more) {
        (Some((name, said)), None) if matches!(name.as_ref(), "result" | "output" | "error") => {
            (crate::json::text(said).unwrap_or(Cow::Borrowed(said)), name == "error")
        }
        _ => (Cow::Borrowed(response.get()), false),
    }
}
