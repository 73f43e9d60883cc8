//! Parts of intents and outcomes, from what the exchange knows of them.

use std::borrow::Cow;

use inferlayer_filter::cached::Admission;
use inferlayer_filter::candidate::Excluded;
use inferlayer_filter::exchange::Attempt;
use inferlayer_filter::passage::Passed;
use inferlayer_filter::{Candidate, Plan};
use inferlayer_records::{hex, record};

/// `provider/model`.
pub(crate) fn name(candidate: &Candidate) -> String {
    format!("{}/{}", candidate.provider.name, candidate.model)
}

pub(crate) fn excluded(excluded: &Excluded) -> record::Excluded<'_> {
    record::Excluded { candidate: name(&excluded.candidate), reason: excluded.reason.name().into() }
}

pub(crate) fn plan(plan: &Plan) -> record::Plan<'_> {
    record::Plan {
        tier: plan.tier.name().into(),
        model: Cow::from(&*plan.model),
        by: plan.by.name().into(),
        reason: plan.reason.into(),
    }
}

pub(crate) fn cached(admission: &Admission) -> record::Cached<'static> {
    record::Cached { key: hex(&admission.key.0).into(), ttl_seconds: admission.ttl_seconds }
}

pub(crate) fn passed(passed: &Passed) -> record::Passed<'static> {
    record::Passed {
        request_bytes: passed.request_bytes,
        request_hmac_sha256: passed.request_hmac.map(|hmac| hmac.to_string().into()),
        answer_bytes: passed.answer_bytes,
    }
}

pub(crate) fn attempt(attempt: &Attempt) -> record::Attempt<'_> {
    record::Attempt {
        provider: Cow::from(&*attempt.provider.name),
        model: Cow::from(&*attempt.model),
        provider_key: attempt.provider.key_name.as_deref().map(Cow::from),
        result: attempt.result.name().into(),
        status: attempt.result.status(),
    }
}
