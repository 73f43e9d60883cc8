//! Who may spend what: tenants, their keys, their budgets, and the prices of models.
//!
//! Everything here is decided in memory and folded from ledger records ([`inferlayer_records`]);
//! there is no second store. Two values can be made nowhere else and are demanded before a provider
//! hears of a request:
//!
//! ```text
//! presented key ─► Accounts::authenticate ─► Tenant ─► hold(worst case) ─► Hold ─► settle(cost)
//! ```
//!
//! Reading order: [`money`], [`price`], [`price_book`], [`key`], [`budget`], [`settings`],
//! [`usage`], [`turn`], [`tenants`], [`tenant`].

pub mod budget;
pub mod key;
pub mod money;
pub mod price;
pub mod price_book;
pub mod settings;
pub mod tenant;
pub mod tenants;
pub mod turn;
pub mod usage;

pub use budget::{Hold, OverBudget};
pub use key::{MintedKey, PresentedKey};
pub use price::Price;
pub use price_book::PriceBook;
pub use settings::{AddressPolicy, ContentPolicy, TenantLimits, TenantSettings};
pub use tenant::{Accounts, AuthenticateError, Tenant};
pub use tenants::Tenants;
pub use turn::Turn;
pub use usage::{OverStored, StoredToday, Totals};

// What it hands out and takes, in the words of records.
pub use inferlayer_records::{KeyId, NanoUsd, TenantName, Total};
