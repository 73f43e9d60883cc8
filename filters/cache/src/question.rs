//! From a request to the key that its question is found by.

use std::sync::Arc;

use inferlayer_accounts::Tenant;
use inferlayer_filter::cached::CacheKey;
use inferlayer_filter::outline::Offers;
use inferlayer_filter::{LARGE_BYTES, Refusal, offload};
use inferlayer_wire::ChatRequest;

use crate::key::Scope;
use crate::tenants::TenantCache;

/// What decides about keys beside tenant, model and question.
pub(crate) struct Questions {
    pub(crate) temperature_max: f64,
    pub(crate) offers: Offers,
    pub(crate) filters_sha256: String,
}

/// A question of a tenant, asked of a model.
#[derive(Clone)]
pub(crate) struct Question {
    pub(crate) tenant: Tenant,
    pub(crate) cache: Arc<TenantCache>,
    pub(crate) chat: ChatRequest,
    pub(crate) model: String,
}

impl Questions {
    /// What the question is found by, or why it is not looked up. All of a large request is read
    /// for it, away from the threads that serve.
    pub(crate) async fn key(
        self: &Arc<Questions>,
        question: Question,
    ) -> Result<Result<CacheKey, &'static str>, Refusal> {
        if question.chat.gist().body().len() <= LARGE_BYTES {
            return Ok(self.find(&question));
        }
        let (questions, tenant) = (Arc::clone(self), question.tenant.clone());
        offload(&tenant, move || questions.find(&question)).await
    }

    fn find(&self, question: &Question) -> Result<CacheKey, &'static str> {
        let Question { tenant, cache, chat, model } = question;
        let identity = chat.identity();
        if let Some(reason) = identity.unrepeatable(self.temperature_max) {
            return Err(reason);
        }
        let scope = Scope {
            dialect: "openai",
            model,
            local_only: tenant.is_local_only(),
            answered_by: self.offers.of(model).map_or("", |offer| &offer.answered_by),
            filters_sha256: &self.filters_sha256,
        };
        Ok(cache.keys(tenant).key(scope, &identity))
    }
}
