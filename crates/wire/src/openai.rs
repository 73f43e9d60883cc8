//! The OpenAI dialect: chat completions, responses and errors.
//!
//! Source: the OpenAI API reference and what compatible servers (vLLM, llama.cpp, Azure, Groq)
//! really send.

mod answer;
mod chat;
mod chunk;
mod completion;
mod embeddings;
mod error;
mod fields;
mod finish;
mod identity;
mod replay;
mod responses;
mod shape;
mod usage;

pub use self::chat::ChatRequest;
pub use self::chunk::{Chunk, NotChunk};
pub use self::completion::{Completion, NotCompletion};
pub(crate) use self::embeddings::with_base64;
pub use self::error::{error_body, error_event, response_error_event};
pub(crate) use self::fields::StreamOptions;
pub use self::finish::FinishReason;
pub use self::identity::Identity;
pub use self::replay::{Fresh, NotReplayable, Replay};
pub use self::responses::ResponsesRequest;
pub(crate) use self::responses::{
    ResponsesStream, ending as response_ending, facts as response_facts, usage as response_usage,
};
pub use self::shape::Shape;
pub(crate) use self::shape::{Speaker, Turn};
pub(crate) use self::usage::parse as parse_usage;
