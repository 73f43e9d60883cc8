//! Turns as Anthropic wants them: a system prompt, and turns that alternate.
//!
//! - Instructions become the system prompt, block by block, wherever they stand. Only the newest of
//!   Anthropic's models know instructions in the middle of a conversation, and Anthropic's own
//!   endpoint for OpenAI's SDKs moves them to the front in the same way.
//! - Turns of one side that follow each other become one. The results of tools come first in a turn
//!   of the user, because Anthropic wants them right behind their calls.
//! - A conversation that ends with the assistant is refused: other dialects answer it anew,
//!   Anthropic would continue its last sentence.

use serde::Serialize;

use super::block::{Block, Kind};
use crate::Invalid;
use crate::neutral::{self, Content, Part, Prompt, Role};

/// What is said, by whom.
#[derive(Default)]
pub(super) struct Conversation<'a> {
    pub(super) system: Vec<Block<'a>>,
    pub(super) turns: Vec<Turn<'a>>,
}

/// A turn: everything one side says before the other does.
#[derive(Serialize)]
pub(super) struct Turn<'a> {
    role: Side,
    content: Vec<Block<'a>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Side {
    User,
    Assistant,
}

impl<'a> Conversation<'a> {
    pub(super) fn of(prompt: &'a Prompt<'a>) -> Result<Conversation<'a>, Invalid> {
        let mut conversation = Conversation::default();
        for turn in &prompt.turns {
            conversation.add(turn)?;
        }
        let ends = [conversation.turns.first(), conversation.turns.last()];
        if ends.iter().any(|turn| turn.is_none_or(|turn| turn.role != Side::User)) {
            let rule = "begin with the user and end with the user or a tool";
            return Err(Invalid::unsupported_value(list_of(prompt), rule));
        }
        Ok(conversation)
    }

    fn add(&mut self, turn: &'a neutral::Turn<'a>) -> Result<(), Invalid> {
        if let Some(name) = &turn.name {
            return Err(name.unsupported());
        }
        match turn.role {
            Role::System => self.instruct(turn),
            Role::User => self.say(Side::User, turn),
            Role::Assistant => self.say(Side::Assistant, turn),
        }
    }

    fn instruct(&mut self, turn: &'a neutral::Turn<'a>) -> Result<(), Invalid> {
        for part in &turn.parts {
            if !matches!(part.content, Content::Text(_)) {
                return Err(Invalid::unsupported_value(&part.path.0, "be text"));
            }
            self.system.extend(Block::of_part(part)?);
        }
        Ok(())
    }

    fn say(&mut self, side: Side, turn: &'a neutral::Turn<'a>) -> Result<(), Invalid> {
        let mut says_nothing = true;
        for part in &turn.parts {
            self.check(side, part)?;
            if let Some(block) = Block::of_part(part)? {
                self.push(side, block);
                says_nothing = false;
            }
        }
        if says_nothing {
            return Err(Invalid::unsupported_value(&turn.path.0, "not be empty"));
        }
        Ok(())
    }

    /// Whether this side may say such a thing now.
    fn check(&self, side: Side, part: &Part<'_>) -> Result<(), Invalid> {
        let fits = match part.content {
            Content::Text(_) => true,
            Content::Result { .. } if side == Side::User && !self.awaits_results() => {
                let rule = "follow the call of a tool or another result";
                return Err(Invalid::value(&part.path.0, rule));
            }
            Content::Image(_) | Content::Document(_) | Content::Result { .. } => side == Side::User,
            Content::Audio(_) | Content::Video(_) => false,
            Content::Refusal(_)
            | Content::Thought { .. }
            | Content::SealedThought(_)
            | Content::Call { .. } => side == Side::Assistant,
        };
        if fits { Ok(()) } else { Err(Invalid::unsupported(&part.path.0)) }
    }

    /// Whether a result of a tool may come now: behind a turn of the assistant, or other results.
    fn awaits_results(&self) -> bool {
        let Some(turn) = self.turns.last() else { return false };
        let last = turn.content.last().map(|block| &block.kind);
        turn.role == Side::Assistant || matches!(last, Some(Kind::ToolResult { .. }))
    }

    fn push(&mut self, role: Side, block: Block<'a>) {
        match self.turns.last_mut() {
            Some(turn) if turn.role == role => turn.content.push(block),
            _ => self.turns.push(Turn { role, content: vec![block] }),
        }
    }
}

/// What the caller calls the list of turns: `messages`, `contents`, `input`.
fn list_of<'a>(prompt: &'a Prompt<'_>) -> &'a str {
    let last = prompt.turns.last().map(|turn| turn.path.0.as_str());
    last.and_then(|path| path.split('[').next()).unwrap_or("messages")
}
