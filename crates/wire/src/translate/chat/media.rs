//! Pictures, recordings and files: OpenAI has them in data URLs, behind URLs, or at itself.

use std::borrow::Cow;

use serde::Serialize;

use crate::Invalid;
use crate::neutral::{Content, Media, Source};
use crate::translate::object::Members;
use crate::translate::openai::{data_url, file_id, file_name, source, written_url};

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

/// A file as it is written.
#[derive(Serialize)]
pub(super) struct File<'p> {
    #[serde(skip_serializing_if = "Option::is_none")]
    filename: Option<Cow<'p, str>>,
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
pub(super) fn write_file<'p>(document: &'p Media<'_>) -> Option<File<'p>> {
    let (file_data, uploaded) = match &document.source {
        Source::Base64 { media_type, data } => (Some(written_url(media_type, data)), None),
        Source::FileId(id) => (None, Some(file_id(id)?)),
        Source::Url { .. } | Source::Text(_) => return None,
    };
    Some(File { filename: file_name(document), file_data, file_id: uploaded })
}
