//! Tenants and the one way to become one: [`Accounts::authenticate`]. Names and budgets come from
//! the configuration, keys and balances from the ledger. Both live as long as the process, by name;
//! which tenants there are is for a configuration to say ([`Tenants`]).

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, RwLock};

use inferlayer_ledger::{TenantSeal, TenantTag};
use inferlayer_records::{Charged, Fold, KeyEvent, KeyId, NanoUsd, TenantName};
use inferlayer_share::{Full, Permit};
use serde::{Deserialize, Serialize};

use crate::budget::{Hold, OverBudget};
use crate::key::{PresentedKey, Verifier};
use crate::settings::{AddressPolicy, ContentPolicy, TenantSettings};
use crate::tenants::{Book, Configured, Former, Tenants};
use crate::turn::Turn;
use crate::usage::{OverStored, StoredToday, Totals};

pub use crate::usage::unix_seconds;

/// Proof that a key was accepted. Only [`Accounts::authenticate`] makes one.
#[derive(Clone)]
pub struct Tenant {
    configured: Arc<Configured>,
    key: KeyId,
    /// That of the moment: a request ends with the seal it began with.
    seal: TenantSeal,
}

/// Whose key it is that was not accepted, when its secret was right.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeyHolder {
    /// Whose key it is.
    pub tenant: TenantName,
    /// Its public name.
    pub key: KeyId,
}

/// Why a key was not accepted. Who has the right secret is told which; to others all keys are
/// unknown.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AuthenticateError {
    /// No such key, or its secret is wrong.
    #[error("unknown key")]
    Unknown,
    /// The key was revoked.
    #[error("revoked key")]
    Revoked(KeyHolder),
    /// The key's time is over.
    #[error("expired key")]
    Expired(KeyHolder),
    /// The key's tenant is not in the configuration any more.
    #[error("key of a tenant that is not configured")]
    NoTenant(KeyHolder),
}

/// All keys and balances, and the tenants of the newest configuration. Cheap to share; a check
/// takes a read lock and one HMAC.
pub struct Accounts {
    book: Book,
    current: RwLock<Arc<Tenants>>,
    keys: RwLock<HashMap<KeyId, Key>>,
    nobody: Verifier,
    now_seconds: Box<NowSeconds>,
    changing: Mutex<()>,
}

/// What time it is: seconds since 1970.
type NowSeconds = dyn Fn() -> u64 + Send + Sync;

/// A key without anything secret, for lists.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct KeyInfo {
    /// The public name.
    pub id: KeyId,
    /// Whose key it is.
    pub tenant: TenantName,
    /// What the operator calls it.
    pub label: String,
    /// Unix seconds.
    pub created_at: u64,
    /// Unix seconds.
    pub expires_at: Option<u64>,
    /// Unix seconds.
    pub revoked_at: Option<u64>,
}

struct Key {
    info: KeyInfo,
    verifier: Verifier,
}

impl Accounts {
    /// Tenants as configured, each with the seal of its content, what they share, and what the
    /// ledger holds of their keys and balances.
    pub fn new(tenants: Vec<(TenantSettings, TenantSeal)>, totals: Totals, fold: Fold) -> Accounts {
        let (events, spent) = fold.finish();
        let book = Book::new(totals, spent);
        let first = book.prepare(&Tenants::default(), tenants);
        let accounts = Accounts {
            book,
            current: RwLock::default(),
            keys: RwLock::default(),
            nobody: Verifier::nobody(),
            now_seconds: Box::new(unix_seconds),
            changing: Mutex::default(),
        };
        accounts.adopt(first, totals);
        events.into_iter().for_each(|event| accounts.apply(event));
        accounts
    }

    /// Lets keys expire by another clock than the system's: seconds since 1970.
    #[must_use]
    pub fn timed_by(self, now_seconds: impl Fn() -> u64 + Send + Sync + 'static) -> Accounts {
        Accounts { now_seconds: Box::new(now_seconds), ..self }
    }

    /// The tenants of the newest configuration.
    pub fn tenants(&self) -> Arc<Tenants> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// The right to change tenants or their seals, for one at a time.
    pub fn change(&self) -> MutexGuard<'_, ()> {
        self.changing.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The tenants of a configuration that may come next, each with the seal that its key in the
    /// data folder makes. Nothing is changed by it.
    pub fn prepare(&self, tenants: Vec<(TenantSettings, TenantSeal)>) -> Arc<Tenants> {
        self.book.prepare(&self.tenants(), tenants)
    }

    /// Puts a configuration in force. What is held beyond a new limit stays held.
    pub fn adopt(&self, next: Arc<Tenants>, totals: Totals) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        self.book.adopt(&next, totals);
        *current = next;
    }

    /// What tenants have spent that the configuration has no more, by name.
    pub fn former(&self) -> Vec<Former> {
        self.book.former(&self.tenants())
    }

    /// Takes over what the records of today take on the disk.
    pub fn remember_stored(&self, today: StoredToday) {
        self.book.remember_stored(&self.tenants(), today);
    }

    /// The only way to become a tenant: one of those that this configuration has.
    pub fn authenticate(
        &self,
        tenants: &Tenants,
        presented: &PresentedKey<'_>,
    ) -> Result<Tenant, AuthenticateError> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let Some(key) = keys.get(&presented.id()) else {
            self.nobody.accepts(presented);
            return Err(AuthenticateError::Unknown);
        };
        // The secret first: whether a key is revoked is told to its holder only.
        if !key.verifier.accepts(presented) {
            return Err(AuthenticateError::Unknown);
        }
        let holder = || KeyHolder { tenant: key.info.tenant.clone(), key: key.info.id };
        if key.info.revoked_at.is_some() {
            return Err(AuthenticateError::Revoked(holder()));
        }
        if key.info.expires_at.is_some_and(|at| at <= (self.now_seconds)()) {
            return Err(AuthenticateError::Expired(holder()));
        }
        let configured = tenants.get(&key.info.tenant);
        let configured = configured.ok_or_else(|| AuthenticateError::NoTenant(holder()))?;
        let seal = configured.account.seal();
        Ok(Tenant { configured: Arc::clone(configured), key: key.info.id, seal })
    }

    /// Takes over a key event that the ledger has.
    pub fn apply(&self, event: KeyEvent) {
        let mut keys = self.keys.write().unwrap_or_else(PoisonError::into_inner);
        match event {
            KeyEvent::KeyCreated { id, tenant, label, hash, created_at, expires_at } => {
                let Some(verifier) = Verifier::new(&hash) else { return };
                let revoked_at = None;
                let info = KeyInfo { id, tenant, label, created_at, expires_at, revoked_at };
                keys.insert(id, Key { info, verifier });
            }
            KeyEvent::KeyRevoked { id, revoked_at } => {
                if let Some(key) = keys.get_mut(&id) {
                    key.info.revoked_at.get_or_insert(revoked_at);
                }
            }
        }
    }

    /// Every key ever created, oldest first.
    pub fn keys(&self) -> Vec<KeyInfo> {
        let keys = self.keys.read().unwrap_or_else(PoisonError::into_inner);
        let mut list: Vec<_> = keys.values().map(|key| key.info.clone()).collect();
        list.sort_by_key(|info| (info.created_at, info.id));
        list
    }

    /// Gives a tenant another seal, because its key was destroyed. Requests under way keep theirs.
    pub fn reseal(&self, name: &TenantName, seal: TenantSeal) {
        if let Some(configured) = self.tenants().get(name) {
            configured.account.reseal(seal);
        }
    }

    /// The tag of a tenant's seal; `None` when the configuration does not have the tenant.
    pub fn tag(&self, name: &TenantName) -> Option<TenantTag> {
        Some(self.tenants().get(name)?.account.seal().tag())
    }

    /// Whether the configuration has this tenant.
    pub fn has_tenant(&self, name: &TenantName) -> bool {
        self.tenants().get(name).is_some()
    }
}

impl Tenant {
    /// The name in the configuration.
    pub fn name(&self) -> &TenantName {
        &self.configured.settings.name
    }

    /// The key that was accepted.
    pub fn key(&self) -> KeyId {
        self.key
    }

    /// Whether models without a price may be called.
    pub fn allows_unpriced(&self) -> bool {
        self.configured.settings.allow_unpriced
    }

    /// Whether its requests may reach only providers marked `local`.
    pub fn is_local_only(&self) -> bool {
        self.configured.settings.local_only
    }

    /// Whether a candidate that it cannot use ends the list of those who are asked.
    pub fn has_strict_order(&self) -> bool {
        self.configured.settings.strict_order
    }

    /// Whether its callers may choose tier or model in the header `x-inferlayer-route`.
    pub fn allows_route_header(&self) -> bool {
        self.configured.settings.allow_route_header
    }

    /// Whether its callers may say for which organisation and project a provider is asked.
    pub fn allows_organization_headers(&self) -> bool {
        self.configured.settings.allow_organization_headers
    }

    /// Whether paths outside the known families may pass through.
    pub fn allows_pass_through(&self) -> bool {
        self.configured.settings.allow_pass_through
    }

    /// What the ledger keeps of its prompts and answers.
    pub fn content(&self) -> ContentPolicy {
        self.configured.settings.content
    }

    /// What the ledger keeps of where its requests come from.
    pub fn client_address(&self) -> AddressPolicy {
        self.configured.settings.client_address
    }

    /// Whether the ledger keeps what its callers say of themselves.
    pub fn keeps_user_agent(&self) -> bool {
        self.configured.settings.keep_user_agent
    }

    /// The budgets that its calls are charged to.
    pub fn charged(&self) -> Vec<Charged<'static>> {
        vec![Charged::to_tenant(self.name())]
    }

    /// Seals this tenant's content.
    pub fn seal(&self) -> &TenantSeal {
        &self.seal
    }

    /// Whether its key was destroyed since the request began: what it seals can then be read by
    /// nobody, and what was sealed before may be given to nobody.
    pub fn is_shredded(&self) -> bool {
        self.seal.tag() != self.configured.account.seal().tag()
    }

    /// Takes the place of one request among those that run at once.
    pub fn admit(&self) -> Result<Permit, Full> {
        self.configured.account.usage.admit()
    }

    /// Takes memory for bytes of a body.
    pub fn room(&self, bytes: u64) -> Result<Permit, Full> {
        self.configured.account.usage.room(bytes)
    }

    /// Waits for a turn at what keeps a processor busy.
    pub async fn turn(&self) -> Option<Turn> {
        self.configured.account.usage.turns.turn().await
    }

    /// Counts bytes that are about to be stored, unless that is too much for a day or for the
    /// `spare_bytes` of the disk.
    pub fn store(&self, bytes: u64, spare_bytes: u64) -> Result<(), OverStored> {
        self.configured.account.usage.store(bytes, spare_bytes, unix_seconds())
    }

    /// Takes back bytes that were counted and not stored.
    pub fn forget_stored(&self, bytes: u64) {
        self.configured.account.usage.forget_stored(bytes, unix_seconds());
    }

    /// Counts bytes that may not be refused any more, such as those of an outcome.
    pub fn store_anyway(&self, bytes: u64) {
        self.configured.account.usage.store_anyway(bytes, unix_seconds());
    }

    /// Holds a call's worst case against the budget. The only way to a [`Hold`].
    pub fn hold(&self, worst_case: NanoUsd) -> Result<Hold, OverBudget> {
        self.configured.account.budget.hold(worst_case)
    }
}

#[cfg(test)]
mod tests;
