//! Which API a caller or a provider speaks, and what only the caller's API decides: how an error
//! looks.

use bytes::Bytes;

use crate::{Api, anthropic, gemini, openai};

/// The API whose request, answer, error and stream shapes one side uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Dialect {
    /// The OpenAI API and the many servers compatible with it: `/v1/chat/completions`.
    OpenAi,
    /// The Anthropic API: `/v1/messages`.
    Anthropic,
    /// Google's Gemini API: `/v1beta/models/…:generateContent`.
    Gemini,
}

/// An error, before it has a dialect.
#[derive(Debug, Clone, Copy)]
pub struct ErrorParts<'a> {
    /// The HTTP status, from which Anthropic's type follows; in a stream that has begun, the one
    /// that it would have had.
    pub status: u16,
    /// One sentence.
    pub message: &'a str,
    /// What sort of error it is in OpenAI's words, such as `invalid_request_error`.
    pub kind: &'a str,
    /// The field at fault.
    pub param: Option<&'a str>,
    /// What a program acts on, in OpenAI's words.
    pub code: Option<&'a str>,
}

impl Dialect {
    /// Whether clients skip the comments of a stream, as the standard of event streams says.
    /// Google's take every line that is not data for the beginning of an error.
    pub fn skips_comments(self) -> bool {
        self != Dialect::Gemini
    }

    /// What keeps a silent stream alive and says nothing.
    pub fn heartbeat(self) -> Bytes {
        Bytes::from_static(if self.skips_comments() { b": \n\n" } else { b"\n" })
    }

    /// The body of an error answer.
    pub fn error_body(self, error: ErrorParts<'_>) -> Vec<u8> {
        let ErrorParts { status, message, kind, param, code } = error;
        match self {
            Self::OpenAi => openai::error_body(message, kind, param, code),
            Self::Anthropic => anthropic::error_body(message, status, code),
            Self::Gemini => gemini::error_body(message, status),
        }
    }
}

impl Api {
    /// The event that tells a client that its stream broke.
    pub fn error_event(self, error: ErrorParts<'_>) -> Bytes {
        let ErrorParts { status, message, kind, param, code } = error;
        match self.dialect() {
            Dialect::OpenAi if self == Api::Responses => {
                openai::response_error_event(message, kind, param, code)
            }
            Dialect::OpenAi => openai::error_event(message, kind, param, code),
            Dialect::Anthropic => anthropic::error_event(message, status, code),
            Dialect::Gemini => gemini::error_event(message, status),
        }
    }
}
