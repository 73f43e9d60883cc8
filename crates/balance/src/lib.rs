//! Whether a provider may be asked. Pure logic: no clock, no lock and no I/O; whoever calls says
//! what time it is.
//!
//! ```text
//! admit ─► Ticket ─► began ─► completed        an answer: its head, its end
//!    │        └────► failed(Fault)             a fault of connection, capacity, key or rate
//!    │        └────► released                  nothing is known: the caller left, or ours failed
//!    └─► NotAsked: circuit open, cooling, key refused
//! ```
//!
//! | state | of | opened by |
//! |---|---|---|
//! | connection | provider | failures to connect, whoever asked |
//! | circuit | provider × model | 5xx, silence, breaks; for whom, see below |
//! | circuit of all models | provider | two of its models with open circuits |
//! | key | provider × key (401), × model (403) | refusals of one of the provider's keys |
//! | cooling | provider × model | 429, and 503 or 529 with a time; after it one asks first |
//!
//! **Blame.** A request may itself be the cause of a 5xx. So failures of one caller shut the
//! circuit for that caller alone; for its tenant they must come from two keys, and for everybody
//! from two tenants, none of which counts for more than half (see [`Scope`]). A provider that is
//! dead fails everybody and is shut for everybody soon; a poisoned prompt is its sender's problem.

mod breaker;
mod caller;
mod circuit;
mod cooling;
mod health;
mod keys;
mod model;
mod settings;
mod tally;
mod ticket;
mod transition;

pub use crate::caller::{Caller, Scope};
pub use crate::health::Health;
pub use crate::settings::HealthSettings;
pub use crate::ticket::{Fault, NotAsked, Reason, Ticket};
pub use crate::transition::{Change, ModelState, Transition};
