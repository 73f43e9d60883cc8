//! The input: items become turns.
//!
//! Items of the assistant that follow each other are one turn as long as they can be one answer:
//! thoughts, at most one message, then calls. Results of calls that follow each other are one turn
//! of the user.

use std::borrow::Cow;
use std::mem;

use serde_json::value::RawValue;

use super::parts::{content, output};
use super::thought;
use crate::neutral::{Content, Json, Part, Path, Role, Turn};
use crate::text::Text;
use crate::translate::object::{LeftOut, Members};
use crate::{Invalid, json};

/// What an item says of itself: its id at a provider, how far it came, and OpenAI's own hint
/// whether a message was its last word.
const ITEM_LEFT_OUT: &LeftOut = &[("id", &[]), ("status", &[]), ("phase", &[])];

/// Takes `input`.
pub(super) fn turns<'a>(members: &mut Members<'a>) -> Result<Vec<Turn<'a>>, Invalid> {
    let Some(raw) = members.take("input") else { return Err(Invalid::missing("input")) };
    if let Some(text) = Text::of(raw) {
        let parts = Part::text(text, "input").into_iter().collect();
        return Ok(vec![turn(Role::User, parts, "input".to_owned())]);
    }
    let Ok(items) = serde_json::from_str::<Vec<&RawValue>>(raw.get()) else {
        return Err(Invalid::value("input", "be a string or an array of items"));
    };
    let mut input = Input::default();
    for (index, raw) in items.into_iter().enumerate() {
        let at = format!("input[{index}]");
        input.item(Members::of(raw.get(), at.clone())?, at)?;
    }
    input.end_thoughts();
    Ok(input.turns)
}

/// The turns so far.
#[derive(Default)]
struct Input<'a> {
    turns: Vec<Turn<'a>>,
    /// Thoughts that belong to what follows them.
    thoughts: Vec<Part<'a>>,
}

impl<'a> Input<'a> {
    fn item(&mut self, mut item: Members<'a>, at: String) -> Result<(), Invalid> {
        item.leave_out(ITEM_LEFT_OUT);
        let kind = item.string("type")?.unwrap_or(Cow::Borrowed("message"));
        match kind.as_ref() {
            "message" => self.message(&mut item, at)?,
            "function_call" => self.call(&mut item, at)?,
            "function_call_output" => self.result(&mut item, at)?,
            "reasoning" => {
                let content = thought::read(&mut item)?;
                self.thoughts.extend(content.map(|content| Part::new(content, at)));
            }
            _ => {
                let rule = "be message, function_call, function_call_output or reasoning";
                return Err(Invalid::unsupported_value(&item.path("type"), rule));
            }
        }
        item.finish()
    }

    fn message(&mut self, item: &mut Members<'a>, at: String) -> Result<(), Invalid> {
        let role = match item.required_string("role")?.as_ref() {
            "user" => Role::User,
            "assistant" => Role::Assistant,
            "system" | "developer" => Role::System,
            _ => {
                let rule = "be user, assistant, system or developer";
                return Err(Invalid::unsupported_value(&item.path("role"), rule));
            }
        };
        if role != Role::Assistant {
            self.end_thoughts();
        }
        let mut parts = mem::take(&mut self.thoughts);
        parts.extend(content(item, role)?);
        self.turns.push(turn(role, parts, at));
        Ok(())
    }

    fn call(&mut self, item: &mut Members<'a>, at: String) -> Result<(), Invalid> {
        let call = Content::Call {
            id: item.required_string("call_id")?,
            name: item.required_string("name")?,
            input: arguments(item)?,
        };
        let mut parts = mem::take(&mut self.thoughts);
        parts.push(Part::new(call, at.clone()));
        self.join(Role::Assistant, parts, at);
        Ok(())
    }

    fn result(&mut self, item: &mut Members<'a>, at: String) -> Result<(), Invalid> {
        self.end_thoughts();
        let id = item.required_string("call_id")?;
        let name = item.string("name")?;
        let result = Content::Result { id, name, content: output(item)?, is_error: false };
        self.join(Role::User, vec![Part::new(result, at.clone())], at);
        Ok(())
    }

    /// Adds to the last turn if that is of this role and can go on: the assistant's with calls,
    /// the user's when it holds nothing but results.
    fn join(&mut self, role: Role, parts: Vec<Part<'a>>, at: String) {
        let is_result = |part: &Part<'_>| matches!(part.content, Content::Result { .. });
        let goes_on = |turn: &Turn<'_>| {
            let results = !turn.parts.is_empty() && turn.parts.iter().all(is_result);
            turn.role == role && (role == Role::Assistant || results)
        };
        match self.turns.last_mut() {
            Some(last) if goes_on(last) => last.parts.extend(parts),
            _ => self.turns.push(turn(role, parts, at)),
        }
    }

    /// Thoughts behind which nothing follows belong to what was said last.
    fn end_thoughts(&mut self) {
        let thoughts = mem::take(&mut self.thoughts);
        match self.turns.last_mut() {
            _ if thoughts.is_empty() => {}
            Some(last) if last.role == Role::Assistant => last.parts.extend(thoughts),
            _ => {
                let path = thoughts.first().map(|part| part.path.0.clone()).unwrap_or_default();
                self.turns.push(turn(Role::Assistant, thoughts, path));
            }
        }
    }
}

fn turn(role: Role, parts: Vec<Part<'_>>, path: String) -> Turn<'_> {
    Turn { role, parts, name: None, path: Path(path) }
}

/// The arguments of a call: JSON in a string, which models and callers leave empty for none.
fn arguments<'a>(call: &mut Members<'a>) -> Result<Json<'a>, Invalid> {
    let path = call.path("arguments");
    let text = call.string("arguments")?.unwrap_or_default();
    let text = if text.trim().is_empty() { Cow::Borrowed("{}") } else { text };
    json::check(text.as_bytes())
        .ok()
        .and_then(|()| RawValue::from_string(text.into_owned()).ok())
        .map(Json::from)
        .ok_or_else(|| Invalid::value(&path, "be a strict json object in a string"))
}
