//! Reasoning items: what the model thought, and the seal by which its provider knows it again.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::super::part::BETWEEN_THOUGHTS;
use crate::Invalid;
use crate::neutral::Content;
use crate::translate::object::{LeftOut, Members};

/// What an item says of itself.
const ITEM_LEFT_OUT: &LeftOut = &[("id", &[]), ("status", &[]), ("type", &[])];

/// Reads an item; none when it says nothing, as those that OpenAI keeps.
///
/// An item without any part of a summary is one that only its provider can read. One with an empty
/// part is a signature without words, such as Gemini's of a call.
pub(super) fn read<'a>(item: &mut Members<'a>) -> Result<Option<Content<'a>>, Invalid> {
    item.leave_out(ITEM_LEFT_OUT);
    let mut texts = texts(item, "summary")?;
    texts.extend(self::texts(item, "content")?);
    Ok(of(texts, item.string("encrypted_content")?))
}

/// The same of an item whose parts say this.
pub(super) fn of<'a>(
    mut texts: Vec<Cow<'a, str>>,
    sealed: Option<Cow<'a, str>>,
) -> Option<Content<'a>> {
    let has_parts = !texts.is_empty();
    texts.retain(|text| !text.is_empty());
    let text = match texts.len() {
        0 | 1 => texts.pop().unwrap_or_default(),
        _ => Cow::Owned(texts.join(BETWEEN_THOUGHTS)),
    };
    match sealed.filter(|seal| !seal.is_empty()) {
        Some(data) if !has_parts => Some(Content::SealedThought(data)),
        None if text.is_empty() => None,
        signature => Some(Content::Thought { text, signature }),
    }
}

fn texts<'a>(item: &mut Members<'a>, name: &str) -> Result<Vec<Cow<'a, str>>, Invalid> {
    let path = item.path(name);
    let parts = item.array(name)?.into_iter().enumerate();
    parts.map(|(index, raw)| text(raw, format!("{path}[{index}]"))).collect()
}

fn text(raw: &RawValue, path: String) -> Result<Cow<'_, str>, Invalid> {
    let mut part = Members::of(raw.get(), path)?;
    let kind = part.required_string("type")?;
    if !matches!(kind.as_ref(), "summary_text" | "reasoning_text" | "text") {
        let rule = "be summary_text or reasoning_text";
        return Err(Invalid::unsupported_value(&part.path("type"), rule));
    }
    let text = part.required_string("text")?;
    part.finish()?;
    Ok(text)
}
