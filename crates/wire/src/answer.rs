//! A provider's whole answer, read: one way for any provider and any caller.

use bytes::Bytes;
use serde::Deserialize;
use serde::de::IgnoredAny;

use crate::anthropic::Message;
use crate::{Api, Call, Completion, NotCompletion, gemini, openai, plain, translate};

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
    /// It is one by its members, in a form that cannot be read, and so not be translated; or it
    /// has too much structure to be read.
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
    /// dialect is the same, with nothing known of it but its length. One with more structure than
    /// a request may have is not read at all.
    pub fn read_answer(
        &self,
        provider: Api,
        created_unix_seconds: u64,
        body: Bytes,
    ) -> Result<Answer, NotAnswer> {
        // It may have been billed, whatever it is.
        self.gist().bounds.check(&body).map_err(|_| NotAnswer::Odd)?;
        let read = match provider {
            Api::Chat | Api::Completions => Completion::parse(&body),
            Api::Messages => Message::parse(&body).map(|message| message.facts()),
            Api::Responses => openai::response_facts(&body),
            Api::Generate => gemini::facts(&body),
            other => plain::facts(other, &body),
        };
        if self.api() != provider {
            let none = NotAnswer::of(provider, &body);
            return self.translated(provider, read, created_unix_seconds, &body).map_err(|_| none);
        }
        match read {
            Ok(facts) => Ok(Answer { body: self.as_wished(body), facts }),
            Err(NotCompletion) if NotAnswer::of(provider, &body) == NotAnswer::Odd => {
                let output_bytes = body.len() as u64;
                let facts = Completion { output_bytes, ..Completion::default() };
                Ok(Answer { body, facts })
            }
            Err(NotCompletion) => Err(NotAnswer::Other),
        }
    }

    /// The provider's bytes, but in the form in which embeddings were asked for.
    fn as_wished(&self, body: Bytes) -> Bytes {
        match self {
            Call::Plain(plain) if plain.wants_base64() => openai::with_base64(body),
            _ => body,
        }
    }

    /// The answer of a provider of another dialect.
    fn translated(
        &self,
        provider: Api,
        read: Result<Completion, NotCompletion>,
        created_unix_seconds: u64,
        body: &[u8],
    ) -> Result<Answer, NotCompletion> {
        let facts = read?;
        if facts.is_error {
            let body = translate::error_body(self.dialect(), 500, body);
            return Ok(Answer { body, facts });
        }
        translate::answer(self, provider, facts, created_unix_seconds, body)
    }

    /// Reads the body of a 4xx answer that passes through: as it is in one dialect, told anew
    /// between two, whatever it looks like.
    pub fn read_error(&self, provider: Api, status: u16, body: Bytes) -> Bytes {
        if provider.dialect() == self.dialect() {
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
    output: Option<IgnoredAny>,
    candidates: Option<IgnoredAny>,
    /// Gemini's, of a prompt that it would not read.
    #[serde(rename = "promptFeedback")]
    prompt_feedback: Option<IgnoredAny>,
}

impl NotAnswer {
    fn of(provider: Api, body: &[u8]) -> NotAnswer {
        let marked = serde_json::from_slice::<Marks>(body).is_ok_and(|marks| match provider {
            Api::Chat | Api::Completions => marks.choices.is_some(),
            Api::Messages => marks.content.is_some(),
            Api::Responses => marks.output.is_some(),
            Api::Generate => marks.candidates.is_some() || marks.prompt_feedback.is_some(),
            // Of the others nothing is needed but that they are JSON objects.
            _ => true,
        });
        if marked { NotAnswer::Odd } else { NotAnswer::Other }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(caller: Api, provider: Api, body: &str) -> Result<Answer, NotAnswer> {
        let asked = r#"{"model":"m","max_tokens":9,"messages":[{"role":"user","content":"Hi"}]}"#;
        let call = Call::parse(caller, asked.into()).unwrap();
        call.read_answer(provider, 0, body.to_owned().into())
    }

    #[test]
    fn an_odd_answer_passes_in_its_dialect_and_is_counted_by_its_length() {
        let lone = r#"{"choices":[{"message":{"content":"\ud83d"},"finish_reason":7}]}"#;
        let answer = read(Api::Chat, Api::Chat, lone).unwrap();
        assert_eq!(answer.body, lone);
        assert_eq!(answer.facts.output_bytes, lone.len() as u64);
        assert!(answer.facts.usage.is_none() && answer.facts.finish_reasons.is_empty());
        let message = r#"{"type":"message","content":"text"}"#;
        assert!(read(Api::Messages, Api::Messages, message).is_ok());
        let translated = read(Api::Chat, Api::Messages, message);
        assert_eq!(translated, Err(NotAnswer::Odd));
    }

    #[test]
    fn what_is_none_does_not_pass() {
        for other in ["", "{}", "<html>", "[]", r#"{"detail":"no"}"#, r#"{"choices":[{"#] {
            for (caller, provider) in
                [(Api::Chat, Api::Chat), (Api::Messages, Api::Messages), (Api::Chat, Api::Messages)]
            {
                assert_eq!(read(caller, provider, other), Err(NotAnswer::Other), "{other}");
            }
        }
    }
}
