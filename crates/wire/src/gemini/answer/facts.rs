//! What the gateway must know of an answer.

use super::{Candidate, GenerateAnswer};
use crate::gemini::finish::of_calls;
use crate::{Chunk, Completion, FinishReason, NotCompletion};

/// The facts of a whole answer.
pub(crate) fn facts(body: &[u8]) -> Result<Completion, NotCompletion> {
    let answer = GenerateAnswer::parse(body).ok_or(NotCompletion)?;
    let has_answer = answer.candidates.is_some() || answer.is_blocked() || answer.is_error();
    if !has_answer {
        return Err(NotCompletion);
    }
    Ok(Completion {
        usage: answer.usage(),
        model: answer.model(),
        id: answer.id(),
        finish_reasons: answer.finish_reasons(|one| one.calls_tool()),
        output_bytes: answer.output_bytes(),
        tool_calls: answer.calls_tool(),
        is_error: answer.is_error(),
        service_tier: None,
    })
}

impl GenerateAnswer<'_> {
    /// The facts of a piece of a stream; `called` tells of the candidates that have called tools
    /// up to here.
    pub(crate) fn chunk(&self, called: impl Fn(&Candidate<'_>) -> bool) -> Chunk {
        let finish_reasons = self.finish_reasons(called);
        Chunk {
            usage: self.usage(),
            usage_only: false,
            finished: !finish_reasons.is_empty(),
            finish_reasons,
            output_bytes: self.output_bytes(),
            tool_calls: self.calls_tool(),
            error: self.is_error(),
            model: self.model(),
            id: self.id(),
            service_tier: None,
        }
    }

    /// A prompt that was refused is content withheld.
    fn finish_reasons(&self, called: impl Fn(&Candidate<'_>) -> bool) -> Vec<FinishReason> {
        if self.is_blocked() {
            return vec![FinishReason::ContentFilter];
        }
        let candidates = self.candidates().iter();
        let reason = |one: &Candidate<'_>| Some(of_calls(one.finish_reason()?, called(one)));
        candidates.filter_map(reason).collect()
    }

    fn output_bytes(&self) -> u64 {
        let parts = self.candidates().iter().flat_map(Candidate::parts);
        parts.map(|part| part.output_bytes()).sum()
    }

    fn calls_tool(&self) -> bool {
        self.candidates().iter().any(Candidate::calls_tool)
    }
}
