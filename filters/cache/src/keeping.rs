//! Which answers are kept: whole ones, of the model that was meant, that the model itself ended.
//! Everything else, from a cut stream to a fallback's answer, is not what the same question should
//! get again.

use std::sync::Arc;

use inferlayer_filter::Exchange;
use inferlayer_filter::cached::CacheKey;
use inferlayer_records::Ending;
use inferlayer_wire::FinishReason;

use crate::flights::Lead;
use crate::tenants::TenantCache;

/// That a request's answer may be kept.
#[derive(Clone)]
pub(crate) struct Keeping {
    pub(crate) cache: Arc<TenantCache>,
    pub(crate) key: CacheKey,
    /// Others wait for this answer.
    pub(crate) lead: Option<Arc<Lead>>,
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
        let ended_by_the_model = answer.finish_reasons == [FinishReason::Stop];
        whole && ended_by_the_model && !answer.tool_calls && is_of_the_plan(x)
    }
}

/// The answer is a provider's, and of the model that was meant.
fn is_of_the_plan(x: &Exchange) -> bool {
    x.answered().is_some_and(|attempt| !attempt.fallback)
}
