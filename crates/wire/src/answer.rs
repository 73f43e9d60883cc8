//! A provider's whole answer, read: one way for any provider and any caller.

use bytes::Bytes;

use crate::anthropic::Message;
use crate::{Call, Completion, Dialect, NotCompletion, translate};

/// A whole answer, read: what the caller gets and what the gateway must know.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The answer in the caller's dialect; the provider's own bytes where the dialect is the same.
    pub body: Bytes,
    /// What it tells.
    pub facts: Completion,
}

impl Call {
    /// Reads the body of an answer with a status of success. `created_unix_seconds` is the time
    /// told to OpenAI's callers when the provider tells none.
    ///
    /// An error with such a status is an answer whose facts say so.
    pub fn read_answer(
        &self,
        provider: Dialect,
        created_unix_seconds: u64,
        body: Bytes,
    ) -> Result<Answer, NotCompletion> {
        match (self, provider) {
            (Call::Chat(_), Dialect::OpenAi) => {
                Completion::parse(&body).map(|facts| Answer { body, facts })
            }
            (Call::Messages(_), Dialect::Anthropic) => {
                let facts = Message::parse(&body)?.facts();
                Ok(Answer { body, facts })
            }
            (Call::Chat(chat), Dialect::Anthropic) => {
                translate::answer(chat, created_unix_seconds, &body)
            }
            (Call::Messages(_), Dialect::OpenAi) => Err(NotCompletion),
        }
    }

    /// Reads the body of a 4xx answer that passes through: as it is in one dialect, told anew
    /// between two, whatever it looks like.
    pub fn read_error(&self, provider: Dialect, status: u16, body: Bytes) -> Bytes {
        if provider == self.dialect() {
            return body;
        }
        translate::error_body(self.dialect(), status, &body)
    }
}
