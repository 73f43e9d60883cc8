//! The content of a message for a provider.

use std::borrow::Cow;

use serde::Serialize;

use super::media::{File, ImageUrl, InputAudio, write_audio, write_file, write_image};
use crate::neutral::{self, Json, Media, Source};
use crate::{Invalid, Quirks};

/// What stands between texts that become one, for providers that want one.
const BETWEEN_TEXTS: &str = "\n\n";

/// `content`: one string where that says all, which every server reads.
#[derive(Serialize)]
#[serde(untagged)]
pub(super) enum Body<'p> {
    Text(Cow<'p, str>),
    Parts(Vec<Part<'p>>),
}

#[derive(Serialize)]
pub(super) struct Part<'p> {
    #[serde(flatten)]
    content: Content<'p>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<&'p Json<'p>>,
}

#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Content<'p> {
    Text { text: Cow<'p, str> },
    ImageUrl { image_url: ImageUrl<'p> },
    InputAudio { input_audio: InputAudio<'p> },
    File { file: File<'p> },
}

/// Texts and media.
pub(super) fn written<'p, 'a: 'p>(
    parts: impl IntoIterator<Item = &'p neutral::Part<'a>>,
    quirks: &Quirks,
) -> Result<Body<'p>, Invalid> {
    let parts = parts.into_iter().map(|part| part_of(part, quirks));
    parts.collect::<Result<_, _>>().map(|parts| body(parts, quirks))
}

/// What a tool said, which is text only. That it failed has no member here, so it is said in JSON
/// that no text of the tool's can be taken for: models read that, and know what a tool said from
/// what is said about it.
pub(super) fn result_body<'p>(
    content: &'p [neutral::Part<'_>],
    is_error: bool,
    result: &'p neutral::Part<'_>,
    quirks: &Quirks,
) -> Result<Body<'p>, Invalid> {
    let is_text = |part: &&neutral::Part| matches!(part.content, neutral::Content::Text(_));
    if let Some(other) = content.iter().find(|part| !is_text(part)) {
        return Err(Invalid::unsupported(&other.path.0));
    }
    let parts = content.iter().map(|part| part_of(part, quirks));
    let mut parts: Vec<Part> = parts.collect::<Result<_, _>>()?;
    if is_error {
        parts = vec![failed(&joined(&parts))];
    }
    if let Some(last) = parts.last_mut() {
        last.cache_control = last.cache_control.or(mark(result, quirks));
    }
    Ok(body(parts, quirks))
}

#[derive(Serialize)]
struct Failed<'t> {
    is_error: bool,
    content: &'t str,
}

fn failed<'p>(said: &str) -> Part<'p> {
    let failed = Failed { is_error: true, content: said };
    // A string and a flag always serialise.
    let text = serde_json::to_string(&failed).unwrap_or_default();
    Part { content: Content::Text { text: text.into() }, cache_control: None }
}

fn body<'p>(mut parts: Vec<Part<'p>>, quirks: &Quirks) -> Body<'p> {
    let is_plain =
        |part: &Part| matches!(part.content, Content::Text { .. }) && part.cache_control.is_none();
    if !parts.iter().all(is_plain) || (parts.len() > 1 && quirks.text_parts) {
        return Body::Parts(parts);
    }
    match parts.pop() {
        Some(Part { content: Content::Text { text }, .. }) if parts.is_empty() => Body::Text(text),
        Some(last) => {
            parts.push(last);
            Body::Text(joined(&parts).into())
        }
        None => Body::Text("".into()),
    }
}

fn joined(parts: &[Part<'_>]) -> String {
    let texts = parts.iter().filter_map(|part| match &part.content {
        Content::Text { text } => Some(text.as_ref()),
        _ => None,
    });
    texts.collect::<Vec<_>>().join(BETWEEN_TEXTS)
}

fn part_of<'p>(part: &'p neutral::Part<'_>, quirks: &Quirks) -> Result<Part<'p>, Invalid> {
    let content = content(&part.content).ok_or_else(|| Invalid::unsupported(&part.path.0))?;
    Ok(Part { content, cache_control: mark(part, quirks) })
}

fn mark<'p>(part: &'p neutral::Part<'_>, quirks: &Quirks) -> Option<&'p Json<'p>> {
    part.cache_control.as_ref().filter(|_| quirks.cache_marks).map(|mark| &mark.value)
}

/// None where the dialect has no form for it.
fn content<'p>(content: &'p neutral::Content<'_>) -> Option<Content<'p>> {
    Some(match content {
        neutral::Content::Text(text) => Content::Text { text: Cow::Borrowed(text) },
        neutral::Content::Image(image) => Content::ImageUrl { image_url: write_image(image)? },
        neutral::Content::Audio(audio) => Content::InputAudio { input_audio: write_audio(audio)? },
        neutral::Content::Document(document) => match titled(document) {
            Some(text) => Content::Text { text },
            None => Content::File { file: write_file(document)? },
        },
        _ => return None,
    })
}

/// A document that is plain text is written as one, below its title.
fn titled<'p>(document: &'p Media<'_>) -> Option<Cow<'p, str>> {
    let Source::Text(text) = &document.source else { return None };
    Some(match &document.name {
        Some(name) => format!("{}{BETWEEN_TEXTS}{text}", name.value).into(),
        None => Cow::Borrowed(text),
    })
}
