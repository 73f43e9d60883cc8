//! Pictures, sound, films and files: Google tells them apart by their media type.

use std::borrow::Cow;

use serde::Serialize;

use super::object::finish;
use crate::Invalid;
use crate::neutral::{Content, Media, Said, Source};
use crate::translate::object::Members;

/// Where files stand that were given to Google before.
const GOOGLES: [&str; 2] = ["https://generativelanguage.googleapis.com/", "gs://"];

fn is_googles(url: &str) -> bool {
    GOOGLES.iter().any(|place| url.starts_with(place))
}

/// Reads `inlineData`.
pub(super) fn read_inline(mut blob: Members<'_>) -> Result<Content<'_>, Invalid> {
    let media_type = blob.required_string("mimeType")?;
    let data = standard(blob.required_string("data")?);
    let kind = media_type.clone();
    read(blob, Source::Base64 { media_type, data }, Some(kind))
}

/// Reads `fileData`.
pub(super) fn read_file(mut file: Members<'_>) -> Result<Content<'_>, Invalid> {
    let media_type = file.string("mimeType")?;
    let url = file.required_string("fileUri")?;
    let kind = media_type.clone();
    let source =
        if is_googles(&url) { Source::FileId(url) } else { Source::Url { url, media_type } };
    read(file, source, kind)
}

fn read<'a>(
    mut media: Members<'a>,
    source: Source<'a>,
    media_type: Option<Cow<'a, str>>,
) -> Result<Content<'a>, Invalid> {
    let path = media.path("displayName");
    let name = media.string("displayName")?.map(|name| Said::new(name, path));
    finish(media)?;
    let media = Media { source, name, detail: None };
    Ok(match media_type.as_deref().and_then(|name| name.split('/').next()) {
        Some("image") => Content::Image(media),
        Some("audio") => Content::Audio(media),
        Some("video") => Content::Video(media),
        _ => Content::Document(media),
    })
}

/// Standard base64 (RFC 4648, section 4): Google's SDKs write its alphabet for URLs.
fn standard(data: Cow<'_, str>) -> Cow<'_, str> {
    let missing = (4 - data.len() % 4) % 4;
    if missing == 0 && !data.contains(['-', '_']) {
        return data;
    }
    let mut data = data.replace('-', "+").replace('_', "/");
    data.extend(std::iter::repeat_n('=', missing));
    Cow::Owned(data)
}

/// Media as they are written.
#[derive(Serialize)]
#[serde(rename_all = "camelCase", rename_all_fields = "camelCase")]
pub(super) enum Written<'p> {
    InlineData {
        mime_type: &'p str,
        data: &'p str,
    },
    FileData {
        #[serde(skip_serializing_if = "Option::is_none")]
        mime_type: Option<&'p str>,
        file_uri: &'p str,
    },
    Text(&'p str),
}

/// What a file is called is for people: Google's API has no place for it.
pub(super) fn write<'p>(media: &'p Media<'_>, path: &str) -> Result<Written<'p>, Invalid> {
    // Pictures are read in full unless the request as a whole says otherwise.
    if let Some(detail) = media.detail.as_ref().filter(|detail| detail.value != "high") {
        return Err(detail.unsupported_value("be auto or high"));
    }
    Ok(match &media.source {
        Source::Base64 { media_type, data } => Written::InlineData { mime_type: media_type, data },
        Source::Url { url, media_type } => {
            Written::FileData { mime_type: media_type.as_deref(), file_uri: url }
        }
        Source::FileId(id) if is_googles(id) => Written::FileData { mime_type: None, file_uri: id },
        Source::FileId(_) => return Err(Invalid::unsupported(path)),
        Source::Text(text) => Written::Text(text),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn base64_for_urls_becomes_standard() {
        for (data, expected) in [("AA==", "AA=="), ("_-8", "/+8="), ("_-8=", "/+8="), ("", "")] {
            assert_eq!(standard(data.into()), expected);
        }
    }
}
