//! Who asked, and whom a circuit is shut for.

use std::sync::Arc;

/// Who asked: a tenant by its name, and one of its keys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Caller {
    /// The tenant's name.
    pub tenant: Arc<str>,
    /// What tells its keys apart.
    pub key: u64,
}

/// Whom a circuit is shut for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// One key of a tenant, by failures of its own.
    Key(Caller),
    /// A tenant, by failures of two of its keys or more.
    Tenant(Arc<str>),
    /// Everybody, by failures of two tenants or more.
    All,
}

impl Scope {
    /// Whether it is about this caller.
    pub(crate) fn covers(&self, caller: &Caller) -> bool {
        match self {
            Scope::All => true,
            Scope::Tenant(tenant) => *tenant == caller.tenant,
            Scope::Key(known) => known == caller,
        }
    }

    /// Whether it is about everyone whom the other is about.
    pub(crate) fn contains(&self, other: &Scope) -> bool {
        match (self, other) {
            (Scope::All, _) => true,
            (_, Scope::All) => false,
            (Scope::Tenant(own), Scope::Tenant(tenant)) => own == tenant,
            (Scope::Tenant(own), Scope::Key(caller)) => *own == caller.tenant,
            (Scope::Key(_), Scope::Tenant(_)) => false,
            (Scope::Key(own), Scope::Key(caller)) => own == caller,
        }
    }

    /// The next narrower one that the caller is in.
    pub(crate) fn narrower(&self, caller: &Caller) -> Option<Scope> {
        match self {
            Scope::All => Some(Scope::Tenant(Arc::clone(&caller.tenant))),
            Scope::Tenant(_) => Some(Scope::Key(caller.clone())),
            Scope::Key(_) => None,
        }
    }

    /// The word in logs.
    pub fn name(&self) -> &'static str {
        match self {
            Scope::Key(_) => "key",
            Scope::Tenant(_) => "tenant",
            Scope::All => "all",
        }
    }

    /// The tenant that it is about, if it is not about all.
    pub fn tenant(&self) -> Option<&str> {
        match self {
            Scope::Key(caller) => Some(&caller.tenant),
            Scope::Tenant(tenant) => Some(tenant),
            Scope::All => None,
        }
    }
}
