//! Messages: OpenAI's flat list becomes a system prompt and turns that alternate.
//!
//! - System and developer messages become the system prompt, block by block, wherever they stand.
//!   Only the newest of Anthropic's models know instructions in the middle of a conversation, and
//!   Anthropic's own endpoint for OpenAI's SDKs moves them to the front in the same way.
//! - Messages of one side that follow each other become one turn. The results of tools come first
//!   in a turn of the user, because Anthropic wants them right behind their calls.
//! - A conversation that ends with the assistant is refused: OpenAI answers it anew, Anthropic
//!   would continue its last sentence.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use super::parts::{self, Block, Content};
use crate::translate::object::{LeftOut, Members};
use crate::{Invalid, json};

/// What is said, by whom.
#[derive(Default)]
pub(super) struct Conversation<'a> {
    pub(super) system: Vec<Block<'a>>,
    pub(super) turns: Vec<Turn<'a>>,
}

/// A turn: everything one side says before the other does.
#[derive(Serialize)]
pub(super) struct Turn<'a> {
    role: Role,
    content: Vec<Block<'a>>,
}

#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
enum Role {
    User,
    Assistant,
}

/// What callers hand back of an earlier answer and no provider reads: its sources, and thoughts
/// that lack the signature without which Anthropic refuses them.
const ASSISTANT_LEFT_OUT: &LeftOut =
    &[("annotations", &[]), ("reasoning", &[]), ("reasoning_content", &[])];

/// A result is told apart by the id of its call, so the tool's name says nothing more.
const TOOL_LEFT_OUT: &LeftOut = &[("name", &[])];

/// Where a call stood in a stream that the caller put together.
const CALL_LEFT_OUT: &LeftOut = &[("index", &[])];

impl<'a> Conversation<'a> {
    /// Reads `messages`.
    pub(super) fn read(messages: Vec<&'a RawValue>) -> Result<Conversation<'a>, Invalid> {
        let mut conversation = Conversation::default();
        for (index, raw) in messages.into_iter().enumerate() {
            let message = Members::of(raw.get(), format!("messages[{index}]"))?;
            conversation.message(message)?;
        }
        let ends = [conversation.turns.first(), conversation.turns.last()];
        if ends.iter().any(|turn| turn.is_none_or(|turn| turn.role != Role::User)) {
            let rule = "begin with the user and end with the user or a tool";
            return Err(Invalid::unsupported_value("messages", rule));
        }
        Ok(conversation)
    }

    fn message(&mut self, mut message: Members<'a>) -> Result<(), Invalid> {
        match message.required_string("role")?.as_ref() {
            "system" | "developer" => self.instruct(message),
            "user" => self.ask(message),
            "assistant" => self.answer(message),
            "tool" => self.tool_result(message),
            _ => {
                let rule = "be system, developer, user, assistant or tool";
                Err(Invalid::unsupported_value(&message.path("role"), rule))
            }
        }
    }

    fn instruct(&mut self, mut message: Members<'a>) -> Result<(), Invalid> {
        let mut blocks = parts::content(&mut message, &["text"])?;
        mark(&mut blocks, &mut message);
        self.system.extend(blocks);
        message.finish()
    }

    fn ask(&mut self, mut message: Members<'a>) -> Result<(), Invalid> {
        let blocks = parts::content(&mut message, &["text", "image_url"])?;
        self.say(Role::User, blocks, message)
    }

    fn answer(&mut self, mut message: Members<'a>) -> Result<(), Invalid> {
        message.leave_out(ASSISTANT_LEFT_OUT);
        let mut blocks = parts::content(&mut message, &["text", "refusal"])?;
        blocks.extend(message.string("refusal")?.and_then(Block::text));
        let path = message.path("tool_calls");
        for (index, raw) in message.array("tool_calls")?.into_iter().enumerate() {
            blocks.push(tool_use(Members::of(raw.get(), format!("{path}[{index}]"))?)?);
        }
        self.say(Role::Assistant, blocks, message)
    }

    fn tool_result(&mut self, mut message: Members<'a>) -> Result<(), Invalid> {
        message.leave_out(TOOL_LEFT_OUT);
        if !self.awaits_results() {
            let rule = "follow the call of a tool or another result";
            return Err(Invalid::value(&message.path("role"), rule));
        }
        let tool_use_id = tool_use_id(&mut message, "tool_call_id")?;
        let content = parts::content(&mut message, &["text"])?;
        let result = Content::ToolResult { tool_use_id, content };
        self.say(Role::User, vec![Block::new(result)], message)
    }

    /// Whether a result of a tool may come now: behind a turn of the assistant, or other results.
    fn awaits_results(&self) -> bool {
        let Some(turn) = self.turns.last() else { return false };
        let last = turn.content.last().map(|block| &block.content);
        turn.role == Role::Assistant || matches!(last, Some(Content::ToolResult { .. }))
    }

    fn say(
        &mut self,
        role: Role,
        mut blocks: Vec<Block<'a>>,
        mut message: Members<'a>,
    ) -> Result<(), Invalid> {
        mark(&mut blocks, &mut message);
        if blocks.is_empty() {
            return Err(Invalid::unsupported_value(&message.path("content"), "not be empty"));
        }
        message.finish()?;
        match self.turns.last_mut() {
            Some(turn) if turn.role == role => turn.content.extend(blocks),
            _ => self.turns.push(Turn { role, content: blocks }),
        }
        Ok(())
    }
}

/// A cache mark on a whole message stands on its last block.
fn mark<'a>(blocks: &mut [Block<'a>], message: &mut Members<'a>) {
    let mark = message.take("cache_control");
    if let Some(last) = blocks.last_mut() {
        last.cache_control = last.cache_control.or(mark);
    }
}

fn tool_use(mut call: Members<'_>) -> Result<Block<'_>, Invalid> {
    call.leave_out(CALL_LEFT_OUT);
    if call.string("type")?.is_some_and(|kind| kind != "function") {
        return Err(Invalid::unsupported_value(&call.path("type"), "be function"));
    }
    let id = tool_use_id(&mut call, "id")?;
    let missing = Invalid::missing(&call.path("function"));
    let mut function = call.object("function")?.ok_or(missing)?;
    let name = function.required_string("name")?;
    let input = arguments(&mut function)?;
    function.finish()?;
    let cache_control = call.take("cache_control");
    call.finish()?;
    Ok(Block { content: Content::ToolUse { id, name, input }, cache_control })
}

/// The arguments of a call: JSON in a string, which models and callers leave empty for none.
fn arguments(function: &mut Members<'_>) -> Result<Box<RawValue>, Invalid> {
    let path = function.path("arguments");
    let text = function.string("arguments")?.unwrap_or_default();
    let text = if text.trim().is_empty() { Cow::Borrowed("{}") } else { text };
    json::check(text.as_bytes())
        .ok()
        .and_then(|()| RawValue::from_string(text.into_owned()).ok())
        .ok_or_else(|| Invalid::value(&path, "be a strict json object in a string"))
}

/// The id of a call, of the letters that Anthropic takes.
fn tool_use_id<'a>(members: &mut Members<'a>, name: &str) -> Result<Cow<'a, str>, Invalid> {
    let id = members.required_string(name)?;
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if id.is_empty() || !id.bytes().all(allowed) {
        let rule = "be letters, digits, `_` and `-`";
        return Err(Invalid::unsupported_value(&members.path(name), rule));
    }
    Ok(id)
}
