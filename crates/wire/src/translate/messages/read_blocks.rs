//! Blocks of content: what a turn, the system prompt or a tool's result is made of.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::read_prompt::{cache_control, refuse};
use crate::Invalid;
use crate::neutral::{Content, Json, Media, Part, Path, Said, Source};
use crate::text::Text;
use crate::translate::object::{LeftOut, Members};

/// The kinds of blocks that may stand somewhere.
pub(super) type Kinds = &'static [&'static str];

const RESULT_KINDS: Kinds = &["text", "image", "document"];

/// The sources of an earlier answer, which callers hand back and no provider reads.
const TEXT_LEFT_OUT: &LeftOut = &[("citations", &[])];
/// Who called: the model itself, as always where Anthropic runs no code.
const CALL_LEFT_OUT: &LeftOut = &[("caller", &[r#"{"type":"direct"}"#])];
/// No sources are to be told.
const DOCUMENT_LEFT_OUT: &LeftOut = &[("citations", &[r#"{"enabled":false}"#])];

/// Takes a string, or blocks of these kinds; empty texts say nothing.
pub(super) fn content<'a>(
    members: &mut Members<'a>,
    name: &str,
    kinds: Kinds,
) -> Result<Vec<Part<'a>>, Invalid> {
    let path = members.path(name);
    let Some(raw) = members.take(name) else { return Ok(Vec::new()) };
    if let Some(text) = Text::of(raw) {
        return Ok(Part::text(text, path).into_iter().collect());
    }
    let Ok(blocks) = serde_json::from_str::<Vec<&RawValue>>(raw.get()) else {
        return Err(Invalid::value(&path, "be a string or an array of blocks"));
    };
    let mut parts = Vec::new();
    for (index, raw) in blocks.into_iter().enumerate() {
        let path = format!("{path}[{index}]");
        parts.extend(block(Members::of(raw.get(), path.clone())?, path, kinds)?);
    }
    Ok(parts)
}

/// One block; none when it says nothing.
fn block(mut block: Members<'_>, path: String, kinds: Kinds) -> Result<Option<Part<'_>>, Invalid> {
    let kind = kind(&mut block, kinds)?;
    let content = match kind.as_ref() {
        "image" => Some(Content::Image(media(&mut block, IMAGE_SOURCES)?)),
        "document" => Some(Content::Document(document(&mut block)?)),
        "tool_use" => Some(call(&mut block)?),
        "tool_result" => Some(result(&mut block)?),
        "thinking" => thought(&mut block)?,
        "redacted_thinking" => Some(Content::SealedThought(block.required_string("data")?)),
        _ => text(&mut block)?,
    };
    let cache_control = cache_control(&mut block);
    block.finish()?;
    Ok(content.map(|content| Part { content, cache_control, path: Path(path) }))
}

/// Takes `type`, which must be one of these.
fn kind<'a>(members: &mut Members<'a>, kinds: Kinds) -> Result<Cow<'a, str>, Invalid> {
    let kind = members.required_string("type")?;
    if kinds.contains(&kind.as_ref()) {
        return Ok(kind);
    }
    let rule = format!("be {}", kinds.join(" or "));
    Err(Invalid::unsupported_value(&members.path("type"), &rule))
}

fn text<'a>(block: &mut Members<'a>) -> Result<Option<Content<'a>>, Invalid> {
    block.leave_out(TEXT_LEFT_OUT);
    let text = block.required_string("text")?;
    Ok((!text.is_empty()).then_some(Content::Text(text)))
}

/// Thoughts of models that sign none come back with an empty signature, those that were not to be
/// shown without a word.
fn thought<'a>(block: &mut Members<'a>) -> Result<Option<Content<'a>>, Invalid> {
    let text = block.required_string("thinking")?;
    let signature = block.string("signature")?.filter(|signature| !signature.is_empty());
    let says = signature.is_some() || !text.is_empty();
    Ok(says.then_some(Content::Thought { text, signature }))
}

fn call<'a>(block: &mut Members<'a>) -> Result<Content<'a>, Invalid> {
    block.leave_out(CALL_LEFT_OUT);
    let path = block.path("input");
    let input = block.take("input").ok_or_else(|| Invalid::missing(&path))?;
    if !input.get().starts_with('{') {
        return Err(Invalid::value(&path, "be an object"));
    }
    let id = block.required_string("id")?;
    let name = block.required_string("name")?;
    Ok(Content::Call { id, name, input: Json::new(input) })
}

fn result<'a>(block: &mut Members<'a>) -> Result<Content<'a>, Invalid> {
    let id = block.required_string("tool_use_id")?;
    let content = content(block, "content", RESULT_KINDS)?;
    let is_error = block.flag("is_error")?.unwrap_or(false);
    Ok(Content::Result { id, name: None, content, is_error })
}

fn document<'a>(block: &mut Members<'a>) -> Result<Media<'a>, Invalid> {
    block.leave_out(DOCUMENT_LEFT_OUT);
    refuse(block, &["citations", "context"])?;
    let path = block.path("title");
    let name = block.string("title")?.map(|title| Said::new(title, path));
    Ok(Media { name, ..media(block, DOCUMENT_SOURCES)? })
}

const IMAGE_SOURCES: Kinds = &["base64", "url", "file"];
const DOCUMENT_SOURCES: Kinds = &["base64", "url", "file", "text"];

/// Takes `source`.
fn media<'a>(block: &mut Members<'a>, kinds: Kinds) -> Result<Media<'a>, Invalid> {
    let missing = Invalid::missing(&block.path("source"));
    let mut source = block.object("source")?.ok_or(missing)?;
    let kind = kind(&mut source, kinds)?;
    let read = match kind.as_ref() {
        "url" => url(&mut source)?,
        "file" => Source::FileId(source.required_string("file_id")?),
        "text" => plain_text(&mut source)?,
        _ => Source::Base64 {
            media_type: source.required_string("media_type")?,
            data: source.required_string("data")?,
        },
    };
    source.finish()?;
    Ok(Media { source: read, name: None, detail: None })
}

fn url<'a>(source: &mut Members<'a>) -> Result<Source<'a>, Invalid> {
    let url = source.required_string("url")?;
    if !url.starts_with("https://") && !url.starts_with("http://") {
        return Err(Invalid::value(&source.path("url"), "be an http or https url"));
    }
    Ok(Source::Url { url, media_type: None })
}

fn plain_text<'a>(source: &mut Members<'a>) -> Result<Source<'a>, Invalid> {
    if source.string("media_type")?.is_some_and(|media_type| media_type != "text/plain") {
        return Err(Invalid::value(&source.path("media_type"), "be text/plain"));
    }
    Ok(Source::Text(source.required_string("data")?))
}
