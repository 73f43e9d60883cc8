//! A provider's whole answer in one JSON body.

use super::FinishReason;
use super::answer::Answer;
use crate::Usage;

/// The facts of a whole answer, whatever its provider's dialect. The body is relayed apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Completion {
    /// What the provider counted; none when it did not, or not believably.
    pub usage: Option<Usage>,
    /// The model that answered, at most 256 bytes.
    pub model: Option<String>,
    /// The provider's id of the answer, at most 256 bytes.
    pub id: Option<String>,
    /// Why each choice ended, in the order of the choices.
    pub finish_reasons: Vec<FinishReason>,
    /// Bytes of text generated, tool arguments and visible reasoning included: for an estimate.
    pub output_bytes: u64,
    /// The answer calls a tool.
    pub tool_calls: bool,
    /// The provider sent an error with a status of success.
    pub is_error: bool,
    /// The service tier that it says it answered in, at most 256 bytes.
    pub service_tier: Option<String>,
}

/// The body is not an answer in its provider's dialect: HTML, cut off, or JSON of another kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the provider's answer cannot be read")]
pub struct NotCompletion;

impl Completion {
    /// Reads a provider's body. Fields we do not know are ignored.
    pub fn parse(body: &[u8]) -> Result<Completion, NotCompletion> {
        let answer = Answer::parse(body).ok_or(NotCompletion)?;
        let messages = || answer.choices().iter().filter_map(|choice| choice.message.as_ref());
        Ok(Completion {
            usage: answer.usage(),
            model: answer.model(),
            id: answer.id(),
            finish_reasons: answer.finish_reasons(),
            output_bytes: messages().map(|message| message.text_bytes()).sum::<u64>()
                + answer.plain_text_bytes(),
            tool_calls: messages().any(|message| message.calls_tool()),
            is_error: answer.is_error(),
            service_tier: answer.service_tier(),
        })
    }
}
