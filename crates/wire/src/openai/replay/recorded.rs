//! Reading a recorded answer back, whichever of the two forms it was given in: a completion holds
//! one message, a stream the same message in deltas.

use std::borrow::Cow;
use std::fmt;

use bytes::Bytes;
use serde::de::{Deserialize, Deserializer, MapAccess, Visitor};
use serde_json::value::RawValue;

use super::write::{Member, Members};
use crate::sse::{Decoder, EventKind};

/// One answer of text that came to its end.
pub(super) struct Recorded {
    /// Members of the answer that stay as they are, such as `model`.
    pub(super) head: Members,
    pub(super) role: String,
    /// The message without its role.
    pub(super) message: Vec<(String, Member)>,
    /// Further members of the choice, such as `logprobs`.
    pub(super) choice: Members,
    pub(super) finish_reason: Box<RawValue>,
    pub(super) usage: Option<Box<RawValue>>,
}

impl Recorded {
    pub(super) fn read(recorded: Bytes) -> Option<Recorded> {
        let mut reading = Reading::default();
        if recorded.trim_ascii_start().starts_with(b"{") {
            reading.part(str::from_utf8(&recorded).ok()?, "message")?;
        } else {
            let mut decoder = Decoder::new(recorded.len());
            decoder.push(recorded).ok()?;
            while let Some(event) = decoder.next().or_else(|| decoder.finish()) {
                if event.kind == EventKind::Data && !event.is_done() {
                    reading.part(str::from_utf8(&event.data()).ok()?, "delta")?;
                }
            }
        }
        reading.end()
    }

    /// The texts of the message. What a client shows last comes last: the content.
    pub(super) fn texts(&self) -> impl Iterator<Item = (&str, &str)> {
        let texts = |last: bool| {
            self.message.iter().filter_map(move |(name, member)| match member {
                Member::Text(text) if (name == "content") == last => Some((&**name, &**text)),
                _ => None,
            })
        };
        texts(false).chain(texts(true))
    }
}

/// What was read so far.
#[derive(Default)]
struct Reading {
    head: Members,
    role: Option<String>,
    message: Vec<(String, Member)>,
    choice: Members,
    finish_reason: Option<Box<RawValue>>,
    usage: Option<Box<RawValue>>,
}

impl Reading {
    /// Takes a completion, or a chunk of a stream; `carrier` is the name of its message. None when
    /// it is nothing that can be given again.
    fn part(&mut self, json: &str, carrier: &str) -> Option<()> {
        for (name, raw) in fields(json)? {
            match &*name {
                // New in every answer, or meant for one frame only.
                "id" | "object" | "created" | "obfuscation" => {}
                "error" if !is_empty(raw) => return None,
                "usage" => keep_newer(&mut self.usage, raw),
                "choices" => match choices(raw)?.as_slice() {
                    [] => {}
                    [choice] => self.choice(choice.get(), carrier)?,
                    _ => return None,
                },
                _ => keep(&mut self.head, name, raw),
            }
        }
        Some(())
    }

    fn choice(&mut self, json: &str, carrier: &str) -> Option<()> {
        for (name, raw) in fields(json)? {
            match &*name {
                "index" if raw.get() != "0" => return None,
                "index" => {}
                "finish_reason" if raw.get() != "\"\"" => {
                    keep_newer(&mut self.finish_reason, raw);
                }
                "finish_reason" => {}
                name if name == carrier => self.message(raw)?,
                // Some servers put a second copy of the text beside the delta.
                "message" | "delta" => {}
                _ => keep(&mut self.choice, name, raw),
            }
        }
        Some(())
    }

    fn message(&mut self, raw: &RawValue) -> Option<()> {
        if raw.get() == "null" {
            return Some(());
        }
        for (name, raw) in fields(raw.get())? {
            match &*name {
                "role" => self.role = self.role.take().or_else(|| text(raw).map(Cow::into_owned)),
                "tool_calls" | "function_call" | "audio" if !is_empty(raw) => return None,
                _ => self.member(name, raw)?,
            }
        }
        Some(())
    }

    /// Texts that come in pieces are added up. Nobody knows how other members are, so one that
    /// comes twice and differs makes the answer one that cannot be given again.
    fn member(&mut self, name: Cow<'_, str>, raw: &RawValue) -> Option<()> {
        const IN_PIECES: [&str; 4] = ["content", "refusal", "reasoning", "reasoning_content"];
        let in_pieces = IN_PIECES.contains(&&*name);
        let text = text(raw);
        let Some((_, member)) = self.message.iter_mut().find(|(known, _)| *known == name) else {
            self.message.push((name.into_owned(), Member::of(text, raw)));
            return Some(());
        };
        match (member, text) {
            (_, None) if raw.get() == "null" => {}
            (Member::Text(all), Some(more)) if in_pieces => all.push_str(&more),
            (Member::Text(known), Some(again)) if *known == again => {}
            (Member::Raw(known), None) if known.get() == raw.get() => {}
            (member, text) if member.is_null() => *member = Member::of(text, raw),
            _ => return None,
        }
        Some(())
    }

    /// An answer without a reason for its end was cut.
    fn end(self) -> Option<Recorded> {
        let Reading { head, role, message, choice, finish_reason, usage } = self;
        let role = role.unwrap_or_else(|| "assistant".to_owned());
        let finish_reason = finish_reason?;
        Some(Recorded { head, role, message, choice, finish_reason, usage })
    }
}

/// Keeps a member in its place; null says nothing new.
fn keep(members: &mut Members, name: Cow<'_, str>, raw: &RawValue) {
    match members.iter_mut().find(|(known, _)| *known == name) {
        Some((_, kept)) if raw.get() != "null" => *kept = raw.to_owned(),
        Some(_) => {}
        None => members.push((name.into_owned(), raw.to_owned())),
    }
}

fn keep_newer(kept: &mut Option<Box<RawValue>>, raw: &RawValue) {
    if raw.get() != "null" {
        *kept = Some(raw.to_owned());
    }
}

fn text(raw: &RawValue) -> Option<Cow<'_, str>> {
    raw.get().starts_with('"').then(|| serde_json::from_str(raw.get()).ok())?
}

fn is_empty(raw: &RawValue) -> bool {
    matches!(raw.get(), "null" | "false" | "[]" | "{}" | "\"\"")
}

fn choices(raw: &RawValue) -> Option<Vec<&RawValue>> {
    let choices: Option<Vec<&RawValue>> = serde_json::from_str(raw.get()).ok()?;
    Some(choices.unwrap_or_default())
}

fn fields(json: &str) -> Option<Vec<(Cow<'_, str>, &RawValue)>> {
    serde_json::from_str(json).ok().map(|Fields(fields)| fields)
}

/// The members of an object in their order, values unread.
struct Fields<'a>(Vec<(Cow<'a, str>, &'a RawValue)>);

impl<'de: 'a, 'a> Deserialize<'de> for Fields<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(FieldsVisitor)
    }
}

struct FieldsVisitor;

impl<'de> Visitor<'de> for FieldsVisitor {
    type Value = Fields<'de>;

    fn expecting(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Fields<'de>, A::Error> {
        let mut fields = Vec::new();
        while let Some(Name(name)) = object.next_key()? {
            fields.push((name, object.next_value()?));
        }
        Ok(Fields(fields))
    }
}

/// A key, borrowed when it holds no escapes.
#[derive(serde::Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);
