//! What the cache has of each tenant, each in an object of its own: a look-up of one tenant cannot
//! find another's answer, because it does not search where that could be.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use inferlayer_accounts::{Remembered, Tenant, TenantName};
use inferlayer_filter::cached::CacheKey;

use crate::flights::Flights;
use crate::index::{Entry, Index};
use crate::key::KeyMaker;

/// All tenants that have asked; as many as are configured.
pub(crate) struct Tenants {
    index_bytes: u64,
    caches: RwLock<HashMap<TenantName, Arc<TenantCache>>>,
}

/// One tenant's part of the cache.
pub(crate) struct TenantCache {
    keys: OnceLock<KeyMaker>,
    pub(crate) index: Index,
    pub(crate) flights: Arc<Flights>,
}

impl Tenants {
    /// Each with an index of `index_bytes`.
    pub(crate) fn new(index_bytes: u64) -> Tenants {
        Tenants { index_bytes, caches: RwLock::default() }
    }

    /// The tenant's part, which is made when it first asks.
    pub(crate) fn of(&self, tenant: &TenantName) -> Arc<TenantCache> {
        let caches = self.caches.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(cache) = caches.get(tenant) {
            return Arc::clone(cache);
        }
        drop(caches);
        let mut caches = self.caches.write().unwrap_or_else(PoisonError::into_inner);
        let new = || Arc::new(TenantCache::new(self.index_bytes));
        Arc::clone(caches.entry(tenant.clone()).or_insert_with(new))
    }

    /// Takes over an answer of an earlier run; at most `ttl_seconds` of its time are left to it.
    pub(crate) fn restore(&self, answer: Remembered, ttl_seconds: u64) {
        let Remembered { tenant, key, place, record_hash, time_us, ttl_seconds: ttl } = answer;
        let entry = Entry { place, record_hash, time_us, ttl_seconds: ttl.min(ttl_seconds) };
        self.of(&tenant).index.keep(CacheKey(key), entry);
    }
}

impl TenantCache {
    fn new(index_bytes: u64) -> TenantCache {
        TenantCache {
            keys: OnceLock::new(),
            index: Index::new(index_bytes),
            flights: Arc::default(),
        }
    }

    /// The keys of `tenant`, whose part this is.
    pub(crate) fn keys(&self, tenant: &Tenant) -> &KeyMaker {
        self.keys.get_or_init(|| KeyMaker::new(tenant.seal()))
    }
}
