//! Content: text and pictures, as OpenAI's parts and as Anthropic's blocks.

use std::borrow::Cow;

use serde::Serialize;
use serde_json::value::RawValue;

use crate::Invalid;
use crate::text::Text;
use crate::translate::object::{LeftOut, Members};

/// A content block, and the mark up to which the provider is to cache.
#[derive(Serialize)]
pub(super) struct Block<'a> {
    #[serde(flatten)]
    pub(super) content: Content<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) cache_control: Option<&'a RawValue>,
}

/// What a block holds.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Content<'a> {
    Text {
        text: Cow<'a, str>,
    },
    Image {
        source: Source<'a>,
    },
    ToolUse {
        id: Cow<'a, str>,
        name: Cow<'a, str>,
        input: Box<RawValue>,
    },
    ToolResult {
        tool_use_id: Cow<'a, str>,
        #[serde(skip_serializing_if = "Vec::is_empty")]
        content: Vec<Block<'a>>,
    },
}

/// Where a picture is.
#[derive(Serialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(super) enum Source<'a> {
    Base64 { media_type: &'static str, data: Cow<'a, str> },
    Url { url: Cow<'a, str> },
}

/// The kinds of parts that a message of some role may hold.
pub(super) type PartKinds = [&'static str];

/// Anthropic reads pictures in full unless they are too large, as `high` asks.
const IMAGE_LEFT_OUT: &LeftOut = &[("detail", &[r#""auto""#, r#""high""#])];

/// The media types of pictures that Anthropic reads.
const IMAGE_TYPES: [&str; 4] = ["image/jpeg", "image/png", "image/gif", "image/webp"];

impl<'a> Block<'a> {
    pub(super) fn new(content: Content<'a>) -> Block<'a> {
        Block { content, cache_control: None }
    }

    /// A text; none when it is empty, because Anthropic refuses empty texts and they say nothing.
    pub(super) fn text(text: Cow<'a, str>) -> Option<Block<'a>> {
        (!text.is_empty()).then(|| Block::new(Content::Text { text }))
    }
}

/// Takes the `content` of a message: a string, or parts of these kinds.
pub(super) fn content<'a>(
    message: &mut Members<'a>,
    kinds: &PartKinds,
) -> Result<Vec<Block<'a>>, Invalid> {
    let Some(raw) = message.take("content") else { return Ok(Vec::new()) };
    if let Some(text) = Text::of(raw) {
        return Ok(Block::text(text).into_iter().collect());
    }
    let path = message.path("content");
    let Ok(parts) = serde_json::from_str::<Vec<&RawValue>>(raw.get()) else {
        return Err(Invalid::value(&path, "be a string or an array of parts"));
    };
    let mut blocks = Vec::new();
    for (index, raw) in parts.into_iter().enumerate() {
        let part = Members::of(raw.get(), format!("{path}[{index}]"))?;
        blocks.extend(block(part, kinds)?);
    }
    Ok(blocks)
}

/// One part; none when it says nothing.
fn block<'a>(mut part: Members<'a>, kinds: &PartKinds) -> Result<Option<Block<'a>>, Invalid> {
    let kind = part.required_string("type")?;
    if !kinds.contains(&kind.as_ref()) {
        let rule = format!("be {}", kinds.join(" or "));
        return Err(Invalid::unsupported_value(&part.path("type"), &rule));
    }
    let block = match kind.as_ref() {
        "image_url" => Some(image(&mut part)?),
        said => Block::text(part.required_string(said)?),
    };
    let cache_control = part.take("cache_control");
    part.finish()?;
    Ok(block.map(|block| Block { cache_control, ..block }))
}

fn image<'a>(part: &mut Members<'a>) -> Result<Block<'a>, Invalid> {
    let missing = Invalid::missing(&part.path("image_url"));
    let mut image = part.object("image_url")?.ok_or(missing)?;
    image.leave_out(IMAGE_LEFT_OUT);
    let path = image.path("url");
    let url = image.required_string("url")?;
    image.finish()?;
    let source = source(url).ok_or_else(|| {
        let rule = "be an http or https url, or a base64 data url of a jpeg, png, gif or webp";
        Invalid::unsupported_value(&path, rule)
    })?;
    Ok(Block::new(Content::Image { source }))
}

fn source(url: Cow<'_, str>) -> Option<Source<'_>> {
    if url.starts_with("https://") || url.starts_with("http://") {
        return Some(Source::Url { url });
    }
    let (media_type, data) = url.strip_prefix("data:")?.split_once(";base64,")?;
    let media_type = IMAGE_TYPES.into_iter().find(|known| *known == media_type)?;
    let start = url.len() - data.len();
    let data = match url {
        Cow::Borrowed(url) => Cow::Borrowed(url.get(start..)?),
        Cow::Owned(mut url) => Cow::Owned(url.split_off(start)),
    };
    (!data.is_empty()).then_some(Source::Base64 { media_type, data })
}
