//! Creating and revoking tenant keys: recorded, then in force. Used by the admin socket, and by the
//! command line when no gateway runs.

use std::sync::Arc;

use inferlayer_accounts::tenant::KeyInfo;
use inferlayer_accounts::{Accounts, KeyId, MintedKey, TenantName};
use inferlayer_ledger::{Content, Entry, Kind, Ledger};
use inferlayer_records::KeyEvent;
use serde::{Deserialize, Serialize};

use crate::operations::one_line::is_one_line;

/// The keys of all tenants.
pub(crate) struct Keys {
    accounts: Arc<Accounts>,
    ledger: Ledger,
}

/// A key that somebody wants.
#[derive(Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CreateKey {
    pub(crate) tenant: TenantName,
    #[serde(default)]
    pub(crate) label: String,
    /// Never, when absent.
    #[serde(default)]
    pub(crate) expires_in_days: Option<u32>,
}

/// A new key, with its secret, this once.
#[derive(Serialize, Deserialize)]
pub(crate) struct CreatedKey {
    pub(crate) id: KeyId,
    pub(crate) key: String,
}

/// Why a key was not created or revoked.
#[derive(Debug, thiserror::Error)]
pub(crate) enum KeyError {
    #[error("no tenant is named `{0}` in the configuration")]
    NoTenant(TenantName),
    #[error("no key has the id {0}")]
    NoKey(KeyId),
    #[error("a label is one line of at most {LABEL_MAX_BYTES} bytes, without control characters")]
    BadLabel,
    #[error("{0}")]
    NoRandomness(#[from] inferlayer_accounts::key::NoRandomness),
    #[error("the ledger cannot record the change, so it was not made: {0}")]
    Ledger(#[from] inferlayer_ledger::Unavailable),
    #[error("{0}")]
    Metadata(#[from] serde_json::Error),
}

const LABEL_MAX_BYTES: usize = 256;
const DAY_SECONDS: u64 = 24 * 60 * 60;

impl Keys {
    pub(crate) fn new(accounts: Arc<Accounts>, ledger: Ledger) -> Keys {
        Keys { accounts, ledger }
    }

    pub(crate) fn list(&self) -> Vec<KeyInfo> {
        self.accounts.keys()
    }

    pub(crate) async fn create(&self, asked: CreateKey) -> Result<CreatedKey, KeyError> {
        let CreateKey { tenant, label, expires_in_days } = asked;
        if !self.accounts.has_tenant(&tenant) {
            return Err(KeyError::NoTenant(tenant));
        }
        if label.len() > LABEL_MAX_BYTES || !is_one_line(&label) {
            return Err(KeyError::BadLabel);
        }
        let minted = MintedKey::mint()?;
        let (id, hash, created_at) = (minted.id, minted.hash.clone(), self.now_seconds());
        let expires_at = expires_in_days.map(|days| created_at + u64::from(days) * DAY_SECONDS);
        let event = KeyEvent::KeyCreated { id, tenant, label, hash, created_at, expires_at };
        self.put_in_force(event).await?;
        Ok(CreatedKey { id, key: minted.reveal().as_str().to_owned() })
    }

    pub(crate) async fn revoke(&self, id: KeyId) -> Result<KeyInfo, KeyError> {
        self.info(id)?;
        self.put_in_force(KeyEvent::KeyRevoked { id, revoked_at: self.now_seconds() }).await?;
        self.info(id)
    }

    fn now_seconds(&self) -> u64 {
        self.ledger.now_us() / 1_000_000
    }

    fn info(&self, id: KeyId) -> Result<KeyInfo, KeyError> {
        self.list().into_iter().find(|info| info.id == id).ok_or(KeyError::NoKey(id))
    }

    async fn put_in_force(&self, event: KeyEvent) -> Result<(), KeyError> {
        let metadata = serde_json::to_vec(&event)?;
        let (request, tenant, content) = (None, None, Content::None);
        let entry = Entry { kind: Kind::KeyEvent, request, tenant, metadata, content };
        self.ledger.append(entry)?.await?;
        self.accounts.apply(event);
        Ok(())
    }
}
