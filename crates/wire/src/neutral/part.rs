//! What a turn is made of.

use std::borrow::Cow;

use super::{Json, Path, Said};

/// A part of a turn.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Part<'a> {
    pub(crate) content: Content<'a>,
    /// Anthropic's mark up to which a provider is to cache, as it stands.
    pub(crate) cache_control: Option<Said<Json<'a>>>,
    /// Where it stood, such as `messages[1].content[0]`.
    pub(crate) path: Path,
}

/// What a part holds.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Content<'a> {
    /// Never empty.
    Text(Cow<'a, str>),
    /// The assistant said no, in these words.
    Refusal(Cow<'a, str>),
    Image(Media<'a>),
    /// A file to be read, most often a PDF.
    Document(Media<'a>),
    Audio(Media<'a>),
    Video(Media<'a>),
    /// What the assistant thought; a signature proves to its provider that it did. Gemini signs
    /// calls: there the text is empty and the signature belongs to the call behind it.
    Thought {
        text: Cow<'a, str>,
        signature: Option<Cow<'a, str>>,
    },
    /// A thought that only its provider can read (Anthropic's `redacted_thinking`, OpenAI's
    /// `encrypted_content`).
    SealedThought(Cow<'a, str>),
    /// The assistant calls a tool. `input` is a JSON object.
    Call {
        id: Cow<'a, str>,
        name: Cow<'a, str>,
        input: Json<'a>,
    },
    /// What a tool said; stands in a turn of the user, before anything else there. The name is
    /// known where the dialect or the call tells it.
    Result {
        id: Cow<'a, str>,
        name: Option<Cow<'a, str>>,
        content: Vec<Part<'a>>,
        is_error: bool,
    },
}

/// Content that is not text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Media<'a> {
    pub(crate) source: Source<'a>,
    /// The name of a file, the title of a document.
    pub(crate) name: Option<Said<Cow<'a, str>>>,
    /// How closely OpenAI looks at a picture: `low`, `high`, …; `auto` is absent.
    pub(crate) detail: Option<Said<Cow<'a, str>>>,
}

/// Where content is.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Source<'a> {
    /// Here; the media type in full, such as `image/png`, and standard base64.
    Base64 { media_type: Cow<'a, str>, data: Cow<'a, str> },
    /// Behind an http or https URL.
    Url { url: Cow<'a, str>, media_type: Option<Cow<'a, str>> },
    /// At the provider.
    FileId(Cow<'a, str>),
    /// Here, as plain text.
    Text(Cow<'a, str>),
}

/// What stands between texts that become one.
pub(crate) const BETWEEN_TEXTS: &str = "\n\n";

impl Media<'_> {
    /// A document that is plain text, below its title; none for others.
    pub(crate) fn plain_text(&self) -> Option<Cow<'_, str>> {
        let Source::Text(text) = &self.source else { return None };
        Some(match &self.name {
            Some(name) => format!("{}{BETWEEN_TEXTS}{text}", name.value).into(),
            None => Cow::Borrowed(text),
        })
    }
}

impl<'a> Part<'a> {
    pub(crate) fn new(content: Content<'a>, path: impl Into<String>) -> Part<'a> {
        Part { content, cache_control: None, path: Path(path.into()) }
    }

    /// A text; none when it is empty, because dialects refuse empty texts and they say nothing.
    pub(crate) fn text(text: Cow<'a, str>, path: impl Into<String>) -> Option<Part<'a>> {
        (!text.is_empty()).then(|| Part::new(Content::Text(text), path))
    }
}
