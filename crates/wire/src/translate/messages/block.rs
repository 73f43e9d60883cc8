//! Blocks of content as they are written: the same in requests, in answers and where a block of a
//! stream begins.

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use crate::Invalid;
use crate::neutral::{Content, Json, Media, Part, Source};

/// A block, and the mark up to which the provider is to cache.
#[derive(Serialize)]
pub(super) struct Block<'a> {
    #[serde(flatten)]
    pub(super) kind: Kind<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cache_control: Option<&'a Json<'a>>,
}

/// What a block holds.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Kind<'a> {
    Text {
        text: &'a str,
    },
    Image {
        source: WrittenSource<'a>,
    },
    Document {
        source: WrittenSource<'a>,
        #[serde(skip_serializing_if = "Option::is_none")]
        title: Option<&'a str>,
    },
    Thinking {
        thinking: &'a str,
        signature: &'a str,
    },
    RedactedThinking {
        data: &'a str,
    },
    ToolUse {
        id: &'a str,
        name: &'a str,
        /// None before it has come, which is an object without members.
        #[serde(serialize_with = "write_input")]
        input: Option<&'a Json<'a>>,
    },
    ToolResult {
        tool_use_id: &'a str,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        content: Vec<Block<'a>>,
        #[serde(skip_serializing_if = "std::ops::Not::not")]
        is_error: bool,
    },
}

/// Where a picture or a document is.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum WrittenSource<'a> {
    Base64 { media_type: &'a str, data: &'a str },
    Text { media_type: &'static str, data: &'a str },
    Url { url: &'a str },
    File { file_id: &'a str },
}

/// The media types of pictures that Anthropic reads.
const IMAGE_TYPES: &[&str] = &["image/jpeg", "image/png", "image/gif", "image/webp"];
/// The only documents that Anthropic reads in base64.
const DOCUMENT_TYPES: &[&str] = &["application/pdf"];

impl<'a> Block<'a> {
    /// The block of a request that says this part; none for a thought that may not be said.
    pub(super) fn of_part(part: &'a Part<'a>) -> Result<Option<Block<'a>>, Invalid> {
        let cache_control = part.cache_control.as_ref().map(|mark| &mark.value);
        Ok(Kind::of_part(part)?.map(|kind| Block { kind, cache_control }))
    }
}

impl<'a> Kind<'a> {
    fn of_part(part: &'a Part<'a>) -> Result<Option<Kind<'a>>, Invalid> {
        let path = &part.path.0;
        let kind = match &part.content {
            // Anthropic refuses thoughts that it did not sign.
            Content::Thought { signature: None, .. } => return Ok(None),
            Content::Image(media) => image(media, path)?,
            Content::Document(media) => document(media, path)?,
            Content::Call { id, .. } => {
                check_id(id, path)?;
                Kind::of_answer(&part.content).ok_or_else(|| Invalid::unsupported(path))?
            }
            Content::Result { id, content, is_error, .. } => {
                check_id(id, path)?;
                let content = content.iter().filter_map(|part| result_block(part).transpose());
                let content = content.collect::<Result<_, _>>()?;
                Kind::ToolResult { tool_use_id: id, content, is_error: *is_error }
            }
            other => Kind::of_answer(other).ok_or_else(|| Invalid::unsupported(path))?,
        };
        Ok(Some(kind))
    }

    /// The block that says what assistants say; none for what only others do.
    pub(super) fn of_answer(content: &'a Content<'a>) -> Option<Kind<'a>> {
        Some(match content {
            Content::Text(text) | Content::Refusal(text) => Kind::Text { text },
            Content::Thought { text, signature } => {
                Kind::Thinking { thinking: text, signature: signature.as_deref().unwrap_or("") }
            }
            Content::SealedThought(data) => Kind::RedactedThinking { data },
            Content::Call { id, name, input } => Kind::ToolUse { id, name, input: Some(input) },
            _ => return None,
        })
    }
}

/// A block inside of a tool's result, which holds nothing but these.
fn result_block<'a>(part: &'a Part<'a>) -> Result<Option<Block<'a>>, Invalid> {
    match part.content {
        Content::Text(_) | Content::Image(_) | Content::Document(_) => Block::of_part(part),
        _ => Err(Invalid::unsupported(&part.path.0)),
    }
}

fn image<'a>(media: &'a Media<'a>, path: &str) -> Result<Kind<'a>, Invalid> {
    // Anthropic reads pictures in full unless they are too large, as `high` asks.
    if let Some(detail) = media.detail.as_ref().filter(|detail| detail.value != "high") {
        return Err(detail.unsupported());
    }
    if let Some(name) = &media.name {
        return Err(name.unsupported());
    }
    let rule = "be an http or https url, or a base64 data url of a jpeg, png, gif or webp";
    let source = source(&media.source, IMAGE_TYPES, path, rule)?;
    match source {
        WrittenSource::Text { .. } => Err(Invalid::unsupported_value(path, rule)),
        source => Ok(Kind::Image { source }),
    }
}

fn document<'a>(media: &'a Media<'a>, path: &str) -> Result<Kind<'a>, Invalid> {
    let rule = "be a pdf, plain text, or an http or https url";
    let source = source(&media.source, DOCUMENT_TYPES, path, rule)?;
    let title = media.name.as_ref().map(|name| name.value.as_ref());
    Ok(Kind::Document { source, title })
}

fn source<'a>(
    source: &'a Source<'a>,
    media_types: &[&str],
    path: &str,
    rule: &str,
) -> Result<WrittenSource<'a>, Invalid> {
    Ok(match source {
        Source::Base64 { media_type, data }
            if media_types.contains(&media_type.as_ref()) && !data.is_empty() =>
        {
            WrittenSource::Base64 { media_type, data }
        }
        Source::Url { url, .. } if url.starts_with("https://") || url.starts_with("http://") => {
            WrittenSource::Url { url }
        }
        Source::Text(data) => WrittenSource::Text { media_type: "text/plain", data },
        Source::FileId(file_id) => WrittenSource::File { file_id },
        _ => return Err(Invalid::unsupported_value(path, rule)),
    })
}

/// Anthropic takes no other letters in the id of a call.
fn check_id(id: &str, path: &str) -> Result<(), Invalid> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-');
    if !id.is_empty() && id.bytes().all(allowed) {
        return Ok(());
    }
    Err(Invalid::unsupported_value(path, "have an id of letters, digits, `_` and `-`"))
}

fn write_input<S: Serializer>(input: &Option<&Json<'_>>, to: S) -> Result<S::Ok, S::Error> {
    match input {
        Some(json) => json.serialize(to),
        None => to.serialize_map(Some(0))?.end(),
    }
}
