//! `/v1/models`: every name and alias that has a route, as the caller's dialect lists models.

use std::sync::Arc;

use http::StatusCode;

use inferlayer_accounts::Tenant;
use inferlayer_accounts::tenant::unix_seconds;
use inferlayer_filter::outline::{Offer, Offers};
use inferlayer_filter::{Answer, Refusal};
use inferlayer_wire::{Dialect, ListedModel};

use crate::refusal::NotRouted;

/// Names, in the order of the configuration.
pub(crate) struct Models {
    models: Vec<Model>,
    /// Unix seconds; a route has no date of its own, so it is the gateway's start.
    created: u64,
}

struct Model {
    name: String,
    /// The provider that is asked first.
    owner: Arc<str>,
    local: bool,
}

/// Who stands behind a name that no single provider does, such as `auto`.
const GATEWAY: &str = "inferlayer";

impl Default for Models {
    fn default() -> Models {
        Models { models: Vec::new(), created: unix_seconds() }
    }
}

impl Models {
    pub(crate) fn add(&mut self, name: &str, owner: Arc<str>, local: bool) {
        self.models.push(Model { name: name.to_owned(), owner, local });
    }

    /// What other filters offer.
    pub(crate) fn add_others(&mut self, offers: &Offers) {
        for Offer { name, local, .. } in &offers.0 {
            if !name.ends_with('*') && !self.models.iter().any(|model| model.name == *name) {
                self.add(name, GATEWAY.into(), *local);
            }
        }
    }

    pub(crate) fn list(&self, tenant: &Tenant, dialect: Dialect) -> Answer {
        let models = self.open_to(tenant).map(|model| self.listed(model));
        Answer::json(StatusCode::OK, dialect.models_body(models))
    }

    pub(crate) fn one(
        &self,
        id: &str,
        tenant: &Tenant,
        dialect: Dialect,
    ) -> Result<Answer, Refusal> {
        let found = self.open_to(tenant).find(|model| model.name == id);
        let model = found.ok_or_else(|| NotRouted::UnknownModel { model: id.to_owned() })?;
        Ok(Answer::json(StatusCode::OK, dialect.model_body(self.listed(model))))
    }

    fn listed<'a>(&self, model: &'a Model) -> ListedModel<'a> {
        ListedModel { id: &model.name, created: self.created, owned_by: &model.owner }
    }

    /// What the tenant's requests may reach.
    fn open_to(&self, tenant: &Tenant) -> impl Iterator<Item = &Model> {
        let local_only = tenant.is_local_only();
        self.models.iter().filter(move |model| model.local || !local_only)
    }
}
