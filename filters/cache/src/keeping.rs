//! Which answers are kept: whole ones, of the model that was meant, that the model itself ended.
//! Everything else, from a cut stream to a fallback's answer, is not what the same question should
//! get again.

use std::sync::Arc;

use inferlayer_accounts::record::Ending;
use inferlayer_filter::Exchange;
use inferlayer_filter::cached::CacheKey;
use inferlayer_wire::{Chunk, Completion, FinishReason};

use crate::flights::Lead;
use crate::tenants::TenantCache;

/// That a request's answer may be kept, and what was seen of it so far.
#[derive(Clone)]
pub(crate) struct Keeping {
    pub(crate) cache: Arc<TenantCache>,
    pub(crate) key: CacheKey,
    /// Others wait for this answer.
    pub(crate) lead: Option<Arc<Lead>>,
    pub(crate) stream: Seen,
}

/// What the events of a stream have told.
#[derive(Clone, Copy, Default)]
pub(crate) struct Seen {
    events: bool,
    stops: u32,
    unfit: bool,
}

impl Seen {
    pub(crate) fn observe(&mut self, delta: &Chunk) {
        self.events = true;
        for reason in &delta.finish_reasons {
            self.stops += u32::from(*reason == FinishReason::Stop);
            self.unfit |= *reason != FinishReason::Stop;
        }
        self.unfit |= delta.error || delta.tool_calls;
    }

    fn is_fit(self) -> bool {
        self.stops == 1 && !self.unfit
    }
}

impl Keeping {
    /// Whether the answer of `x`, which has ended, is to be kept.
    pub(crate) fn admits(&self, x: &Exchange, answer_bytes: u64) -> bool {
        let answer = &x.answer;
        let whole = x.ending.peek() == Some(&Ending::Complete)
            && answer.status == 200
            && !answer.content_cut
            && !answer.content.is_empty()
            && answer.content.len() as u64 <= answer_bytes;
        whole && is_of_the_plan(x) && self.is_fit(&answer.content)
    }

    fn is_fit(&self, content: &[u8]) -> bool {
        if self.stream.events {
            return self.stream.is_fit();
        }
        Completion::parse(content).is_ok_and(|completion| {
            completion.finish_reasons == [FinishReason::Stop]
                && !completion.is_error
                && !completion.tool_calls
        })
    }
}

/// The answer is a provider's, and of the model that was meant.
fn is_of_the_plan(x: &Exchange) -> bool {
    let candidates = x.candidates.peek();
    let candidate = x.answered().zip(candidates).and_then(|(a, all)| all.get(a.candidate));
    candidate.is_some_and(|candidate| !candidate.fallback)
}
