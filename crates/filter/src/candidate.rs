//! Who may be asked: providers as far as filters know them, and the ones a request may go to. No
//! address and no credential is here.

use std::sync::Arc;

use inferlayer_accounts::Tenant;
use inferlayer_wire::Dialect;

/// A provider, as far as filters need to know it.
#[derive(Debug)]
pub struct Provider {
    /// Its place in the configuration.
    pub index: usize,
    /// Its name in the configuration.
    pub name: Arc<str>,
    /// What it speaks.
    pub kind: ProviderKind,
    /// It runs where the data may stay: requests of tenants that are `local_only` may go there.
    pub local: bool,
    /// Calls to it cost nothing: one's own machines.
    pub free: bool,
    /// The configured name of its key, for records; never the key.
    pub key_name: Option<Arc<str>>,
}

/// What a provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProviderKind {
    /// OpenAI's API, or any server compatible with it.
    OpenAi,
    /// Anthropic's API, or any server compatible with it.
    Anthropic,
    /// The gateway's own stand-in, whose answers are made up and marked so.
    Simulated,
}

/// A provider and the model to ask of it.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Where to go.
    pub provider: Arc<Provider>,
    /// What to ask for there.
    pub model: Arc<str>,
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

impl ProviderKind {
    /// The dialect it speaks.
    pub fn dialect(self) -> Dialect {
        match self {
            ProviderKind::OpenAi | ProviderKind::Simulated => Dialect::OpenAi,
            ProviderKind::Anthropic => Dialect::Anthropic,
        }
    }
}
