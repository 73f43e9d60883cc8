//! What goes over the wire between clients, the gateway and providers.
//!
//! Pure functions over bytes: no I/O, no clock, nothing that waits. When client and provider speak
//! the same dialect the client's bytes pass through and only what must change is changed, so that
//! unknown and future fields survive in both directions.
//!
//! | module | what it does |
//! |---|---|
//! | [`Call`] | a request in its caller's dialect, for a provider of any |
//! | [`Answer`], [`StreamReader`] | a provider's answer of any dialect, for its caller |
//! | [`texts`] | what is said in any of them, to be read and edited |
//! | [`ListedModel`] | the list of models, as each dialect has it |
//! | [`json`] | refuses documents that two parsers could read differently |
//! | [`sse`] | cuts an event stream into events, byte for byte |
//! | [`UpstreamPath`] | where a provider is asked; no text of a caller gets in raw |
//! | [`Vendor`] | the one table of what providers do differently |
//! | [`openai`] | chat completions, responses: request, answer, events, errors |
//! | [`anthropic`] | messages: request, answer, events, errors |
//! | [`gemini`] | `generateContent`: request, answer, events, errors |
//! | `neutral` | a conversation in no dialect: prompt, reply, steps of a stream |
//! | `translate` | each dialect to and from it |
//!
//! A further dialect is a sibling of [`openai`], a module of `translate` and a variant of
//! [`Dialect`].

mod answer;
pub mod anthropic;
mod api;
mod call;
mod dialect;
mod field;
pub mod gemini;
mod gist;
mod invalid;
pub mod json;
mod models;
mod neutral;
pub mod openai;
mod path;
mod plain;
mod splice;
pub mod sse;
mod stream;
mod text;
pub mod texts;
mod translate;
mod usage;
mod vendor;

pub use crate::answer::{Answer, NotAnswer};
pub use crate::anthropic::MessagesRequest;
pub use crate::api::{Api, Asked};
pub use crate::call::Call;
pub use crate::dialect::{Dialect, ErrorParts};
pub use crate::gemini::GenerateRequest;
pub use crate::gist::Gist;
pub use crate::invalid::Invalid;
pub use crate::models::ListedModel;
pub use crate::openai::{
    ChatRequest, Chunk, Completion, FinishReason, NotChunk, NotCompletion, ResponsesRequest, Shape,
};
pub use crate::path::{
    ApiVersion, FixedPath, NotPlain, NotSegment, PathSegment, PlainPath, PlainQuery, UpstreamPath,
};
pub use crate::plain::PlainRequest;
pub use crate::stream::{Meaning, Piece, StreamReader};
pub use crate::usage::Usage;
pub use crate::vendor::{Costly, KeyHeader, Quirks, Target, Vendor};
