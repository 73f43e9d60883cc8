//! Which API a caller speaks, and what only the caller's API decides: how an error looks.

use bytes::Bytes;

use crate::openai;

/// The API whose request, error and stream shapes a caller expects.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Dialect {
    /// The OpenAI API and the many servers compatible with it.
    OpenAi,
}

/// An error, before it has a dialect.
#[derive(Debug, Clone, Copy)]
pub struct ErrorParts<'a> {
    /// One sentence.
    pub message: &'a str,
    /// What sort of error it is, such as `invalid_request_error`.
    pub kind: &'a str,
    /// The field at fault.
    pub param: Option<&'a str>,
    /// What a program acts on.
    pub code: Option<&'a str>,
}

impl Dialect {
    /// The body of an error answer.
    pub fn error_body(self, error: ErrorParts<'_>) -> Vec<u8> {
        let ErrorParts { message, kind, param, code } = error;
        match self {
            Self::OpenAi => openai::error_body(message, kind, param, code),
        }
    }

    /// The event that tells a client that its stream broke.
    pub fn error_event(self, error: ErrorParts<'_>) -> Bytes {
        let ErrorParts { message, kind, param, code } = error;
        match self {
            Self::OpenAi => openai::error_event(message, kind, param, code),
        }
    }
}
