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
//! | [`json`] | refuses documents that two parsers could read differently |
//! | [`sse`] | cuts an event stream into events, byte for byte |
//! | [`openai`] | chat completions: request, answer, chunk, errors, model list |
//! | [`anthropic`] | messages: request, answer, events, errors |
//! | `translate` | chat completions served by a provider of messages |
//!
//! A further dialect is a sibling of [`openai`] and a variant of [`Dialect`].

mod answer;
pub mod anthropic;
mod call;
mod dialect;
mod field;
mod invalid;
pub mod json;
pub mod openai;
mod splice;
pub mod sse;
mod stream;
mod text;
mod translate;
mod usage;

pub use crate::answer::{Answer, NotAnswer};
pub use crate::anthropic::MessagesRequest;
pub use crate::call::Call;
pub use crate::dialect::{Dialect, ErrorParts};
pub use crate::invalid::Invalid;
pub use crate::openai::{
    ChatRequest, Chunk, Completion, FinishReason, NotChunk, NotCompletion, Shape,
};
pub use crate::stream::{Meaning, Piece, StreamReader};
pub use crate::usage::Usage;
