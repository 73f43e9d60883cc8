//! OpenAI's responses: request, answer and events.

mod request;
mod stream;

pub use self::request::ResponsesRequest;
pub(crate) use self::stream::ResponsesStream;

use crate::{Completion, NotCompletion};

/// The facts of a whole answer.
pub(crate) fn facts(_body: &[u8]) -> Result<Completion, NotCompletion> {
    Err(NotCompletion)
}
