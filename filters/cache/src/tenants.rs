//! What the cache has of each tenant, each in an object of its own: a look-up of one tenant cannot
//! find another's answer, because it does not search where that could be. With the tenant's key the
//! object goes too: nothing that it points to can be read any more.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use inferlayer_accounts::{self as accounts, Tenant, TenantName};
use inferlayer_filter::cached::CacheKey;
use inferlayer_ledger::TenantTag;
use inferlayer_records::Remembered;

use crate::flights::Flights;
use crate::index::{Entry, Index};
use crate::key::KeyMaker;

/// All tenants that have asked; as many as are configured. They live as long as the process, so
/// that another configuration begins with what is known.
pub(crate) struct Tenants {
    index_bytes: AtomicU64,
    caches: RwLock<HashMap<TenantName, Arc<TenantCache>>>,
}

/// One tenant's part of the cache, for as long as the tenant has the key with this tag.
pub(crate) struct TenantCache {
    tag: TenantTag,
    keys: OnceLock<KeyMaker>,
    pub(crate) index: Index,
    pub(crate) flights: Arc<Flights>,
}

impl Tenants {
    /// Each with an index of `index_bytes`.
    pub(crate) fn new(index_bytes: u64) -> Tenants {
        Tenants { index_bytes: AtomicU64::new(index_bytes), caches: RwLock::default() }
    }

    /// Each has an index of `index_bytes` from now on, and those that the configuration has no more
    /// have none.
    pub(crate) fn adopt(&self, configured: &accounts::Tenants, index_bytes: u64) {
        let mut caches = self.caches.write().unwrap_or_else(PoisonError::into_inner);
        caches.retain(|name, _| configured.has(name));
        if self.index_bytes.swap(index_bytes, Ordering::Relaxed) != index_bytes {
            caches.values().for_each(|cache| cache.index.resize(index_bytes));
        }
    }

    /// The tenant's part, which is made when it first asks.
    pub(crate) fn of(&self, tenant: &Tenant) -> Arc<TenantCache> {
        self.with_tag(tenant.name(), tenant.seal().tag())
    }

    /// Takes over an answer of an earlier run of the tenant, whose key has this tag; at most
    /// `ttl_seconds` of its time are left to it.
    pub(crate) fn restore(&self, tag: TenantTag, answer: Remembered, ttl_seconds: u64) {
        let Remembered { tenant, key, place, record_hash, time_us, ttl_seconds: ttl } = answer;
        let entry = Entry { place, record_hash, time_us, ttl_seconds: ttl.min(ttl_seconds) };
        self.with_tag(&tenant, tag).index.keep(CacheKey(key), entry);
    }

    fn with_tag(&self, tenant: &TenantName, tag: TenantTag) -> Arc<TenantCache> {
        let of_this_key = |cache: &&Arc<TenantCache>| cache.tag == tag;
        let caches = self.caches.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(cache) = caches.get(tenant).filter(of_this_key) {
            return Arc::clone(cache);
        }
        drop(caches);
        let mut caches = self.caches.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(cache) = caches.get(tenant).filter(of_this_key) {
            return Arc::clone(cache);
        }
        let cache = Arc::new(TenantCache::new(tag, self.index_bytes.load(Ordering::Relaxed)));
        caches.insert(tenant.clone(), Arc::clone(&cache));
        cache
    }
}

impl TenantCache {
    fn new(tag: TenantTag, index_bytes: u64) -> TenantCache {
        TenantCache {
            tag,
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
