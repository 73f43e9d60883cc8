//! Reads a responses request's [`Shape`] while its body is walked: kinds of items and parts, tools,
//! formats, and what the texts look like. Nothing of the content is kept.
//!
//! Turns are counted as chat's callers write them, so that the same conversation has the same shape
//! in either form: the instructions are a turn, and the calls behind a message belong to it.

use serde::de::{MapAccess, SeqAccess};

use super::super::shape::{Content, Parts, Tools, is_more_than_low, speaker};
use super::super::{Shape, Speaker, Turn};
use crate::Invalid;
use crate::json::{Kind, Reader, Text, Type, Walk, is_set, skip};

/// The members of a request that make up its shape, noted while the body is walked.
#[derive(Default)]
pub(super) struct Input {
    content: Content,
    input: Option<Kind>,
    instructions: Option<Kind>,
    /// The assistant's turn, to which calls may still be added.
    answer: Option<Turn>,
    /// An item is not an object.
    odd_item: bool,
    /// The provider has more of the conversation than stands here.
    remembered: bool,
}

impl Input {
    /// Whether [`Input::member`] is to be called for this member of the request.
    pub(super) fn takes(&self, key: &str) -> bool {
        matches!(
            key,
            "input"
                | "instructions"
                | "tools"
                | "text"
                | "reasoning"
                | "previous_response_id"
                | "conversation"
                | "prompt"
        )
    }

    /// Reads one member of the request.
    pub(super) fn member<'de, A: MapAccess<'de>>(
        &mut self,
        key: &str,
        request: &mut A,
    ) -> Result<(), A::Error> {
        match key {
            "input" => self.input = Some(request.next_value_seed(Walk(&mut Items(self)))?),
            "instructions" => {
                let mut turn = turn_of(Speaker::System);
                let mut read = Text(|text: &str| turn.text(text));
                let kind = request.next_value_seed(Walk(&mut read))?;
                if kind == Kind::String {
                    self.content.shape.add(&turn);
                }
                self.instructions = Some(kind);
            }
            "tools" => drop(request.next_value_seed(Walk(&mut Tools(&mut self.content)))?),
            "text" => drop(request.next_value_seed(Walk(&mut TextOptions(&mut self.content)))?),
            "reasoning" => drop(request.next_value_seed(Walk(&mut Effort(&mut self.content)))?),
            _ => self.remembered |= is_set(request)?,
        }
        Ok(())
    }

    /// The shape, when there is an input and all items are objects.
    pub(super) fn shape(&mut self) -> Result<Shape, Invalid> {
        self.end_answer();
        if !matches!(self.instructions, None | Some(Kind::Null | Kind::String)) {
            return Err(Invalid::value("instructions", "be a string"));
        }
        let said = self.content.shape.messages > 0 || self.remembered;
        match self.input {
            None | Some(Kind::Null) if self.remembered => Ok(self.content.shape),
            None | Some(Kind::Null) => Err(Invalid::missing("input")),
            Some(Kind::String | Kind::Array) if said && !self.odd_item => Ok(self.content.shape),
            Some(_) => {
                Err(Invalid::value("input", "be a string or an array of one or more objects"))
            }
        }
    }

    pub(super) fn is_unbounded(&self) -> bool {
        self.content.unbounded || self.remembered
    }

    fn item(&mut self, kind: ItemKind, turn: Turn) {
        match kind {
            ItemKind::Message if turn.speaker == Some(Speaker::Assistant) => {
                self.end_answer();
                self.answer = Some(turn);
            }
            ItemKind::Call => {
                self.answer.get_or_insert_with(|| turn_of(Speaker::Assistant)).call_tool();
            }
            ItemKind::Message | ItemKind::Result => {
                self.end_answer();
                self.content.shape.add(&turn);
            }
            ItemKind::Reasoning => {}
            ItemKind::Other => self.content.unbounded = true,
        }
    }

    fn end_answer(&mut self) {
        if let Some(turn) = self.answer.take() {
            self.content.shape.add(&turn);
        }
    }
}

/// The kinds of items that we tell apart.
#[derive(Clone, Copy, PartialEq, Eq)]
enum ItemKind {
    Message,
    Call,
    Result,
    Reasoning,
    /// What a provider's own tools did, what is only named, and what we do not know.
    Other,
}

impl ItemKind {
    fn named(name: &str) -> ItemKind {
        match name {
            "message" => ItemKind::Message,
            "function_call" | "custom_tool_call" => ItemKind::Call,
            "function_call_output" | "custom_tool_call_output" => ItemKind::Result,
            "reasoning" => ItemKind::Reasoning,
            _ => ItemKind::Other,
        }
    }
}

/// `input`: a text of the user, or an array of items
struct Items<'i>(&'i mut Input);

impl<'de> Reader<'de> for Items<'_> {
    fn string(&mut self, text: &str) {
        let mut turn = turn_of(Speaker::User);
        turn.text(text);
        self.0.content.shape.add(&turn);
    }

    fn item<A: SeqAccess<'de>>(&mut self, array: &mut A) -> Result<bool, A::Error> {
        let mut item = Item { content: &mut self.0.content, turn: Turn::default(), kind: None };
        let Some(found) = array.next_element_seed(Walk(&mut item))? else { return Ok(false) };
        let Item { turn, kind, .. } = item;
        // The type of a message may be left out, and so may that of a reference.
        let untyped = if turn.speaker.is_some() { ItemKind::Message } else { ItemKind::Other };
        let kind = kind.unwrap_or(untyped);
        self.0.odd_item |= found != Kind::Object;
        self.0.item(kind, turn);
        Ok(true)
    }
}

/// One of the items
struct Item<'c> {
    content: &'c mut Content,
    turn: Turn,
    kind: Option<ItemKind>,
}

impl<'de> Reader<'de> for Item<'_> {
    fn member<A: MapAccess<'de>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        match key {
            "type" => {
                let mut read = Text(|name: &str| self.kind = Some(ItemKind::named(name)));
                object.next_value_seed(Walk(&mut read))?;
            }
            "role" => {
                let mut read = Text(|role: &str| self.turn.speaker = Some(speaker(role)));
                object.next_value_seed(Walk(&mut read))?;
            }
            "content" | "output" => {
                if key == "output" {
                    self.turn.speaker = Some(Speaker::Tool);
                }
                let mut parts = Parts { content: self.content, turn: &mut self.turn };
                let kind = object.next_value_seed(Walk(&mut parts))?;
                self.content.unbounded |= kind == Kind::Object;
            }
            _ => skip(object)?,
        }
        Ok(())
    }
}

/// `text`
struct TextOptions<'c>(&'c mut Content);

impl<'de> Reader<'de> for TextOptions<'_> {
    fn member<A: MapAccess<'de>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        if key != "format" {
            return skip(object);
        }
        let mut read = Type(|name: &str| self.0.shape.json_schema = name == "json_schema");
        object.next_value_seed(Walk(&mut read)).map(drop)
    }
}

/// `reasoning`
struct Effort<'c>(&'c mut Content);

impl<'de> Reader<'de> for Effort<'_> {
    fn member<A: MapAccess<'de>>(&mut self, key: &str, object: &mut A) -> Result<(), A::Error> {
        if key != "effort" {
            return skip(object);
        }
        let mut read = Text(|word: &str| self.0.shape.reasoning = is_more_than_low(word));
        object.next_value_seed(Walk(&mut read)).map(drop)
    }
}

/// A turn of this speaker, in which nothing has been said yet.
fn turn_of(speaker: Speaker) -> Turn {
    let mut turn = Turn::default();
    turn.speaker = Some(speaker);
    turn
}
