//! The system prompt and the turns.

use super::read_blocks::{self, Kinds};
use crate::Invalid;
use crate::neutral::{Content, Path, Role, Turn};
use crate::translate::object::Members;

const SYSTEM_KINDS: Kinds = &["text"];
const USER_KINDS: Kinds = &["text", "image", "document", "tool_result"];
const ASSISTANT_KINDS: Kinds = &["text", "thinking", "redacted_thinking", "tool_use"];

/// Takes `system` and `messages`.
pub(super) fn read<'a>(request: &mut Members<'a>) -> Result<Vec<Turn<'a>>, Invalid> {
    let instructions = read_blocks::content(request, "system", SYSTEM_KINDS)?;
    let mut turns = Vec::new();
    if !instructions.is_empty() {
        let path = Path(request.path("system"));
        turns.push(Turn { role: Role::System, parts: instructions, name: None, path });
    }
    for (index, raw) in request.array("messages")?.into_iter().enumerate() {
        let path = format!("messages[{index}]");
        turns.push(turn(Members::of(raw.get(), path.clone())?, path)?);
    }
    if turns.last().is_some_and(|turn| turn.role == Role::Assistant) {
        // Anthropic would continue its last sentence, others answer the conversation anew.
        return Err(Invalid::unsupported_value("messages", "end with the user"));
    }
    Ok(turns)
}

fn turn(mut message: Members<'_>, path: String) -> Result<Turn<'_>, Invalid> {
    let (role, kinds) = match message.required_string("role")?.as_ref() {
        "user" => (Role::User, USER_KINDS),
        "assistant" => (Role::Assistant, ASSISTANT_KINDS),
        "system" => (Role::System, SYSTEM_KINDS),
        _ => {
            let rule = "be user, assistant or system";
            return Err(Invalid::value(&message.path("role"), rule));
        }
    };
    let parts = read_blocks::content(&mut message, "content", kinds)?;
    message.finish()?;
    let turn = Turn { role, parts, name: None, path: Path(path) };
    results_first(&turn)?;
    Ok(turn)
}

/// Anthropic wants the results of tools before anything else in a turn.
fn results_first(turn: &Turn<'_>) -> Result<(), Invalid> {
    let is_result = |content: &Content<'_>| matches!(content, Content::Result { .. });
    let mut others = turn.parts.iter().skip_while(|part| is_result(&part.content));
    match others.find(|part| is_result(&part.content)) {
        Some(late) => Err(Invalid::value(&late.path.0, "stand before what is no tool_result")),
        None => Ok(()),
    }
}
