//! The items of an answer, whole or while they grow.

use std::borrow::Cow;

use serde::Serialize;

use super::logprob::Token;
use crate::neutral::{Choice, Content};

/// An item of the output.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Item<'a> {
    Message {
        id: String,
        status: Status,
        role: &'static str,
        content: Vec<Part<'a>>,
    },
    Reasoning {
        id: String,
        summary: Vec<Part<'a>>,
        #[serde(skip_serializing_if = "Option::is_none")]
        encrypted_content: Option<Cow<'a, str>>,
    },
    FunctionCall {
        id: String,
        call_id: Cow<'a, str>,
        name: Cow<'a, str>,
        arguments: Cow<'a, str>,
        status: Status,
    },
}

/// How far an item, or an answer, is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Status {
    InProgress,
    Completed,
    Incomplete,
}

/// A part of an item.
#[derive(Debug, Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Part<'a> {
    OutputText { text: Cow<'a, str>, annotations: [(); 0], logprobs: Vec<Token> },
    Refusal { refusal: Cow<'a, str> },
    SummaryText { text: Cow<'a, str> },
}

/// The items of a whole answer; the last is what was cut off if anything was.
pub(super) fn output<'a>(choice: &'a Choice<'_>, response: &str, last: Status) -> Vec<Item<'a>> {
    let mut items = Vec::new();
    for content in &choice.contents {
        add(&mut items, content, response);
    }
    let before = items.len().saturating_sub(1);
    for (index, item) in items.iter_mut().enumerate() {
        item.end(if index < before { Status::Completed } else { last });
    }
    let logprobs = choice.logprobs.iter().flatten().map(Token::from).collect();
    if let Some(all) = items.iter_mut().find_map(Item::logprobs) {
        *all = logprobs;
    }
    items
}

fn add<'a>(items: &mut Vec<Item<'a>>, content: &'a Content<'_>, response: &str) {
    let index = items.len();
    let part = match content {
        Content::Text(text) => Part::text(text),
        Content::Refusal(text) => Part::Refusal { refusal: Cow::Borrowed(text) },
        Content::Call { id, name, input } => {
            let (id, name) = (Cow::Borrowed(id.as_ref()), Cow::Borrowed(name.as_ref()));
            return items.push(Item::call(response, index, id, name, input.get()));
        }
        Content::Thought { text, signature } => {
            let mut item = Item::reasoning(response, index);
            item.seal(signature.as_deref().map(Cow::Borrowed));
            item.push(Part::SummaryText { text: Cow::Borrowed(text) });
            return items.push(item);
        }
        Content::SealedThought(data) => {
            let mut item = Item::reasoning(response, index);
            item.seal(Some(Cow::Borrowed(data)));
            return items.push(item);
        }
        // No answer holds these.
        Content::Image(_)
        | Content::Document(_)
        | Content::Audio(_)
        | Content::Video(_)
        | Content::Result { .. } => return,
    };
    if !matches!(items.last(), Some(Item::Message { .. })) {
        items.push(Item::message(response, index));
    }
    if let Some(message) = items.last_mut() {
        message.push(part);
    }
}

/// Follows from the answer's own id.
fn item_id(kind: &str, response: &str, index: usize) -> String {
    let own = response.strip_prefix("resp_").unwrap_or(response);
    format!("{kind}_{own}_{index}")
}

impl<'a> Item<'a> {
    pub(super) fn message(response: &str, index: usize) -> Item<'a> {
        let id = item_id("msg", response, index);
        let status = Status::InProgress;
        Item::Message { id, status, role: "assistant", content: Vec::new() }
    }

    pub(super) fn reasoning(response: &str, index: usize) -> Item<'a> {
        let id = item_id("rs", response, index);
        Item::Reasoning { id, summary: Vec::new(), encrypted_content: None }
    }

    pub(super) fn call(
        response: &str,
        index: usize,
        call_id: Cow<'a, str>,
        name: Cow<'a, str>,
        arguments: &'a str,
    ) -> Item<'a> {
        let id = item_id("fc", response, index);
        let arguments = Cow::Borrowed(arguments);
        Item::FunctionCall { id, call_id, name, arguments, status: Status::InProgress }
    }

    pub(super) fn id(&self) -> &str {
        match self {
            Item::Message { id, .. }
            | Item::Reasoning { id, .. }
            | Item::FunctionCall { id, .. } => id,
        }
    }

    /// Nothing follows in it. Thoughts have no status.
    pub(super) fn end(&mut self, ending: Status) {
        match self {
            Item::Message { status, .. } | Item::FunctionCall { status, .. } => *status = ending,
            Item::Reasoning { .. } => {}
        }
    }

    /// Of a thought: how its provider knows it again.
    pub(super) fn seal(&mut self, seal: Option<Cow<'a, str>>) {
        if let Item::Reasoning { encrypted_content, .. } = self {
            *encrypted_content = seal;
        }
    }

    pub(super) fn push(&mut self, part: Part<'a>) {
        if let Item::Message { content: parts, .. } | Item::Reasoning { summary: parts, .. } = self
        {
            parts.push(part);
        }
    }

    pub(super) fn parts(&self) -> &[Part<'a>] {
        match self {
            Item::Message { content: parts, .. } | Item::Reasoning { summary: parts, .. } => parts,
            Item::FunctionCall { .. } => &[],
        }
    }

    pub(super) fn parts_mut(&mut self) -> &mut [Part<'a>] {
        match self {
            Item::Message { content: parts, .. } | Item::Reasoning { summary: parts, .. } => parts,
            Item::FunctionCall { .. } => &mut [],
        }
    }

    fn logprobs(&mut self) -> Option<&mut Vec<Token>> {
        self.parts_mut().iter_mut().find_map(|part| match part {
            Part::OutputText { logprobs, .. } => Some(logprobs),
            Part::Refusal { .. } | Part::SummaryText { .. } => None,
        })
    }
}

impl<'a> Part<'a> {
    pub(super) fn text(text: &'a str) -> Part<'a> {
        Part::OutputText { text: Cow::Borrowed(text), annotations: [], logprobs: Vec::new() }
    }

    /// Says more in it.
    pub(super) fn add(&mut self, more: &str, tokens: Vec<Token>) {
        match self {
            Part::OutputText { text, logprobs, .. } => {
                text.to_mut().push_str(more);
                logprobs.extend(tokens);
            }
            Part::Refusal { refusal: text } | Part::SummaryText { text } => {
                text.to_mut().push_str(more);
            }
        }
    }
}
