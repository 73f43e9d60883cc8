//! One `data:` of a streamed chat completion, and the facts of any dialect's.

use super::FinishReason;
use super::answer::Answer;
use crate::Usage;

/// The facts of a chunk, whatever its provider's dialect. The event itself is relayed apart.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Chunk {
    /// What the provider counted so far; some servers send it with every chunk, so the last one
    /// holds and nothing is added up.
    pub usage: Option<Usage>,
    /// The extra frame of `include_usage`, to be kept from clients that did not ask for it: usage
    /// and no choices.
    pub usage_only: bool,
    /// A choice ends with this chunk.
    pub finished: bool,
    /// Why the choices that end here do.
    pub finish_reasons: Vec<FinishReason>,
    /// Bytes of text generated in this chunk: for an estimate.
    pub output_bytes: u64,
    /// The model calls a tool in this chunk.
    pub tool_calls: bool,
    /// The provider tells of an error in the middle of the stream.
    pub error: bool,
    /// The model that answers, at most 256 bytes.
    pub model: Option<String>,
    /// The provider's id of the answer, at most 256 bytes.
    pub id: Option<String>,
    /// The service tier that the provider says it answers in, at most 256 bytes.
    pub service_tier: Option<String>,
}

/// The data is not a chunk of a chat completion. `[DONE]` is not one either.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the event is not a chat completion chunk")]
pub struct NotChunk;

impl Chunk {
    /// Reads the data of one event. Fields we do not know are ignored.
    pub fn parse(data: &[u8]) -> Result<Chunk, NotChunk> {
        let answer = Answer::parse(data).ok_or(NotChunk)?;
        let finish_reasons = answer.finish_reasons();
        let deltas = || answer.choices().iter().filter_map(|choice| choice.delta.as_ref());
        Ok(Chunk {
            usage: answer.usage(),
            usage_only: answer.has_usage() && answer.choices().is_empty(),
            finished: !finish_reasons.is_empty(),
            finish_reasons,
            output_bytes: deltas().map(|delta| delta.text_bytes()).sum::<u64>()
                + answer.plain_text_bytes(),
            tool_calls: deltas().any(|delta| delta.calls_tool()),
            error: answer.is_error(),
            model: answer.model(),
            id: answer.id(),
            service_tier: answer.service_tier(),
        })
    }
}
