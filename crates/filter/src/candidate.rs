//! Who may be asked: providers as far as filters know them, and the ones a request may go to, each
//! with what it would cost. No address and no credential is here.

use std::sync::Arc;

use bytes::Bytes;
use inferlayer_accounts::Tenant;
use inferlayer_share::Permit;
use inferlayer_wire::{Api, ApiVersion, Call, Invalid, NotSegment, Target, Vendor};

use crate::money::Quote;
use crate::refusal::{CallerError, Refusal};
use crate::translated::Translated;

/// A provider, as far as filters need to know it.
#[derive(Debug, PartialEq, Eq)]
pub struct Provider {
    /// Its name in the configuration, which it is found by.
    pub name: Arc<str>,
    /// A digest of what its answers depend on: its API, address, version and headers.
    pub identity: Arc<str>,
    /// Whose API it has.
    pub vendor: Vendor,
    /// Of Azure's dated API, which has the model in its paths.
    pub api_version: Option<ApiVersion>,
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
    /// Where it cannot be used, nobody behind it is asked instead.
    pub strict_order: bool,
    /// The most that the model can write, if its price says so.
    pub max_output_tokens: Option<u64>,
    /// The request as it gets it, where that was written already. From `route`.
    pub translated: Option<Translated>,
    /// What one attempt costs at worst. From `meter`.
    pub quote: Option<Arc<Quote>>,
}

/// Where a request may go, best first. Never empty, and never where its tenant may not go: nothing
/// but [`Candidates::permitted`] makes one. Also who was excluded and why, because a request that
/// goes to the second of a list must be explained.
#[derive(Debug)]
pub struct Candidates {
    usable: Vec<Candidate>,
    excluded: Vec<Excluded>,
}

/// A candidate that this request cannot use.
#[derive(Clone, Debug)]
pub struct Excluded {
    /// Who.
    pub candidate: Candidate,
    /// Why.
    pub reason: Exclusion,
}

/// Why a candidate cannot be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Exclusion {
    /// The tenant is `local_only`, and the provider is not `local`.
    NotLocal,
    /// Its API cannot express what is asked.
    Unsupported,
    /// It has no price, and the tenant may not call what has none.
    Unpriced,
    /// It stands behind one that cannot be used, in an order that is strict.
    StrictOrder,
}

impl Exclusion {
    /// Every reason.
    pub const ALL: [Exclusion; 4] =
        [Exclusion::NotLocal, Exclusion::Unsupported, Exclusion::Unpriced, Exclusion::StrictOrder];

    /// The word in records and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Exclusion::NotLocal => "not_local",
            Exclusion::Unsupported => "unsupported",
            Exclusion::Unpriced => "unpriced",
            Exclusion::StrictOrder => "strict_order",
        }
    }

    /// The words for whoever asked.
    fn explanation(self) -> &'static str {
        match self {
            Exclusion::NotLocal => "it is not local, and this tenant's requests stay local",
            Exclusion::Unsupported => "its API cannot express this request",
            Exclusion::Unpriced => "it has no price",
            Exclusion::StrictOrder => "one before it cannot be used",
        }
    }
}

impl Candidates {
    /// Those of `wanted` that the tenant may go to.
    pub fn permitted(
        tenant: &Tenant,
        wanted: impl IntoIterator<Item = Candidate>,
    ) -> Result<Candidates, NoneLeft> {
        let strict = |mut candidate: Candidate| {
            candidate.strict_order |= tenant.has_strict_order();
            candidate
        };
        let usable = wanted.into_iter().map(strict).collect();
        let mut candidates = Candidates { usable, excluded: Vec::new() };
        candidates.exclude(|candidate| {
            (!candidate.provider.may_serve(tenant)).then_some(Exclusion::NotLocal)
        })?;
        Ok(candidates)
    }

    /// From the best on.
    pub fn iter(&self) -> std::slice::Iter<'_, Candidate> {
        self.usable.iter()
    }

    /// From the best on, to be changed.
    pub fn iter_mut(&mut self) -> std::slice::IterMut<'_, Candidate> {
        self.usable.iter_mut()
    }

    /// Counts translations as memory of the tenant's. One without room is made again when needed.
    pub fn keep_within(&mut self, room: &mut Permit) {
        for candidate in &mut self.usable {
            let has_room = |kept: &Translated| room.grow(kept.len() as u64).is_ok();
            candidate.translated = candidate.translated.take().filter(has_room);
        }
    }

    /// The one at this place.
    pub fn get(&self, index: usize) -> Option<&Candidate> {
        self.usable.get(index)
    }

    /// How many there are.
    #[expect(clippy::len_without_is_empty, reason = "there is always one")]
    pub fn len(&self) -> usize {
        self.usable.len()
    }

    /// Who was excluded, in the order in which that was found.
    pub fn excluded(&self) -> &[Excluded] {
        &self.excluded
    }

    /// Excludes those that `reason` has one for. With an error the list stays as it was, and says
    /// who was excluded.
    pub fn exclude(
        &mut self,
        mut reason: impl FnMut(&mut Candidate) -> Option<Exclusion>,
    ) -> Result<(), NoneLeft> {
        let (found, mut cut) = (self.excluded.len(), false);
        let of = |candidate: &mut Candidate| {
            let reason = if cut { Some(Exclusion::StrictOrder) } else { reason(candidate) };
            cut |= reason.is_some() && candidate.strict_order;
            reason
        };
        let reasons: Vec<Option<Exclusion>> = self.usable.iter_mut().map(of).collect();
        for (candidate, reason) in self.usable.iter().zip(&reasons) {
            let excluded = |reason| Excluded { candidate: candidate.clone(), reason };
            self.excluded.extend(reason.map(excluded));
        }
        if reasons.iter().all(Option::is_some) {
            return Err(NoneLeft::of(self.excluded.get(found..).unwrap_or_default()));
        }
        let mut reasons = reasons.into_iter();
        self.usable.retain(|_| reasons.next().flatten().is_none());
        Ok(())
    }
}

/// Nobody would be left to ask.
#[derive(Debug)]
pub struct NoneLeft {
    /// Who could not be used, where others stand behind and a strict order keeps them from being
    /// asked instead.
    pub strict: Option<Box<Excluded>>,
}

impl NoneLeft {
    fn of(excluded: &[Excluded]) -> NoneLeft {
        let behind = excluded.iter().position(|e| e.reason == Exclusion::StrictOrder);
        let strict = behind.and_then(|at| excluded.get(at.checked_sub(1)?)).cloned();
        NoneLeft { strict: strict.map(Box::new) }
    }

    /// The refusal: of a strict order, where one is the cause, or else `otherwise`.
    pub fn refusal(self, model: &str, otherwise: impl FnOnce() -> Refusal) -> Refusal {
        match self.strict.as_deref() {
            Some(Excluded { candidate, reason }) => CallerError::StrictOrder {
                model: model.to_owned(),
                candidate: format!("{}/{}", candidate.provider.name, candidate.model),
                reason: reason.explanation(),
            }
            .into(),
            None => otherwise(),
        }
    }
}

impl Provider {
    /// Whether requests of this tenant may reach it.
    pub fn may_serve(&self, tenant: &Tenant) -> bool {
        self.local || !tenant.is_local_only()
    }

    /// Whether it can be asked for a model of this name, whatever is asked of it.
    pub fn can_name(&self, model: &str) -> Result<(), NotSegment> {
        let api_version = self.api_version.as_ref();
        let mut apis = self.vendor.quirks().apis.iter();
        apis.try_for_each(|api| {
            let target = Target { api: *api, api_version, ..Target::main(self.vendor, model) };
            target.path(false).map(drop)
        })
    }
}

impl Candidate {
    /// A model of a provider, of which nothing else is known.
    pub fn new(provider: Arc<Provider>, model: Arc<str>) -> Candidate {
        let (api, max_output_tokens, translated, quote) = (None, None, None, None);
        let (fallback, strict_order) = (false, false);
        Candidate {
            provider,
            model,
            api,
            fallback,
            strict_order,
            max_output_tokens,
            translated,
            quote,
        }
    }

    /// How it is asked `call`.
    pub fn target(&self, call: &Call) -> Result<Target<'_>, Invalid> {
        let vendor = self.provider.vendor;
        let api = call.api_at(vendor, self.api)?;
        let api_version = self.provider.api_version.as_ref();
        let max_output_tokens = self.max_output_tokens;
        Ok(Target { vendor, api, model: &self.model, max_output_tokens, api_version })
    }

    /// Whether it can be asked `call`, and the request where it has to be written to know that.
    pub fn translate(&self, call: &Call) -> Result<Option<Translated>, Invalid> {
        let body = call.translation(&self.target(call)?)?;
        Ok(body.map(|body| Translated::new(call, body)))
    }

    /// Whether it can be asked for its model by name, in what `call` asks for.
    pub fn name_fits(&self, call: &Call) -> Result<(), Invalid> {
        self.target(call)?.path(call.stream()).map(drop).map_err(Invalid::from)
    }

    /// The body of `call` as it gets it, if that was written before.
    pub fn translated(&self, call: &Call) -> Option<&Bytes> {
        self.translated.as_ref()?.of(call)
    }

    /// The body of `call` as it gets it.
    pub fn body(&self, call: &Call) -> Result<Bytes, Invalid> {
        match self.translated(call) {
            Some(body) => Ok(body.clone()),
            None => call.for_provider(&self.target(call)?),
        }
    }
}
