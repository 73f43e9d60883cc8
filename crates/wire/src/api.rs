//! What can be asked for, and where it stands at a provider. A path of a caller leads to one of
//! these; a provider's row in the table of [`Vendor`](crate::Vendor)s says which it answers itself.

use crate::Dialect;

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
    pub(crate) fn path(self, model: &str, stream: bool) -> String {
        let fixed = match self {
            Api::Chat => "/chat/completions",
            Api::Completions => "/completions",
            Api::Responses => "/responses",
            Api::InputTokens => "/responses/input_tokens",
            Api::Embeddings => "/embeddings",
            Api::Moderations => "/moderations",
            Api::Messages => "/messages",
            Api::MessageTokens => "/messages/count_tokens",
            Api::Generate if stream => return gemini(model, "streamGenerateContent?alt=sse"),
            Api::Generate => return gemini(model, "generateContent"),
            Api::ContentTokens => return gemini(model, "countTokens"),
            Api::EmbedContent => return gemini(model, "embedContent"),
            Api::BatchEmbedContents => return gemini(model, "batchEmbedContents"),
        };
        fixed.to_owned()
    }
}

fn gemini(model: &str, method: &str) -> String {
    // A tuned model's name says where it stands itself.
    let folder = if model.contains('/') { "" } else { "models/" };
    format!("/{folder}{model}:{method}")
}
