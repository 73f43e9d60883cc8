//! What goes over the wire between clients, the gateway and providers.
//!
//! Pure functions over bytes: no I/O, no clock, nothing that waits. When client and provider speak
//! the same dialect the client's bytes pass through and only what must change is changed, so that
//! unknown and future fields survive in both directions.
//!
//! | module | what it does |
//! |---|---|
//! | [`json`] | refuses documents that two parsers could read differently |
//! | [`sse`] | cuts an event stream into events, byte for byte |
//! | [`openai`] | chat completions: request, answer, chunk, errors, model list |
//!
//! A further dialect is a sibling of [`openai`] and a variant of [`Dialect`].

mod dialect;
mod invalid;
pub mod json;
pub mod openai;
pub mod sse;
mod usage;

pub use crate::dialect::{Dialect, ErrorParts};
pub use crate::invalid::Invalid;
pub use crate::openai::{
    ChatRequest, Chunk, Completion, FinishReason, NotChunk, NotCompletion, Shape,
};
pub use crate::usage::Usage;
