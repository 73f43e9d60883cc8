//! What a filter is: the contract between the proxy and the plugins on a request's path.
//!
//! ```text
//!  request ─► request_headers ─► request ─► upstream_request ──────────────► provider
//!                (list order)   (list order)                                   │
//!  answer ◄─ recorded ◄─ response_end ◄─ text_filter ◄───── response_headers ◄──┘   then `log`,
//!            (list order)(list order)    response_chunk       (reverse)              always
//! ```
//!
//! A filter is a crate with two types: its [`Settings`], read straight from the configuration, and
//! the [`Filter`] they build. It reads and fills the typed fields of one [`Exchange`]; it states
//! which [`Fact`]s it needs, uses and gives, and a list in an impossible order does not start.
//!
//! Reading order: [`contract`], [`exchange`], [`plan`], [`passage`], [`candidate`], [`refusal`],
//! [`answer`], [`texts`], [`registration`], [`outline`], [`site`].

pub mod answer;
mod attempt;
pub mod cached;
pub mod candidate;
pub mod contract;
pub mod exchange;
mod kept;
mod money;
mod offload;
pub mod outline;
pub mod passage;
pub mod plan;
pub mod refusal;
pub mod registration;
pub mod site;
mod slot;
#[cfg(any(test, feature = "testkit"))]
pub mod testkit;
pub mod texts;
mod trace;
mod translated;

pub use answer::{Answer, Chunk, ChunkForm, ResponseHead};
pub use candidate::{Candidate, Candidates, Provider};
pub use contract::{BuildError, Fact, Filter, Flow, Settings, UpstreamRequest};
pub use exchange::{Exchange, RequestId, Slot};
pub use kept::Kept;
pub use offload::{LARGE_BYTES, offload};
pub use outline::Outline;
pub use passage::{Passage, PlainPath};
pub use plan::{DecidedBy, Plan, Tier};
pub use refusal::{Blame, CallerError, ErrorResponse, GatewayError, Refusal, RefusalCause};
pub use registration::Registration;
pub use site::Site;
pub use texts::{ResponseTexts, TextFilter, TextFlow, Window};
pub use trace::{TRACEPARENT, TRACESTATE, Trace};
pub use translated::Translated;
