//! A provider's whole answer, read: one way for any provider and any caller.

use bytes::Bytes;
use serde::Deserialize;
use serde::de::IgnoredAny;

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

/// The body is not an answer that can be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NotAnswer {
    /// It is one by its members, in a form that cannot be read, and so not be translated.
    #[error("the provider's answer has a form that cannot be read")]
    Odd,
    /// It is something else: a page, cut off, JSON of another kind.
    #[error("the provider's answer is none")]
    Other,
}

impl Call {
    /// Reads the body of an answer with a status of success. `created_unix_seconds` is the time
    /// told to OpenAI's callers when the provider tells none.
    ///
    /// An error with such a status is an answer whose facts say so. An odd one passes where the
    /// dialect is the same, with nothing known of it but its length.
    pub fn read_answer(
        &self,
        provider: Dialect,
        created_unix_seconds: u64,
        body: Bytes,
    ) -> Result<Answer, NotAnswer> {
        let read = match (self, provider) {
            (Call::Chat(_), Dialect::OpenAi) => Completion::parse(&body),
            (Call::Messages(_), Dialect::Anthropic) => {
                Message::parse(&body).map(|message| message.facts())
            }
            (Call::Chat(chat), Dialect::Anthropic) => {
                let translated = translate::answer(chat, created_unix_seconds, &body);
                return translated.map_err(|NotCompletion| NotAnswer::of(provider, &body));
            }
            (Call::Messages(_), Dialect::OpenAi) => return Err(NotAnswer::Other),
        };
        match read {
            Ok(facts) => Ok(Answer { body, facts }),
            Err(NotCompletion) if NotAnswer::of(provider, &body) == NotAnswer::Odd => {
                let output_bytes = body.len() as u64;
                let facts = Completion { output_bytes, ..Completion::default() };
                Ok(Answer { body, facts })
            }
            Err(NotCompletion) => Err(NotAnswer::Other),
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

/// What every answer has, whatever form the rest of it has.
#[derive(Deserialize)]
struct Marks {
    choices: Option<IgnoredAny>,
    content: Option<IgnoredAny>,
}

impl NotAnswer {
    fn of(provider: Dialect, body: &[u8]) -> NotAnswer {
        let marked = serde_json::from_slice::<Marks>(body).is_ok_and(|marks| match provider {
            Dialect::OpenAi => marks.choices.is_some(),
            Dialect::Anthropic => marks.content.is_some(),
        });
        if marked { NotAnswer::Odd } else { NotAnswer::Other }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(dialect: Dialect, provider: Dialect, body: &str) -> Result<Answer, NotAnswer> {
        let asked = r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}"#;
        let call = Call::parse(dialect, asked.into()).unwrap();
        call.read_answer(provider, 0, body.to_owned().into())
    }

    #[test]
    fn an_odd_answer_passes_in_its_dialect_and_is_counted_by_its_length() {
        let lone = r#"{"choices":[{"message":{"content":"\ud83d"},"finish_reason":7}]}"#;
        let answer = read(Dialect::OpenAi, Dialect::OpenAi, lone).unwrap();
        assert_eq!(answer.body, lone);
        assert_eq!(answer.facts.output_bytes, lone.len() as u64);
        assert!(answer.facts.usage.is_none() && answer.facts.finish_reasons.is_empty());
        let message = r#"{"type":"message","content":"text"}"#;
        assert!(read(Dialect::Anthropic, Dialect::Anthropic, message).is_ok());
        let translated = read(Dialect::OpenAi, Dialect::Anthropic, message);
        assert_eq!(translated, Err(NotAnswer::Odd));
    }

    #[test]
    fn what_is_none_does_not_pass() {
        for other in ["", "{}", "<html>", "[]", r#"{"detail":"no"}"#, r#"{"choices":[{"#] {
            for (dialect, provider) in [
                (Dialect::OpenAi, Dialect::OpenAi),
                (Dialect::Anthropic, Dialect::Anthropic),
                (Dialect::OpenAi, Dialect::Anthropic),
            ] {
                assert_eq!(read(dialect, provider, other), Err(NotAnswer::Other), "{other}");
            }
        }
    }
}
