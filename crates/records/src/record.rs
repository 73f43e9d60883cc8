//! The metadata of ledger records: what the JSON of each kind holds. Written by the audit filter
//! and the admin socket, read by [`crate::Fold`] and by auditors; `crates/ledger/FORMAT.md` lists
//! the same fields. Names of inference facts follow OpenTelemetry's `gen_ai.*`; money is a decimal
//! string of nano-dollars. A field is added, never changed in meaning.

mod charge;
mod charged;
mod client;
mod config;
mod course;
mod hit;
mod intent;
mod keys;
mod outcome;
mod refusal;

pub use self::charge::{Basis, Charge, Quote, Row, Used};
pub use self::charged::Charged;
pub use self::client::Client;
pub use self::config::ConfigLoaded;
pub use self::course::{CacheLookup, LatencyUs};
pub use self::hit::Hit;
pub use self::intent::{Excluded, Intent, Plan};
pub use self::keys::{KeyEvent, Shred};
pub use self::outcome::{Attempt, Cached, Ending, Outcome, Passed};
pub use self::refusal::Refused;
