//! Destroying a tenant's key, so that its content is unreadable for ever, here and in every copy of
//! the ledger. The record comes first: whatever happens after it, the next start ends what was
//! begun. Used by the admin socket, and by the command line when no gateway runs.

use std::sync::Arc;

use inferlayer_accounts::{Accounts, TenantName};
use inferlayer_ledger::{
    Content, Entry, KeyError, Kind, Ledger, Receipt, TenantKeys, TenantSeal, Unavailable,
};
use inferlayer_records::record;
use serde::{Deserialize, Serialize};

use crate::operations::one_line::is_one_line;

/// Destroys keys, one at a time.
pub(crate) struct Shredder(Arc<Shared>);

struct Shared {
    accounts: Arc<Accounts>,
    ledger: Ledger,
    keys: TenantKeys,
}

/// A key that is to be destroyed.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shred {
    pub(crate) tenant: TenantName,
    /// For the record.
    pub(crate) reason: String,
}

/// A key that was destroyed.
#[derive(Serialize, Deserialize)]
pub(crate) struct Shredded {
    pub(crate) tenant: TenantName,
    /// The tag of all records that it could open.
    pub(crate) tenant_tag: String,
    /// Where the ledger says so.
    pub(crate) sequence: u64,
}

/// Why a key was not destroyed, or not wholly.
#[derive(Debug, thiserror::Error)]
pub(crate) enum ShredError {
    #[error("a reason is one line of 1 to {REASON_MAX_BYTES} bytes, without control characters")]
    Reason,
    #[error("the tenant `{0}` has no key here")]
    NoKey(TenantName),
    #[error("{0}; nothing was recorded or destroyed")]
    Key(#[from] KeyError),
    #[error("the ledger cannot record it, so nothing was destroyed: {0}")]
    Ledger(#[from] Unavailable),
    #[error("record {sequence} says so, but it is not done: {cause}; the next start does it")]
    Unfinished { sequence: u64, cause: KeyError },
    #[error("{0}")]
    Metadata(#[from] serde_json::Error),
    #[error("{0}")]
    Task(#[from] tokio::task::JoinError),
}

const REASON_MAX_BYTES: usize = 1024;

impl Shredder {
    pub(crate) fn new(accounts: Arc<Accounts>, ledger: Ledger, keys: TenantKeys) -> Shredder {
        Shredder(Arc::new(Shared { accounts, ledger, keys }))
    }

    /// Records it, destroys the key, and gives a tenant that goes on a new one. Requests under way
    /// keep the old one: what they still record can be read by nobody.
    pub(crate) async fn shred(&self, asked: Shred) -> Result<Shredded, ShredError> {
        let shared = Arc::clone(&self.0);
        tokio::task::spawn_blocking(move || shared.shred(asked)).await?
    }
}

impl Shared {
    fn shred(&self, asked: Shred) -> Result<Shredded, ShredError> {
        let reason = asked.reason.as_str();
        if reason.trim().is_empty() || reason.len() > REASON_MAX_BYTES || !is_one_line(reason) {
            return Err(ShredError::Reason);
        }
        // One at a time, and not while another configuration comes into force.
        let _change = self.accounts.change();
        let Some(seal) = self.keys.find(asked.tenant.as_str())? else {
            return Err(ShredError::NoKey(asked.tenant));
        };
        let tenant_tag = seal.tag().to_string();
        let sequence = self.record(&asked, seal)?.sequence();
        self.replace_key(&asked.tenant)
            .map_err(|cause| ShredError::Unfinished { sequence, cause })?;
        tracing::warn!(tenant = %asked.tenant, sequence, "the tenant's key is destroyed");
        Ok(Shredded { tenant: asked.tenant, tenant_tag, sequence })
    }

    fn record(&self, asked: &Shred, seal: TenantSeal) -> Result<Receipt, ShredError> {
        let metadata = serde_json::to_vec(&record::Shred {
            event: record::Shred::EVENT.into(),
            tenant: asked.tenant.clone(),
            tenant_tag: seal.tag().to_string().into(),
            reason: asked.reason.as_str().into(),
        })?;
        let (kind, request, content) = (Kind::Shred, None, Content::None);
        let entry = Entry { kind, tenant: Some(seal), request, metadata, content };
        Ok(self.ledger.append(entry)?.wait_blocking()?)
    }

    fn replace_key(&self, tenant: &TenantName) -> Result<(), KeyError> {
        self.keys.destroy(tenant.as_str())?;
        if self.accounts.has_tenant(tenant) {
            self.accounts.reseal(tenant, self.keys.load_or_create(tenant.as_str())?);
        }
        Ok(())
    }
}
