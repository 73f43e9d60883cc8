//! Who may spend what: tenants, their keys, their budgets, and the prices of models.
//!
//! Everything here is decided in memory and folded from ledger records; there is no second store.
//! Two values can be made nowhere else and are demanded before a provider hears of a request:
//!
//! ```text
//! presented key ─► Accounts::authenticate ─► Tenant ─► hold(worst case) ─► Hold ─► settle(cost)
//! ```
//!
//! Reading order: [`money`], [`price`], [`price_book`], [`name`], [`key`], [`budget`],
//! [`settings`], [`usage`], [`turn`], [`tenant`], [`record`], [`fold`].

pub mod budget;
pub mod fold;
pub mod following;
pub mod key;
pub mod money;
pub mod name;
pub mod price;
pub mod price_book;
pub mod record;
pub mod remembered;
pub mod settings;
pub mod snapshot;
pub mod state_difference;
pub mod tenant;
pub mod turn;
pub mod usage;

pub use budget::{Hold, OverBudget};
pub use fold::{Fold, NotFolded, Sums};
pub use following::Crossing;
pub use key::{KeyId, MintedKey, PresentedKey};
pub use money::{NanoUsd, Total};
pub use name::TenantName;
pub use price::Price;
pub use price_book::PriceBook;
pub use remembered::{Memory, Remembered};
pub use settings::{ContentPolicy, TenantLimits, TenantSettings};
pub use snapshot::SharedFold;
pub use state_difference::StateDifference;
pub use tenant::{Accounts, AuthenticateError, Tenant};
pub use turn::Turn;
pub use usage::{OverStored, StoredToday, Totals};
