//! What records say of keys: those that callers present, and those that seal a tenant's content.

use std::borrow::Cow;

use serde::{Deserialize, Serialize};

use crate::key_id::{KeyHash, KeyId};
use crate::name::TenantName;

/// Kind 6: a tenant key was created or revoked.
#[derive(Clone, Serialize, Deserialize)]
#[serde(tag = "event", rename_all = "snake_case")]
pub enum KeyEvent {
    /// From here on the key is accepted.
    KeyCreated {
        /// The key's public name.
        id: KeyId,
        /// Whose key it is.
        tenant: TenantName,
        /// What the operator calls it.
        label: String,
        /// Salted hash of the secret.
        hash: KeyHash,
        /// Unix seconds.
        created_at: u64,
        /// Unix seconds; never when absent.
        #[serde(skip_serializing_if = "Option::is_none", default)]
        expires_at: Option<u64>,
    },
    /// From here on the key is refused.
    KeyRevoked {
        /// The key's public name.
        id: KeyId,
        /// Unix seconds.
        revoked_at: u64,
    },
}

impl KeyEvent {
    /// What `event` says, of all that are known.
    pub(crate) const NAMES: [&'static str; 2] = ["key_created", "key_revoked"];
}

/// Kind 8: a tenant's key was destroyed. The record stands before the deed, so that a crash between
/// the two is put right at the next start.
#[derive(Serialize, Deserialize)]
pub struct Shred<'a> {
    /// [`Shred::EVENT`].
    pub event: Cow<'a, str>,
    /// Whose key it was.
    pub tenant: TenantName,
    /// The tag of all records that it could open, in hexadecimal.
    pub tenant_tag: Cow<'a, str>,
    /// Why, in the operator's words.
    pub reason: Cow<'a, str>,
}

impl Shred<'_> {
    /// What `event` says.
    pub const EVENT: &'static str = "shred";
}
