//! Pictures, recordings and files: OpenAI has them in data URLs, behind URLs, or at itself.

use std::borrow::Cow;
use std::ops::Range;

use serde::Serialize;

use crate::Invalid;
use crate::neutral::{Content, Media, Source};
use crate::translate::object::Members;

/// The word of OpenAI for a recording's format, and the media types it has elsewhere; the first is
/// what Gemini documents.
const RECORDINGS: [(&str, &[&str]); 2] =
    [("wav", &["audio/wav", "audio/x-wav", "audio/wave"]), ("mp3", &["audio/mp3", "audio/mpeg"])];

/// Takes `image_url`.
pub(super) fn read_image<'a>(part: &mut Members<'a>) -> Result<Content<'a>, Invalid> {
    let mut image = part.required_object("image_url")?;
    let detail = image.said_string("detail")?.filter(|detail| detail.value != "auto");
    let path = image.path("url");
    let url = image.required_string("url")?;
    image.finish()?;
    let picture = |source: &Source| match source {
        Source::Base64 { media_type, .. } => media_type.starts_with("image/"),
        _ => true,
    };
    let source = source(url).filter(picture).ok_or_else(|| {
        let rule = "be an http or https url, or a base64 data url of an image";
        Invalid::unsupported_value(&path, rule)
    })?;
    Ok(Content::Image(Media { source, name: None, detail }))
}

/// Takes `input_audio`.
pub(super) fn read_audio<'a>(part: &mut Members<'a>) -> Result<Content<'a>, Invalid> {
    let mut audio = part.required_object("input_audio")?;
    let data = audio.required_string("data")?;
    let format = audio.required_string("format")?;
    let known = RECORDINGS.iter().find(|(word, _)| *word == format);
    let Some(media_type) = known.and_then(|(_, types)| types.first()) else {
        return Err(Invalid::unsupported_value(&audio.path("format"), "be wav or mp3"));
    };
    audio.finish()?;
    let source = Source::Base64 { media_type: Cow::Borrowed(media_type), data };
    Ok(Content::Audio(Media { source, name: None, detail: None }))
}

/// Takes `file`: a data URL, or what was uploaded before.
pub(super) fn read_file<'a>(part: &mut Members<'a>) -> Result<Content<'a>, Invalid> {
    let mut file = part.required_object("file")?;
    let name = file.said_string("filename")?;
    let source = match (file.string("file_data")?, file.string("file_id")?) {
        (None, Some(id)) => Source::FileId(id),
        (Some(data), None) => data_url(data).ok_or_else(|| {
            Invalid::unsupported_value(&file.path("file_data"), "be a base64 data url")
        })?,
        (None, None) => return Err(Invalid::missing(&file.path("file_data"))),
        (Some(_), Some(_)) => {
            return Err(Invalid::value(&file.path("file_id"), "not stand beside `file_data`"));
        }
    };
    file.finish()?;
    Ok(Content::Document(Media { source, name, detail: None }))
}

/// A picture as it is written.
#[derive(Serialize)]
pub(super) struct ImageUrl<'p> {
    url: Cow<'p, str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<&'p str>,
}

/// A recording as it is written.
#[derive(Serialize)]
pub(super) struct InputAudio<'p> {
    data: &'p str,
    format: &'static str,
}

/// A file as it is written.
#[derive(Serialize)]
pub(super) struct File<'p> {
    #[serde(skip_serializing_if = "Option::is_none")]
    filename: Option<&'p str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_data: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    file_id: Option<&'p str>,
}

/// None where OpenAI has no form for it.
pub(super) fn write_image<'p>(image: &'p Media<'_>) -> Option<ImageUrl<'p>> {
    let url = match &image.source {
        Source::Base64 { media_type, data } => Cow::Owned(written_url(media_type, data)),
        Source::Url { url, .. } => Cow::Borrowed(url.as_ref()),
        Source::FileId(_) | Source::Text(_) => return None,
    };
    Some(ImageUrl { url, detail: image.detail.as_ref().map(|detail| detail.value.as_ref()) })
}

/// None where OpenAI has no form for it.
pub(super) fn write_audio<'p>(audio: &'p Media<'_>) -> Option<InputAudio<'p>> {
    let Source::Base64 { media_type, data } = &audio.source else { return None };
    let is_known = |types: &[&str]| types.contains(&media_type.as_ref());
    let (format, _) = RECORDINGS.iter().find(|(_, types)| is_known(types))?;
    Some(InputAudio { data, format })
}

/// None where OpenAI has no form for it.
pub(super) fn write_file<'p>(document: &'p Media<'_>) -> Option<File<'p>> {
    let (file_data, file_id) = match &document.source {
        Source::Base64 { media_type, data } => (Some(written_url(media_type, data)), None),
        Source::FileId(id) => (None, Some(id.as_ref())),
        Source::Url { .. } | Source::Text(_) => return None,
    };
    let filename = document.name.as_ref().map(|name| name.value.as_ref());
    Some(File { filename, file_data, file_id })
}

fn written_url(media_type: &str, data: &str) -> String {
    format!("data:{media_type};base64,{data}")
}

fn source(url: Cow<'_, str>) -> Option<Source<'_>> {
    if url.starts_with("https://") || url.starts_with("http://") {
        return Some(Source::Url { url, media_type: None });
    }
    data_url(url)
}

/// What a data URL (RFC 2397) holds, when that is base64 of a media type without parameters.
fn data_url(url: Cow<'_, str>) -> Option<Source<'_>> {
    let (media_type, data) = url.strip_prefix("data:")?.split_once(";base64,")?;
    let is_plain = media_type.contains('/') && !media_type.contains([';', ',', ' ']);
    if !is_plain || data.is_empty() {
        return None;
    }
    let begin = "data:".len();
    let ranges = (begin..begin + media_type.len(), url.len() - data.len()..url.len());
    Some(Source::Base64 { media_type: slice(&url, ranges.0)?, data: slice(&url, ranges.1)? })
}

/// A piece of a text, without a copy where that can be: pictures are large.
fn slice<'a>(text: &Cow<'a, str>, range: Range<usize>) -> Option<Cow<'a, str>> {
    match text {
        Cow::Borrowed(text) => text.get(range).map(Cow::Borrowed),
        Cow::Owned(text) => text.get(range).map(|piece| Cow::Owned(piece.to_owned())),
    }
}
