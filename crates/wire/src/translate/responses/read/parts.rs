//! Content: texts, pictures, files, sound.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::super::part::sound_type;
use crate::Invalid;
use crate::neutral::{Content, Media, Part, Role, Said, Source};
use crate::splice::span;
use crate::text::Text;
use crate::translate::object::{LeftOut, Members};

/// What a provider wrote beside a text that a caller hands back, and where OpenAI is to cache: it
/// decides what is paid for the input, not what comes of it.
const PART_LEFT_OUT: &LeftOut =
    &[("annotations", &[]), ("logprobs", &[]), ("prompt_cache_breakpoint", &[])];

/// Takes the `content` of a message.
pub(super) fn content<'a>(item: &mut Members<'a>, role: Role) -> Result<Vec<Part<'a>>, Invalid> {
    parts(item, "content", |part| match role {
        Role::Assistant => said(part),
        Role::User | Role::System => shown(part),
    })
}

/// Takes the `output` of a call.
pub(super) fn output<'a>(item: &mut Members<'a>) -> Result<Vec<Part<'a>>, Invalid> {
    parts(item, "output", shown)
}

fn parts<'a>(
    item: &mut Members<'a>,
    name: &str,
    read: impl Fn(&mut Members<'a>) -> Result<Option<Content<'a>>, Invalid>,
) -> Result<Vec<Part<'a>>, Invalid> {
    let path = item.path(name);
    let raw = item.take(name).ok_or_else(|| Invalid::missing(&path))?;
    if let Some(text) = Text::of(raw) {
        return Ok(Part::text(text, path).into_iter().collect());
    }
    let Ok(raws) = serde_json::from_str::<Vec<&RawValue>>(raw.get()) else {
        return Err(Invalid::value(&path, "be a string or an array of parts"));
    };
    let mut parts = Vec::new();
    for (index, raw) in raws.into_iter().enumerate() {
        let path = format!("{path}[{index}]");
        let mut members = Members::of(raw.get(), path.clone())?;
        members.leave_out(PART_LEFT_OUT);
        parts.extend(read(&mut members)?.map(|content| Part::new(content, path)));
        members.finish()?;
    }
    Ok(parts)
}

/// A part of the assistant's.
fn said<'a>(part: &mut Members<'a>) -> Result<Option<Content<'a>>, Invalid> {
    match part.required_string("type")?.as_ref() {
        "refusal" => Ok(filled(part.required_string("refusal")?).map(Content::Refusal)),
        kind if is_text(kind) => Ok(filled(part.required_string("text")?).map(Content::Text)),
        _ => Err(Invalid::unsupported_value(&part.path("type"), "be output_text or refusal")),
    }
}

/// A part of anybody else's.
fn shown<'a>(part: &mut Members<'a>) -> Result<Option<Content<'a>>, Invalid> {
    match part.required_string("type")?.as_ref() {
        "input_image" => image(part).map(Some),
        "input_file" => file(part).map(Some),
        "input_audio" => sound(part).map(Some),
        kind if is_text(kind) => Ok(filled(part.required_string("text")?).map(Content::Text)),
        _ => {
            let rule = "be input_text, input_image, input_file or input_audio";
            Err(Invalid::unsupported_value(&part.path("type"), rule))
        }
    }
}

fn is_text(kind: &str) -> bool {
    matches!(kind, "input_text" | "output_text" | "text")
}

/// Empty texts say nothing, and other dialects refuse them.
fn filled(text: Cow<'_, str>) -> Option<Cow<'_, str>> {
    (!text.is_empty()).then_some(text)
}

fn image<'a>(part: &mut Members<'a>) -> Result<Content<'a>, Invalid> {
    let path = part.path("image_url");
    let detail = detail(part)?;
    let source = match (part.string("image_url")?, part.string("file_id")?) {
        (Some(url), None) => from_url(url, &path)?,
        (None, Some(id)) => Source::FileId(id),
        _ => return Err(Invalid::value(&path, "stand there, or else `file_id`")),
    };
    Ok(Content::Image(Media { source, name: None, detail }))
}

fn file<'a>(part: &mut Members<'a>) -> Result<Content<'a>, Invalid> {
    let path = part.path("file_data");
    let detail = detail(part)?;
    let name_path = part.path("filename");
    let name = part.string("filename")?.map(|name| Said::new(name, name_path));
    let places = (part.string("file_data")?, part.string("file_url")?, part.string("file_id")?);
    let source = match places {
        (Some(data), None, None) => {
            inline(data).ok_or_else(|| Invalid::unsupported_value(&path, "be a base64 data url"))?
        }
        (None, Some(url), None) => from_url(url, &part.path("file_url"))?,
        (None, None, Some(id)) => Source::FileId(id),
        _ => return Err(Invalid::value(&path, "stand there, or else `file_url` or `file_id`")),
    };
    Ok(Content::Document(Media { source, name, detail }))
}

fn sound<'a>(part: &mut Members<'a>) -> Result<Content<'a>, Invalid> {
    let missing = Invalid::missing(&part.path("input_audio"));
    let mut sound = part.object("input_audio")?.ok_or(missing)?;
    let data = sound.required_string("data")?;
    let media_type = sound_type(&sound.required_string("format")?)
        .ok_or_else(|| Invalid::unsupported_value(&sound.path("format"), "be mp3 or wav"))?;
    sound.finish()?;
    let source = Source::Base64 { media_type: Cow::Borrowed(media_type), data };
    Ok(Content::Audio(Media { source, name: None, detail: None }))
}

fn detail<'a>(part: &mut Members<'a>) -> Result<Option<Said<Cow<'a, str>>>, Invalid> {
    let path = part.path("detail");
    let detail = part.string("detail")?.filter(|word| word != "auto");
    Ok(detail.map(|word| Said::new(word, path)))
}

fn from_url<'a>(url: Cow<'a, str>, path: &str) -> Result<Source<'a>, Invalid> {
    if url.starts_with("https://") || url.starts_with("http://") {
        return Ok(Source::Url { url, media_type: None });
    }
    let rule = "be an http or https url, or a base64 data url";
    inline(url).ok_or_else(|| Invalid::unsupported_value(path, rule))
}

/// What stands in a base64 data URL (RFC 2397).
fn inline(url: Cow<'_, str>) -> Option<Source<'_>> {
    let (media_type, data) = url.strip_prefix("data:")?.split_once(";base64,")?;
    if media_type.is_empty() || data.is_empty() {
        return None;
    }
    let cut = |part: &str| match &url {
        Cow::Borrowed(whole) => whole.get(span(whole.as_bytes(), part)).map(Cow::Borrowed),
        Cow::Owned(_) => Some(Cow::Owned(part.to_owned())),
    };
    Some(Source::Base64 { media_type: cut(media_type)?, data: cut(data)? })
}
