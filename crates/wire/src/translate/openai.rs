//! What both of OpenAI's dialects of conversation have in common.

use std::borrow::Cow;
use std::ops::Range;

use serde::Serialize;
use serde_json::value::RawValue;

use super::object::Members;
use crate::neutral::{BETWEEN_TEXTS, Content, Effort, Json, Media, Part, Prompt, Source};
use crate::{Invalid, Quirks, Target, json};

/// The longest name of a user that OpenAI takes, in characters. Those of callers of other dialects
/// may be longer (those of Claude Code are); they change nothing in the answer and are left out.
const MAX_USER_CHARACTERS: usize = 64;

/// The word of OpenAI for a recording's format, and the media types it has elsewhere; the first is
/// what Gemini documents.
const RECORDINGS: [(&str, &[&str]); 2] =
    [("wav", &["audio/wav", "audio/x-wav", "audio/wave"]), ("mp3", &["audio/mp3", "audio/mpeg"])];

/// Takes the arguments of a call: JSON in a string, which models and callers leave empty for none.
pub(in crate::translate) fn arguments<'a>(call: &mut Members<'a>) -> Result<Json<'a>, Invalid> {
    let path = call.path("arguments");
    let text = call.string("arguments")?.unwrap_or_default();
    let text = if text.trim().is_empty() { Cow::Borrowed("{}") } else { text };
    json::check(text.as_bytes())
        .ok()
        .and_then(|()| RawValue::from_string(text.into_owned()).ok())
        .map(Json::from)
        .ok_or_else(|| Invalid::value(&path, "be a strict json object in a string"))
}

/// Who asks, where a vendor wants to be told.
pub(in crate::translate) fn user<'p>(prompt: &'p Prompt<'_>, quirks: &Quirks) -> Option<&'p str> {
    let user = prompt.user.as_ref().filter(|_| quirks.user)?;
    (user.value.chars().count() <= MAX_USER_CHARACTERS).then_some(user.value.as_ref())
}

/// The caller's cap, but never above the model's own. Without the caller's there is none: some
/// servers refuse a cap that does not fit behind the prompt.
pub(in crate::translate) fn output_cap(prompt: &Prompt<'_>, to: &Target<'_>) -> Option<u64> {
    let cap = prompt.output_tokens?;
    Some(to.max_output_tokens.map_or(cap, |most| cap.min(most)))
}

/// How much to think, for vendors that can be told. Those that cannot are asked for no thoughts in
/// silence: that is what they do.
pub(in crate::translate) fn effort(
    prompt: &Prompt<'_>,
    quirks: &Quirks,
) -> Result<Option<Effort>, Invalid> {
    let Some(asked) = &prompt.reasoning else { return Ok(None) };
    let of_budget = || asked.value.budget_tokens.map(Effort::of_budget);
    match asked.value.effort.or_else(of_budget) {
        None => Ok(None),
        effort if quirks.reasoning_effort => Ok(effort),
        Some(Effort::None) => Ok(None),
        Some(_) => Err(asked.unsupported()),
    }
}

/// What a tool said when it failed. That has no member in results here, so it is said in JSON that
/// no text of the tool's can be taken for: models read that, and know what a tool said from what is
/// said about it.
pub(in crate::translate) fn failure(content: &[Part<'_>]) -> String {
    #[derive(Serialize)]
    struct Failed<'t> {
        is_error: bool,
        content: &'t str,
    }
    let texts = content.iter().filter_map(|part| match &part.content {
        Content::Text(text) => Some(text.as_ref()),
        _ => None,
    });
    let content = texts.collect::<Vec<_>>().join(BETWEEN_TEXTS);
    // A string and a flag always serialise.
    serde_json::to_string(&Failed { is_error: true, content: &content }).unwrap_or_default()
}

/// Takes `input_audio`.
pub(in crate::translate) fn recording<'a>(part: &mut Members<'a>) -> Result<Content<'a>, Invalid> {
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

/// `input_audio` as it is written.
#[derive(Serialize)]
pub(in crate::translate) struct InputAudio<'p> {
    data: &'p str,
    format: &'static str,
}

impl<'p> InputAudio<'p> {
    /// None where OpenAI has no form for it.
    pub(in crate::translate) fn of(audio: &'p Media<'_>) -> Option<InputAudio<'p>> {
        let Source::Base64 { media_type, data } = &audio.source else { return None };
        let is_known = |types: &[&str]| types.contains(&media_type.as_ref());
        let (format, _) = RECORDINGS.iter().find(|(_, types)| is_known(types))?;
        Some(InputAudio { data, format })
    }
}

/// A base64 data URL (RFC 2397).
pub(in crate::translate) fn written_url(media_type: &str, data: &str) -> String {
    format!("data:{media_type};base64,{data}")
}

/// What stands behind a web URL or in a data URL.
pub(in crate::translate) fn source(url: Cow<'_, str>) -> Option<Source<'_>> {
    if url.starts_with("https://") || url.starts_with("http://") {
        return Some(Source::Url { url, media_type: None });
    }
    data_url(url)
}

/// The name of a file that stands in a request, which OpenAI wants for PDFs, and knows them by its
/// end.
pub(in crate::translate) fn file_name<'p>(document: &'p Media<'_>) -> Option<Cow<'p, str>> {
    let name = document.name.as_ref().map(|name| name.value.as_ref());
    let Source::Base64 { media_type, .. } = &document.source else {
        return name.map(Cow::Borrowed);
    };
    match name {
        _ if media_type != "application/pdf" => name.map(Cow::Borrowed),
        None => Some(Cow::Borrowed("document.pdf")),
        Some(name) if name.to_ascii_lowercase().ends_with(".pdf") => Some(Cow::Borrowed(name)),
        Some(name) => Some(Cow::Owned(format!("{name}.pdf"))),
    }
}

/// The id of a file that was given to OpenAI, or to a server of its API; those of Google are URLs.
pub(in crate::translate) fn file_id(id: &str) -> Option<&str> {
    (!id.contains("://")).then_some(id)
}

/// What a data URL holds, when that is base64 of a media type without parameters.
pub(in crate::translate) fn data_url(url: Cow<'_, str>) -> Option<Source<'_>> {
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
