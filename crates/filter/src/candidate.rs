//! Who may be asked: providers as far as filters know them, and the ones a request may go to. No
//! address and no credential is here.

use std::sync::Arc;

use inferlayer_accounts::Tenant;
use inferlayer_wire::{Api, Call, Invalid, Target, Vendor};

/// A provider, as far as filters need to know it.
#[derive(Debug)]
pub struct Provider {
    /// Its place in the configuration.
    pub index: usize,
    /// Its name in the configuration.
    pub name: Arc<str>,
    /// Whose API it has.
    pub vendor: Vendor,
    /// It runs where the data may stay: requests of tenants that are `local_only` may go there.
    pub local: bool,
    /// Calls to it cost nothing: one's own machines.
    pub free: bool,
    /// The configured name of its key, for records; never the key.
    pub key_name: Option<Arc<str>>,
}

/// A provider and the model to ask of it.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Where to go.
    pub provider: Arc<Provider>,
    /// What to ask for there.
    pub model: Arc<str>,
    /// What it is asked for in a conversation, where the configuration says; else as the caller
    /// asks, or as the vendor can be asked.
    pub api: Option<Api>,
    /// It stands in for the plan's own model, which cannot answer.
    pub fallback: bool,
}

/// Where a request may go, best first. Never empty, and never where its tenant may not go: nothing
/// but [`Candidates::permitted`] makes one.
#[derive(Debug)]
pub struct Candidates(Vec<Candidate>);

impl Candidates {
    /// Those of `wanted` that the tenant may go to; nothing when there are none.
    pub fn permitted(
        tenant: &Tenant,
        wanted: impl IntoIterator<Item = Candidate>,
    ) -> Option<Candidates> {
        let permitted = wanted.into_iter().filter(|c| c.provider.may_serve(tenant)).collect();
        Some(Candidates(permitted)).filter(|candidates| !candidates.0.is_empty())
    }

    /// From the best on.
    pub fn iter(&self) -> std::slice::Iter<'_, Candidate> {
        self.0.iter()
    }

    /// The one at this place.
    pub fn get(&self, index: usize) -> Option<&Candidate> {
        self.0.get(index)
    }

    /// How many there are.
    #[expect(clippy::len_without_is_empty, reason = "there is always one")]
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Strikes those that are not to be kept; an error leaves them as they were.
    pub fn keep(&mut self, mut kept: impl FnMut(&Candidate) -> bool) -> Result<(), NoneLeft> {
        let left: Vec<Candidate> = self.0.iter().filter(|c| kept(c)).cloned().collect();
        if left.is_empty() {
            return Err(NoneLeft);
        }
        self.0 = left;
        Ok(())
    }
}

/// Nobody would be left to ask.
#[derive(Debug, PartialEq, Eq)]
pub struct NoneLeft;

impl Provider {
    /// Whether requests of this tenant may reach it.
    pub fn may_serve(&self, tenant: &Tenant) -> bool {
        self.local || !tenant.is_local_only()
    }
}

impl Candidate {
    /// How it is asked `call`. `max_output_tokens` is the model's own, if it is known.
    pub fn target(
        &self,
        call: &Call,
        max_output_tokens: Option<u64>,
    ) -> Result<Target<'_>, Invalid> {
        let vendor = self.provider.vendor;
        let api = call.api_at(vendor, self.api)?;
        Ok(Target { vendor, api, model: &self.model, max_output_tokens })
    }
}
