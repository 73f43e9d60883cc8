//! OpenAI's responses: request, answer and events.
//!
//! Source: OpenAI's published description of its API (`CreateResponse`, `Response`,
//! `ResponseStreamEvent`), the Open Responses specification, and what vLLM and llama.cpp send.

mod answer;
mod event;
mod fields;
mod input;
mod request;
mod stream;
mod usage;

pub(crate) use self::answer::{ending, facts};
pub use self::request::ResponsesRequest;
pub(crate) use self::stream::ResponsesStream;
pub(crate) use self::usage::usage;
