//! The Gemini dialect: `generateContent`, its answers, events and errors.
//!
//! Source: the Gemini API reference ("Generating content", "Embeddings", "Counting tokens") and the
//! JSON mapping of protocol buffers, by which every name has two spellings, `maxOutputTokens` and
//! `max_output_tokens`. Between a caller and a provider of this dialect bytes pass as they are.

mod answer;
mod config;
mod content;
mod embed;
mod error;
mod fields;
mod finish;
pub(crate) mod model;
mod names;
mod request;
mod stream;
mod usage;

pub(crate) use self::answer::{Candidate, FunctionCall, GenerateAnswer, Part, facts};
pub(crate) use self::embed::Embedded;
pub use self::error::{error_body, error_event};
pub(crate) use self::finish::{finish_word, of_calls};
pub(crate) use self::names::camel;
pub use self::request::GenerateRequest;
pub(crate) use self::stream::GenerateStream;
use self::usage::usage;
