//! What can be asked for, and where it stands at a provider. A path of a caller leads to one of
//! these; a provider's row in the table of [`Vendor`](crate::Vendor)s says which it answers itself.

use crate::{Dialect, FixedPath, UpstreamPath};

/// An operation of one of the dialects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Api {
    /// OpenAI: `/chat/completions`.
    Chat,
    /// OpenAI, the older form: `/completions`.
    Completions,
    /// OpenAI: `/responses`.
    Responses,
    /// OpenAI: `/responses/input_tokens`.
    InputTokens,
    /// OpenAI: `/embeddings`.
    Embeddings,
    /// OpenAI: `/moderations`.
    Moderations,
    /// Anthropic: `/messages`.
    Messages,
    /// Anthropic: `/messages/count_tokens`.
    MessageTokens,
    /// Gemini: `:generateContent` and `:streamGenerateContent`.
    Generate,
    /// Gemini: `:countTokens`.
    ContentTokens,
    /// Gemini: `:embedContent`.
    EmbedContent,
    /// Gemini: `:batchEmbedContents`.
    BatchEmbedContents,
}

/// What a request's path says of it. Only Gemini's says more than the operation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Asked {
    /// The operation.
    pub api: Api,
    /// The model, where it does not stand in the body.
    pub model: Option<String>,
    /// The answer is to be streamed, where that does not stand in the body.
    pub stream: bool,
}

impl From<Api> for Asked {
    fn from(api: Api) -> Asked {
        Asked { api, model: None, stream: false }
    }
}

impl Api {
    /// Whose words these are.
    pub fn dialect(self) -> Dialect {
        match self {
            Api::Chat
            | Api::Completions
            | Api::Responses
            | Api::InputTokens
            | Api::Embeddings
            | Api::Moderations => Dialect::OpenAi,
            Api::Messages | Api::MessageTokens => Dialect::Anthropic,
            Api::Generate | Api::ContentTokens | Api::EmbedContent | Api::BatchEmbedContents => {
                Dialect::Gemini
            }
        }
    }

    /// OpenTelemetry's word for it (`gen_ai.operation.name`); none where the convention has none.
    pub fn operation_name(self) -> Option<&'static str> {
        match self {
            Api::Chat | Api::Responses | Api::Messages => Some("chat"),
            Api::Generate => Some("generate_content"),
            Api::Completions => Some("text_completion"),
            Api::Embeddings | Api::EmbedContent | Api::BatchEmbedContents => Some("embeddings"),
            Api::InputTokens | Api::MessageTokens | Api::ContentTokens | Api::Moderations => None,
        }
    }

    /// The word in records, metrics and messages.
    pub fn name(self) -> &'static str {
        match self {
            Api::Chat => "chat",
            Api::Completions => "completions",
            Api::Responses => "responses",
            Api::InputTokens => "input_tokens",
            Api::Embeddings => "embeddings",
            Api::Moderations => "moderations",
            Api::Messages => "messages",
            Api::MessageTokens => "count_message_tokens",
            Api::Generate => "generate_content",
            Api::ContentTokens => "count_tokens",
            Api::EmbedContent => "embed_content",
            Api::BatchEmbedContents => "batch_embed_contents",
        }
    }

    /// Whether a model continues a conversation, which every dialect can say.
    pub fn converses(self) -> bool {
        matches!(self, Api::Chat | Api::Responses | Api::Messages | Api::Generate)
    }

    /// Whether text is generated, so that output costs something.
    pub fn generates(self) -> bool {
        self.converses() || self == Api::Completions
    }

    /// Whether tokens are only counted, for which no provider bills.
    pub fn counts(self) -> bool {
        matches!(self, Api::InputTokens | Api::MessageTokens | Api::ContentTokens)
    }

    /// Whether an error is about the provider's key, so that its caller could not mend it. Others
    /// say that by a status of its own; Gemini does not.
    pub fn blames_key(self, status: u16, error: &[u8]) -> bool {
        let reason = b"API_KEY_INVALID";
        self.dialect() == Dialect::Gemini
            && status == 400
            && memchr::memmem::find(error, reason).is_some()
    }

    /// Where it stands below a provider's base URL.
    pub(crate) fn place(self, stream: bool) -> Place {
        match self {
            Api::Chat => Place::fixed("/chat/completions"),
            Api::Completions => Place::fixed("/completions"),
            Api::Responses => Place::fixed("/responses"),
            Api::InputTokens => Place::fixed("/responses/input_tokens"),
            Api::Embeddings => Place::fixed("/embeddings"),
            Api::Moderations => Place::fixed("/moderations"),
            Api::Messages => Place::fixed("/messages"),
            Api::MessageTokens => Place::fixed("/messages/count_tokens"),
            Api::Generate if stream => Place::OfModel("streamGenerateContent?alt=sse"),
            Api::Generate => Place::OfModel("generateContent"),
            Api::ContentTokens => Place::OfModel("countTokens"),
            Api::EmbedContent => Place::OfModel("embedContent"),
            Api::BatchEmbedContents => Place::OfModel("batchEmbedContents"),
        }
    }
}

/// Where an operation stands.
#[derive(Debug, Clone, Copy)]
pub(crate) enum Place {
    /// At a path of its own; the model stands in the body.
    Fixed(FixedPath),
    /// It is a method of the model, whose name stands in the path.
    OfModel(&'static str),
}

impl Place {
    const fn fixed(path: &'static str) -> Place {
        Place::Fixed(UpstreamPath::from_static(path))
    }
}
