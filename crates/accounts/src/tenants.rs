//! Tenants by name. An account (balance, what is used, the seal) lives as long as the process and
//! is never lost with the configuration that named it: a tenant that comes back finds what it has
//! spent. What a tenant may do is for a configuration to say, so each has its own [`Tenants`].

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError, RwLock};

use inferlayer_ledger::TenantSeal;
use inferlayer_records::{TenantName, Total};

use crate::budget::{self, Budget};
use crate::settings::TenantSettings;
use crate::usage::{Pools, StoredToday, Totals, Usage, unix_seconds};

/// The tenants of one configuration.
#[derive(Default)]
pub struct Tenants(HashMap<TenantName, Arc<Configured>>);

/// A tenant as one configuration has it.
pub(crate) struct Configured {
    pub(crate) settings: TenantSettings,
    pub(crate) account: Arc<TenantAccount>,
    /// Of its key, as it was found in the data folder.
    found_seal: TenantSeal,
}

/// What a tenant has, whatever configuration names it.
pub(crate) struct TenantAccount {
    pub(crate) budget: Arc<Budget>,
    pub(crate) usage: Usage,
    /// Another one after the tenant's key was destroyed.
    seal: RwLock<TenantSeal>,
}

/// All accounts.
pub(crate) struct Book {
    pools: Pools,
    accounts: Mutex<Known>,
    stored: OnceLock<StoredToday>,
}

/// Those that a configuration has named since the start, and what records say of all others.
struct Known {
    named: HashMap<TenantName, Arc<TenantAccount>>,
    spent: HashMap<TenantName, Total>,
}

/// A tenant that the configuration has no more.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Former {
    /// What it was called.
    pub tenant: TenantName,
    /// Spent for good.
    pub spent: Total,
    /// The worst case of what is still under way.
    pub held: Total,
}

impl Tenants {
    pub(crate) fn get(&self, name: &TenantName) -> Option<&Arc<Configured>> {
        self.0.get(name)
    }

    /// Whether the configuration has this tenant.
    pub fn has(&self, name: &TenantName) -> bool {
        self.0.contains_key(name)
    }

    /// What each tenant uses now of what all share, by its name in metrics.
    pub fn usage(&self) -> impl Iterator<Item = (&TenantName, [(&'static str, u64); 5])> {
        let of = |account: &TenantAccount| {
            let (usage, seal) = (&account.usage, account.seal());
            [
                ("parallel_requests", usage.requests.taken()),
                ("bodies_bytes", usage.bodies.taken()),
                ("queue_records", seal.queued().records.taken()),
                ("queue_bytes", seal.queued().bytes.taken()),
                ("stored_bytes_today", usage.stored(unix_seconds())),
            ]
        };
        self.0.iter().map(move |(name, configured)| (name, of(&configured.account)))
    }

    /// Each tenant's budget, for gauges and lists.
    pub fn budgets(&self) -> impl Iterator<Item = (&TenantName, &Budget)> {
        self.0.iter().map(|(name, configured)| (name, configured.account.budget.as_ref()))
    }
}

impl TenantAccount {
    pub(crate) fn seal(&self) -> TenantSeal {
        self.seal.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    pub(crate) fn reseal(&self, seal: TenantSeal) {
        *self.seal.write().unwrap_or_else(PoisonError::into_inner) = seal;
    }

    fn remember_stored(&self, today: &StoredToday) {
        self.usage.store_anyway(today.of(self.seal().tag()), today.begin());
    }
}

impl Book {
    pub(crate) fn new(totals: Totals, spent: HashMap<TenantName, Total>) -> Book {
        let accounts = Mutex::new(Known { named: HashMap::new(), spent });
        Book { pools: Pools::new(totals), accounts, stored: OnceLock::new() }
    }

    /// Finds or makes the accounts of these tenants. A tenant of the `current` configuration keeps
    /// its seal; for one that comes back the one counts that was found.
    pub(crate) fn prepare(
        &self,
        current: &Tenants,
        tenants: Vec<(TenantSettings, TenantSeal)>,
    ) -> Arc<Tenants> {
        let known = self.known();
        let configured = |(settings, found_seal): (TenantSettings, TenantSeal)| {
            let name = settings.name.clone();
            let account = known.named.get(&name).cloned();
            let account = account.unwrap_or_else(|| self.account(&known, &settings, &found_seal));
            let found_seal = match current.get(&name) {
                Some(configured) => configured.account.seal(),
                None => found_seal,
            };
            (name, Arc::new(Configured { settings, account, found_seal }))
        };
        Arc::new(Tenants(tenants.into_iter().map(configured).collect()))
    }

    /// Takes over what the records of today take on the disk: for these tenants, and for those
    /// that come later. Said once, at the start.
    pub(crate) fn remember_stored(&self, current: &Tenants, today: StoredToday) {
        current.0.values().for_each(|configured| configured.account.remember_stored(&today));
        let _ = self.stored.set(today);
    }

    fn account(
        &self,
        known: &Known,
        settings: &TenantSettings,
        seal: &TenantSeal,
    ) -> Arc<TenantAccount> {
        let spent = known.spent.get(&settings.name).copied().unwrap_or_default();
        let account = TenantAccount {
            budget: Budget::new(settings.budget, spent.saturated()),
            usage: Usage::new(&self.pools, &settings.limits),
            seal: RwLock::new(seal.clone()),
        };
        self.stored.get().into_iter().for_each(|today| account.remember_stored(today));
        Arc::new(account)
    }

    /// Gives accounts the limits of this configuration.
    pub(crate) fn adopt(&self, tenants: &Tenants, totals: Totals) {
        let mut known = self.known();
        self.pools.adopt(totals, tenants.0.len());
        for (name, Configured { settings, account, found_seal }) in
            tenants.0.iter().map(|(name, configured)| (name, configured.as_ref()))
        {
            account.budget.set_limit(settings.budget);
            account.usage.adopt(&settings.limits);
            if account.seal().tag() != found_seal.tag() {
                account.reseal(found_seal.clone());
            }
            known.spent.remove(name);
            known.named.insert(name.clone(), Arc::clone(account));
        }
    }

    /// What tenants have spent that the configuration has no more, by name.
    pub(crate) fn former(&self, current: &Tenants) -> Vec<Former> {
        let known = self.known();
        let left = known.named.iter().filter(|(name, _)| current.get(name).is_none());
        let left = left.map(|(tenant, account)| {
            let budget::Account { spent, held } = account.budget.account();
            Former { tenant: tenant.clone(), spent: spent.into(), held: held.into() }
        });
        let recorded = known.spent.iter().map(|(tenant, spent)| Former {
            tenant: tenant.clone(),
            spent: *spent,
            held: Total::ZERO,
        });
        let mut former: Vec<Former> = left.chain(recorded).collect();
        former.retain(|former| former.spent != Total::ZERO || former.held != Total::ZERO);
        former.sort_by(|a, b| a.tenant.cmp(&b.tenant));
        former
    }

    // Every change is one insertion, so a poisoned lock is still true.
    fn known(&self) -> MutexGuard<'_, Known> {
        self.accounts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
