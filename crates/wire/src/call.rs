//! An inference request in its caller's dialect, and what it becomes for a provider's.

use bytes::Bytes;

use crate::{ChatRequest, Dialect, Invalid, MessagesRequest, Shape, translate};

/// An inference request that passed every check of its dialect.
#[derive(Clone, Debug)]
pub enum Call {
    /// OpenAI chat completions.
    Chat(ChatRequest),
    /// Anthropic messages.
    Messages(MessagesRequest),
}

impl Call {
    /// Reads a request body in `dialect`.
    pub fn parse(dialect: Dialect, body: Bytes) -> Result<Call, Invalid> {
        match dialect {
            Dialect::OpenAi => ChatRequest::parse(body).map(Call::Chat),
            Dialect::Anthropic => MessagesRequest::parse(body).map(Call::Messages),
        }
    }

    /// The caller's dialect.
    pub fn dialect(&self) -> Dialect {
        match self {
            Call::Chat(_) => Dialect::OpenAi,
            Call::Messages(_) => Dialect::Anthropic,
        }
    }

    /// The caller's bytes.
    pub fn body(&self) -> &Bytes {
        match self {
            Call::Chat(chat) => chat.body(),
            Call::Messages(messages) => messages.body(),
        }
    }

    /// The model asked for: 1 to 256 bytes without control characters.
    pub fn model(&self) -> &str {
        match self {
            Call::Chat(chat) => chat.model(),
            Call::Messages(messages) => messages.model(),
        }
    }

    /// Whether the answer is to be streamed.
    pub fn stream(&self) -> bool {
        match self {
            Call::Chat(chat) => chat.stream(),
            Call::Messages(messages) => messages.stream(),
        }
    }

    /// How many answers to generate, at least one.
    pub fn choices(&self) -> u32 {
        match self {
            Call::Chat(chat) => chat.choices(),
            Call::Messages(_) => 1,
        }
    }

    /// The caller's cap on the output of each answer, in tokens.
    pub fn max_output_tokens(&self) -> Option<u64> {
        match self {
            Call::Chat(chat) => chat.max_output_tokens(),
            Call::Messages(messages) => Some(messages.max_output_tokens()),
        }
    }

    /// Whether the length of the body says nothing about the tokens read.
    pub fn has_remote_input(&self) -> bool {
        match self {
            Call::Chat(chat) => chat.has_remote_input(),
            Call::Messages(messages) => messages.has_remote_input(),
        }
    }

    /// What the request looks like, without its content.
    pub fn shape(&self) -> Shape {
        match self {
            Call::Chat(chat) => chat.shape(),
            Call::Messages(messages) => messages.shape(),
        }
    }

    /// Whether a provider of this dialect can be asked; the field at fault when not.
    pub fn fits(&self, provider: Dialect) -> Result<(), Invalid> {
        match (self, provider) {
            (Call::Chat(_), Dialect::OpenAi) | (Call::Messages(_), Dialect::Anthropic) => Ok(()),
            (Call::Chat(chat), Dialect::Anthropic) => translate::check(chat),
            (Call::Messages(_), Dialect::OpenAi) => Err(other_dialect()),
        }
    }

    /// The body for a provider: the caller's own bytes where the dialect is the same, except what
    /// must change. `max_output_tokens` is the model's own, if it is known, for dialects that want
    /// a cap.
    pub fn for_provider(
        &self,
        provider: Dialect,
        model: &str,
        max_output_tokens: Option<u64>,
    ) -> Result<Bytes, Invalid> {
        match (self, provider) {
            (Call::Chat(chat), Dialect::OpenAi) => Ok(chat.for_provider(model)),
            (Call::Messages(messages), Dialect::Anthropic) => Ok(messages.for_provider(model)),
            (Call::Chat(chat), Dialect::Anthropic) => {
                translate::request(chat, model, max_output_tokens)
            }
            (Call::Messages(_), Dialect::OpenAi) => Err(other_dialect()),
        }
    }
}

fn other_dialect() -> Invalid {
    Invalid {
        message: "this model is not served in Anthropic's dialect".to_owned(),
        param: Some("model".to_owned()),
        code: None,
    }
}
