//! What ledger records say: the schema of the metadata of every kind that the gateway writes, and
//! what is folded from them. Stored data outlives the code that wrote it, so the schema has a crate
//! of its own, which writers, gateway and auditors share; `crates/ledger/FORMAT.md` §12 is the same
//! in words.
//!
//! ```text
//! Intent, Outcome, Refused, Hit, ConfigLoaded, KeyEvent, Shred ─► ledger ─► Fold ─► keys, balances
//! ```
//!
//! Reading order: [`money`], [`TenantName`], [`KeyId`], [`record`], [`Fold`], [`SharedFold`],
//! [`StateDifference`], [`Memory`].

mod fold;
mod following;
mod hex;
mod key_id;
pub mod money;
mod name;
pub mod record;
mod remembered;
mod snapshot;
mod state_difference;

pub use fold::{Fold, NotFolded, Sums, UnreadableMetadata};
pub use following::Crossing;
pub use hex::{hex, sha256_hex};
pub use key_id::{KeyHash, KeyId, MalformedKeyId};
pub use money::{NanoUsd, Total};
pub use name::{BadTenantName, TenantName};
pub use record::{
    Attempt, Basis, CacheLookup, Cached, Charge, Charged, Client, ConfigLoaded, Ending, Excluded,
    Hit, Intent, KeyEvent, LatencyUs, Outcome, Passed, Plan, Quote, Refused, Row, Shred, Used,
};
pub use remembered::{Memory, Remembered};
pub use snapshot::SharedFold;
pub use state_difference::StateDifference;
