//! Giving a recorded answer again: a completion or a stream, from the record of either.
//!
//! What the model said, why it stopped and what the provider counted are kept as they were; the id
//! and the time of the answer are new, and comments of the source are dropped.

mod pieces;
mod recorded;
mod write;

use bytes::Bytes;
use serde_json::value::RawValue;

use self::pieces::pieces;
use self::recorded::Recorded;
use self::write::{Member, Object};
use crate::{Usage, sse};

/// A recorded answer, ready to be given again. Holds the answer, so it has no `Debug`.
pub struct Replay(Recorded);

/// What is new about an answer that is given again.
#[derive(Clone, Copy, Debug)]
pub struct Fresh<'a> {
    /// The id of the answer.
    pub id: &'a str,
    /// Unix seconds.
    pub created: u64,
    /// Stands in for the provider's count where the record has none.
    pub usage: Usage,
}

/// The recorded bytes are not one whole answer of text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the recorded answer cannot be given again")]
pub struct NotReplayable;

impl Replay {
    /// Reads an answer as its client got it: the JSON of a completion, or the events of a stream.
    /// It has to be one choice that came to an end, without tool calls, speech or errors.
    pub fn read(recorded: Bytes) -> Result<Replay, NotReplayable> {
        Recorded::read(recorded).map(Replay).ok_or(NotReplayable)
    }

    /// The body of a completion.
    pub fn completion(&self, fresh: &Fresh<'_>) -> Vec<u8> {
        let mut message = Object::default();
        message.text("role", &self.0.role);
        for (name, member) in &self.0.message {
            message.member(name, member);
        }
        let mut choice = Object::default();
        choice.number("index", 0).object("message", message).raws(&self.0.choice);
        choice.raw("finish_reason", &self.0.finish_reason);
        let mut body = self.head(fresh, "chat.completion");
        body.array("choices", Some(choice)).raw("usage", &self.usage(fresh));
        body.finish()
    }

    /// The events of a stream, without `[DONE]`; `with_usage` adds the usage frame.
    pub fn events(&self, fresh: &Fresh<'_>, with_usage: bool) -> Vec<u8> {
        let mut out = Vec::new();
        let head = self.head(fresh, "chat.completion.chunk");
        let mut event = |choice: Option<Object>, usage: &RawValue| {
            let mut chunk = head.clone();
            chunk.array("choices", choice);
            if with_usage {
                chunk.raw("usage", usage);
            }
            out.extend_from_slice(&sse::data(&chunk.finish()));
        };
        event(Some(delta(self.opening(), None)), RawValue::NULL);
        for (name, piece) in
            self.0.texts().flat_map(|(name, text)| pieces(text).map(move |piece| (name, piece)))
        {
            let mut text = Object::default();
            text.text(name, piece);
            event(Some(delta(text, None)), RawValue::NULL);
        }
        event(Some(delta(Object::default(), Some(&self.0))), RawValue::NULL);
        if with_usage {
            event(None, &self.usage(fresh));
        }
        out
    }

    /// The delta before any text: the role, and all that is not text.
    fn opening(&self) -> Object {
        let mut opening = Object::default();
        opening.text("role", &self.0.role);
        for (name, member) in &self.0.message {
            match member {
                Member::Text(_) if name == "content" => opening.text(name, ""),
                Member::Text(_) => &mut opening,
                Member::Raw(raw) => opening.raw(name, raw),
            };
        }
        opening
    }

    fn head(&self, fresh: &Fresh<'_>, object: &str) -> Object {
        let mut head = Object::default();
        head.text("id", fresh.id).text("object", object).number("created", fresh.created);
        head.raws(&self.0.head);
        head
    }

    fn usage(&self, fresh: &Fresh<'_>) -> Box<RawValue> {
        match &self.0.usage {
            Some(recorded) => recorded.clone(),
            None => usage(&fresh.usage),
        }
    }
}

/// The one choice of a chunk; the `last` one says why the answer ended.
fn delta(delta: Object, last: Option<&Recorded>) -> Object {
    let mut choice = Object::default();
    choice.number("index", 0).object("delta", delta);
    match last {
        Some(recorded) => {
            choice.raws(&recorded.choice).raw("finish_reason", &recorded.finish_reason)
        }
        None => choice.raw("finish_reason", RawValue::NULL),
    };
    choice
}

/// A count as OpenAI writes it.
fn usage(usage: &Usage) -> Box<RawValue> {
    let (mut input, mut output) = (Object::default(), Object::default());
    input.number("cached_tokens", usage.cached_input_tokens);
    output.number("reasoning_tokens", usage.reasoning_tokens);
    let mut counts = Object::default();
    counts
        .number("prompt_tokens", usage.input_tokens)
        .number("completion_tokens", usage.output_tokens)
        .number("total_tokens", usage.input_tokens.saturating_add(usage.output_tokens))
        .object("prompt_tokens_details", input)
        .object("completion_tokens_details", output);
    counts.into_raw()
}
