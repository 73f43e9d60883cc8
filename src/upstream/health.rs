//! What is known of a provider's health, kept under a lock and told to the log. The rules are those
//! of `inferlayer_balance`; here an attempt's result becomes a fault, or none.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use inferlayer_accounts::Tenant;
use inferlayer_balance::{
    Caller, Change, Fault, Health, HealthSettings, ModelState, NotAsked, Reason, Ticket, Transition,
};
use inferlayer_filter::Provider;
use inferlayer_filter::exchange::AttemptResult;

/// A provider's health.
pub(crate) struct ProviderHealth {
    provider: Arc<str>,
    state: Mutex<State>,
}

/// The health of all providers, by their names. It outlives the connections to them.
#[derive(Default)]
pub(crate) struct HealthBook(Mutex<HashMap<Arc<str>, Known>>);

struct Known {
    /// What lies elsewhere under the same name is another provider.
    identity: Arc<str>,
    health: Arc<ProviderHealth>,
}

struct State {
    health: Health,
    log: LogBudget,
}

/// Leave to ask a provider once. Dropped without a verdict, as when the client goes away, it
/// counts for nothing.
#[must_use]
pub(crate) struct Pass {
    of: Arc<ProviderHealth>,
    ticket: Ticket,
}

impl HealthBook {
    /// What is known of a provider; nothing yet of one that was not met, or lay elsewhere.
    pub(super) fn of(&self, provider: &Provider, settings: HealthSettings) -> Arc<ProviderHealth> {
        match self.lock().get(&provider.name) {
            Some(Known { identity, health }) if *identity == provider.identity => {
                Arc::clone(health)
            }
            _ => ProviderHealth::new(Arc::clone(&provider.name), settings),
        }
    }

    /// Remembers a provider of a configuration that is in force.
    pub(super) fn adopt(&self, provider: &Provider, health: &Arc<ProviderHealth>) {
        let (identity, health) = (Arc::clone(&provider.identity), Arc::clone(health));
        self.lock().insert(Arc::clone(&provider.name), Known { identity, health });
    }

    // Every change is one insertion, so a poisoned lock is still true.
    fn lock(&self) -> MutexGuard<'_, HashMap<Arc<str>, Known>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl ProviderHealth {
    fn new(provider: Arc<str>, settings: HealthSettings) -> Arc<ProviderHealth> {
        let state = State { health: Health::new(settings), log: LogBudget::default() };
        Arc::new(ProviderHealth { provider, state: Mutex::new(state) })
    }

    /// Counts by these settings from now on; under another key, if it was changed.
    pub(super) fn adopt(&self, settings: HealthSettings, key_changed: bool) {
        let health = &mut self.lock().health;
        health.set_settings(settings);
        if key_changed {
            health.change_key(Instant::now());
        }
    }

    /// Leave to ask for a model, or why there is none.
    pub(crate) fn admit(
        self: &Arc<ProviderHealth>,
        model: &Arc<str>,
        credential: &Arc<str>,
        tenant: &Tenant,
    ) -> Result<Pass, NotAsked> {
        let caller = caller(tenant);
        let ticket = self.lock().health.admit(model, credential, caller, Instant::now())?;
        Ok(Pass { of: Arc::clone(self), ticket })
    }

    /// What the whole provider is at.
    pub(crate) fn state(&self) -> ModelState {
        self.lock().health.state()
    }

    /// What each model is at that has been asked, to be looked at one by one.
    pub(crate) fn each_model(&self, see: impl FnMut((&str, ModelState))) {
        self.lock().health.models(Instant::now()).for_each(see);
    }

    fn change(&self, change: impl FnOnce(&mut Health, Instant)) {
        let now = Instant::now();
        let mut state = self.lock();
        change(&mut state.health, now);
        let told = state.health.take_transitions();
        let allowed = state.log.take(told.len(), now);
        drop(state);
        told.iter().take(allowed).for_each(|transition| self.tell(transition));
    }

    fn tell(&self, Transition { model, scope, change }: &Transition) {
        let (provider, model) = (&*self.provider, model.as_deref().unwrap_or("all"));
        let (scope, tenant) = (scope.name(), scope.tenant().unwrap_or_default());
        match change {
            Change::Shut(reason) => {
                let reason = result_of(*reason).name();
                tracing::warn!(provider, model, reason, scope, tenant, "left alone for a while");
            }
            Change::Closed => {
                tracing::info!(provider, model, scope, tenant, "answers again");
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Pass {
    /// The head of an answer has come that is about the request alone.
    pub(crate) fn began(&self) {
        self.of.change(|health, now| health.began(&self.ticket, now));
    }

    /// The answer has come to its end.
    pub(crate) fn completed(self) {
        self.of.change(|health, now| health.completed(&self.ticket, now));
    }

    /// The answer broke off.
    pub(crate) fn broke(self) {
        self.failed(Fault::Capacity(None));
    }

    /// The provider does not accept its key, whatever its status says.
    pub(crate) fn key_refused(self) {
        self.failed(Fault::Key);
    }

    /// Whatever the result says of the provider. `asked` is how long it wants to be left alone.
    pub(crate) fn ended(self, result: AttemptResult, asked: Option<Duration>) {
        if let Some(fault) = fault(result, asked) {
            self.failed(fault);
        }
    }

    fn failed(self, fault: Fault) {
        self.of.change(|health, now| health.failed(&self.ticket, fault, now));
    }
}

impl Drop for Pass {
    fn drop(&mut self) {
        self.of.lock().health.released(&self.ticket);
    }
}

/// Why it was not asked, as an attempt's result.
pub(super) fn result_of(reason: Reason) -> AttemptResult {
    match reason {
        Reason::CircuitOpen => AttemptResult::CircuitOpen,
        Reason::Cooling => AttemptResult::Cooling,
        Reason::KeyRefused => AttemptResult::KeyRefused,
    }
}

/// What speaks against the provider; nothing where the gateway, the caller or the model's wit is
/// to blame.
fn fault(result: AttemptResult, asked: Option<Duration>) -> Option<Fault> {
    match result {
        AttemptResult::Unresolved
        | AttemptResult::Refused
        | AttemptResult::ConnectTimeout
        | AttemptResult::TlsFailed
        | AttemptResult::ConnectFailed
        | AttemptResult::SpokeFirst => Some(Fault::Connection),
        AttemptResult::Broken
        | AttemptResult::FirstByteTimeout
        | AttemptResult::NotHttp
        | AttemptResult::NoHttp
        | AttemptResult::UnreadableAnswer { .. } => Some(Fault::Capacity(None)),
        AttemptResult::KeyRefused | AttemptResult::Status { status: 401 } => Some(Fault::Key),
        AttemptResult::Status { status: 403 } => Some(Fault::KeyForModel),
        AttemptResult::Status { status: 429 } => Some(Fault::Busy(asked)),
        AttemptResult::Status { status: 503 | 529 } => Some(Fault::Capacity(asked)),
        AttemptResult::Status { status } if status >= 500 => Some(Fault::Capacity(None)),
        _ => None,
    }
}

fn caller(tenant: &Tenant) -> Caller {
    let mut hasher = DefaultHasher::new();
    tenant.key().hash(&mut hasher);
    Caller { tenant: tenant.name().as_str().into(), key: hasher.finish() }
}

/// So many lines a minute and no more: who can make a provider fail cannot fill the log.
#[derive(Default)]
struct LogBudget {
    since: Option<Instant>,
    told: usize,
}

const LINES_PER_MINUTE: usize = 60;

impl LogBudget {
    fn take(&mut self, wanted: usize, now: Instant) -> usize {
        let minute = Duration::from_secs(60);
        if self.since.is_none_or(|since| now.duration_since(since) >= minute) {
            *self = LogBudget { since: Some(now), told: 0 };
        }
        let allowed = wanted.min(LINES_PER_MINUTE - self.told);
        self.told += allowed;
        allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_faults_of_connection_and_capacity_speak_against_a_provider() {
        let second = Some(Duration::from_secs(1));
        for (result, expected) in [
            (AttemptResult::Refused, Some(Fault::Connection)),
            (AttemptResult::TlsFailed, Some(Fault::Connection)),
            (AttemptResult::Broken, Some(Fault::Capacity(None))),
            (AttemptResult::Status { status: 500 }, Some(Fault::Capacity(None))),
            (AttemptResult::Status { status: 503 }, Some(Fault::Capacity(second))),
            (AttemptResult::Status { status: 529 }, Some(Fault::Capacity(second))),
            (AttemptResult::Status { status: 429 }, Some(Fault::Busy(second))),
            (AttemptResult::Status { status: 401 }, Some(Fault::Key)),
            (AttemptResult::Status { status: 408 }, None),
            (AttemptResult::Status { status: 307 }, None),
            (AttemptResult::BadAnswer, None),
            (AttemptResult::ErrorAnswer { status: 200 }, None),
            (AttemptResult::Unsendable, None),
            (AttemptResult::OwnShortage, None),
            (AttemptResult::Stale, None),
        ] {
            assert_eq!(fault(result, second), expected, "{result:?}");
        }
    }

    #[test]
    fn the_log_is_not_filled() {
        let (mut log, now) = (LogBudget::default(), Instant::now());
        assert_eq!((log.take(40, now), log.take(40, now), log.take(40, now)), (40, 20, 0));
        assert_eq!(log.take(40, now + Duration::from_secs(60)), 40);
    }
}
