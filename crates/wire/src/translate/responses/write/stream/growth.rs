//! The output as it grows, event by event.

use std::borrow::Cow;
use std::mem;

use super::super::logprob::Token;
use super::super::output::{Item, Part, Status};
use super::event::{Events, Piece};

/// The items so far. The last event holds them all, so all are kept.
#[derive(Default)]
pub(super) struct Growth {
    pub(super) response_id: String,
    pub(super) items: Vec<Item<'static>>,
    pub(super) events: Events,
    /// What may go on in the last part of the last item.
    open: Option<Kind>,
    /// Calls, by the number that the provider gave them; and their place among the items.
    calls: Vec<(u32, usize)>,
}

/// What a part is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    Refusal,
    Thought,
}

/// The events of a part.
struct Names {
    added: &'static str,
    delta: &'static str,
    said: &'static str,
    done: &'static str,
}

impl Growth {
    /// More of a text, with how likely its tokens were where that is told.
    pub(super) fn say(&mut self, kind: Kind, text: &str, tokens: Vec<Token>, out: &mut Vec<u8>) {
        if self.open != Some(kind) {
            self.open(kind, out);
        }
        let logprobs = (kind == Kind::Text).then_some(tokens.as_slice());
        let piece = Piece { delta: Some(text), logprobs, ..last_part(&self.items) };
        self.events.piece(kind.names().delta, &piece, out);
        if let Some(part) = self.items.last_mut().and_then(|item| item.parts_mut().last_mut()) {
            part.add(text, tokens);
        }
    }

    /// Seals the open thought, or one without words: then it belongs to the call that follows.
    pub(super) fn sign(&mut self, seal: &str, out: &mut Vec<u8>) {
        if self.open != Some(Kind::Thought) {
            self.open(Kind::Thought, out);
        }
        self.seal(seal);
        self.close(Status::Completed, out);
    }

    /// A thought of which nothing can be shown.
    pub(super) fn sealed(&mut self, seal: &str, out: &mut Vec<u8>) {
        self.close(Status::Completed, out);
        self.push(Item::reasoning(&self.response_id, self.items.len()), out);
        self.seal(seal);
        self.end_item(self.items.len() - 1, Status::Completed, out);
    }

    pub(super) fn call(&mut self, call: u32, id: &str, name: &str, out: &mut Vec<u8>) {
        self.close(Status::Completed, out);
        let index = self.items.len();
        let (id, name) = (Cow::Owned(id.to_owned()), Cow::Owned(name.to_owned()));
        self.push(Item::call(&self.response_id, index, id, name, ""), out);
        self.calls.push((call, index));
    }

    /// More of the input of a call.
    pub(super) fn input(&mut self, call: u32, json: &str, out: &mut Vec<u8>) {
        let known = self.calls.iter().find(|(known, _)| *known == call);
        if let Some((_, index)) = known {
            self.arguments(*index, json, out);
        }
    }

    /// Ends everything that is open; an answer that was cut off was so in its last item.
    pub(super) fn end(&mut self, last: Status, out: &mut Vec<u8>) {
        let count = self.items.len();
        let status = |index: usize| if index + 1 == count { last } else { Status::Completed };
        self.close(last, out);
        for (_, index) in mem::take(&mut self.calls) {
            self.end_call(index, status(index), out);
        }
    }

    fn open(&mut self, kind: Kind, out: &mut Vec<u8>) {
        match self.open {
            Some(open) if open.is_said() && kind.is_said() => self.end_part(open, out),
            _ => {
                self.close(Status::Completed, out);
                self.push(kind.item(&self.response_id, self.items.len()), out);
            }
        }
        if let Some(item) = self.items.last_mut() {
            item.push(kind.part());
        }
        self.open = Some(kind);
        self.tell_part(kind.names().added, out);
    }

    /// Ends the open part, and with it the item.
    fn close(&mut self, status: Status, out: &mut Vec<u8>) {
        if let Some(kind) = self.open.take() {
            self.end_part(kind, out);
            self.end_item(self.items.len() - 1, status, out);
        }
    }

    fn end_part(&mut self, kind: Kind, out: &mut Vec<u8>) {
        let place = last_part(&self.items);
        let said = match self.items.last().and_then(|item| item.parts().last()) {
            Some(Part::OutputText { text, logprobs, .. }) => {
                Piece { text: Some(text), logprobs: Some(logprobs), ..place }
            }
            Some(Part::SummaryText { text }) => Piece { text: Some(text), ..place },
            Some(Part::Refusal { refusal }) => Piece { refusal: Some(refusal), ..place },
            None => place,
        };
        self.events.piece(kind.names().said, &said, out);
        self.tell_part(kind.names().done, out);
    }

    fn tell_part(&mut self, name: &'static str, out: &mut Vec<u8>) {
        let part = self.items.last().and_then(|item| item.parts().last());
        let piece = Piece { part, ..last_part(&self.items) };
        self.events.piece(name, &piece, out);
    }

    fn end_call(&mut self, index: usize, status: Status, out: &mut Vec<u8>) {
        if let Some(Item::FunctionCall { arguments, .. }) = self.items.get(index)
            && arguments.is_empty()
        {
            self.arguments(index, "{}", out);
        }
        if let Some(Item::FunctionCall { id, name, arguments, .. }) = self.items.get(index) {
            let (name, arguments) = (Some(name.as_ref()), Some(arguments.as_ref()));
            let piece =
                Piece { item_id: id, output_index: index, name, arguments, ..Piece::default() };
            self.events.piece("response.function_call_arguments.done", &piece, out);
        }
        self.end_item(index, status, out);
    }

    fn arguments(&mut self, index: usize, json: &str, out: &mut Vec<u8>) {
        let Some(Item::FunctionCall { id, arguments, .. }) = self.items.get_mut(index) else {
            return;
        };
        arguments.to_mut().push_str(json);
        let delta = Some(json);
        let piece = Piece { item_id: id, output_index: index, delta, ..Piece::default() };
        self.events.piece("response.function_call_arguments.delta", &piece, out);
    }

    fn push(&mut self, item: Item<'static>, out: &mut Vec<u8>) {
        self.events.item("response.output_item.added", self.items.len(), &item, out);
        self.items.push(item);
    }

    fn end_item(&mut self, index: usize, status: Status, out: &mut Vec<u8>) {
        if let Some(item) = self.items.get_mut(index) {
            item.end(status);
            self.events.item("response.output_item.done", index, item, out);
        }
    }

    fn seal(&mut self, seal: &str) {
        if let Some(item) = self.items.last_mut() {
            item.seal(Some(Cow::Owned(seal.to_owned())));
        }
    }
}

/// Where the last part of the last item stands.
fn last_part<'a>(items: &'a [Item<'_>]) -> Piece<'a> {
    let Some(item) = items.last() else { return Piece::default() };
    let index = item.parts().len().checked_sub(1);
    let (content_index, summary_index) = match item {
        Item::Reasoning { .. } => (None, index),
        Item::Message { .. } | Item::FunctionCall { .. } => (index, None),
    };
    let output_index = items.len() - 1;
    Piece { item_id: item.id(), output_index, content_index, summary_index, ..Piece::default() }
}

impl Kind {
    /// Whether it is part of a message: texts and refusals share one.
    fn is_said(self) -> bool {
        self != Kind::Thought
    }

    fn item(self, response: &str, index: usize) -> Item<'static> {
        match self {
            Kind::Text | Kind::Refusal => Item::message(response, index),
            Kind::Thought => Item::reasoning(response, index),
        }
    }

    fn part(self) -> Part<'static> {
        match self {
            Kind::Text => Part::text(""),
            Kind::Refusal => Part::Refusal { refusal: Cow::Borrowed("") },
            Kind::Thought => Part::SummaryText { text: Cow::Borrowed("") },
        }
    }

    fn names(self) -> Names {
        let (delta, said) = match self {
            Kind::Text => ("response.output_text.delta", "response.output_text.done"),
            Kind::Refusal => ("response.refusal.delta", "response.refusal.done"),
            Kind::Thought => {
                ("response.reasoning_summary_text.delta", "response.reasoning_summary_text.done")
            }
        };
        let (added, done) = match self {
            Kind::Text | Kind::Refusal => {
                ("response.content_part.added", "response.content_part.done")
            }
            Kind::Thought => {
                ("response.reasoning_summary_part.added", "response.reasoning_summary_part.done")
            }
        };
        Names { added, delta, said, done }
    }
}
