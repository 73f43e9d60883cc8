//! The Gemini dialect: `generateContent`, its answers, events and errors.

mod error;
mod request;
mod stream;

pub use self::error::{error_body, error_event};
pub use self::request::GenerateRequest;
pub(crate) use self::stream::GenerateStream;

use crate::{Completion, NotCompletion};

/// The facts of a whole answer.
pub(crate) fn facts(_body: &[u8]) -> Result<Completion, NotCompletion> {
    Err(NotCompletion)
}
