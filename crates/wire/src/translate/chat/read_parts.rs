//! The content of a caller's message.

use serde_json::value::RawValue;

use super::media;
use super::read_prompt::said_json;
use crate::Invalid;
use crate::neutral::{Content, Part};
use crate::text::Text;
use crate::translate::object::Members;

/// Takes `content`: a string, or parts of these kinds. None when there is no such member; texts
/// that say nothing are no parts.
pub(super) fn content<'a>(
    message: &mut Members<'a>,
    kinds: &[&str],
) -> Result<Option<Vec<Part<'a>>>, Invalid> {
    let Some(raw) = message.take("content") else { return Ok(None) };
    let path = message.path("content");
    if let Some(text) = Text::of(raw) {
        return Ok(Some(Part::text(text, path).into_iter().collect()));
    }
    let Ok(raws) = serde_json::from_str::<Vec<&RawValue>>(raw.get()) else {
        return Err(Invalid::value(&path, "be a string or an array of parts"));
    };
    let mut parts = Vec::new();
    for (index, raw) in raws.into_iter().enumerate() {
        parts.extend(part(Members::of(raw.get(), format!("{path}[{index}]"))?, kinds)?);
    }
    Ok(Some(parts))
}

/// Takes the mark up to which a provider is to cache. That on a whole message stands on its last
/// part.
pub(super) fn mark<'a>(parts: &mut [Part<'a>], members: &mut Members<'a>) {
    let mark = members.said_raw("cache_control").map(said_json);
    if let Some(last) = parts.last_mut().filter(|last| last.cache_control.is_none()) {
        last.cache_control = mark;
    }
}

/// One part; none when it says nothing.
fn part<'a>(mut part: Members<'a>, kinds: &[&str]) -> Result<Option<Part<'a>>, Invalid> {
    let kind = part.required_string("type")?;
    if !kinds.contains(&kind.as_ref()) {
        let rule = format!("be {}", kinds.join(" or "));
        return Err(Invalid::unsupported_value(&part.path("type"), &rule));
    }
    let content = match kind.as_ref() {
        "image_url" => media::read_image(&mut part)?,
        "input_audio" => media::read_audio(&mut part)?,
        "file" => media::read_file(&mut part)?,
        "refusal" => Content::Refusal(part.required_string("refusal")?),
        _ => Content::Text(part.required_string("text")?),
    };
    let mut read = Part::new(content, part.place());
    mark(std::slice::from_mut(&mut read), &mut part);
    part.finish()?;
    let says = match &read.content {
        Content::Text(text) | Content::Refusal(text) => !text.is_empty(),
        _ => true,
    };
    Ok(says.then_some(read))
}
