//! To and from `messages`.
//!
//! | module | what it does |
//! |---|---|
//! | `read_prompt`, `_turns`, `_blocks`, `_tools`, `_config` | a caller's request |
//! | `write_prompt`, `_turns`, `_tools`, `_config` | the request to a provider |
//! | `read_reply`, `read_steps` | a provider's whole answer, and its stream |
//! | `write_reply`, `write_steps`, `write_events` | the answer and the stream for a caller |
//! | `block` | blocks of content as they are written, in requests and in answers |
//!
//! Source: the Anthropic API reference ("Messages", "Streaming messages", "Extended thinking",
//! "Structured outputs") and the types of its official SDKs.

mod block;
mod read_blocks;
mod read_config;
mod read_prompt;
mod read_reply;
mod read_steps;
mod read_tools;
mod read_turns;
#[cfg(test)]
mod tests;
mod write_config;
mod write_events;
mod write_prompt;
mod write_reply;
mod write_steps;
mod write_tools;
mod write_turns;

pub(super) use self::read_prompt::read_prompt;
pub(super) use self::read_reply::read_reply;
pub(super) use self::read_steps::Reader;
pub(super) use self::write_prompt::write_prompt;
pub(super) use self::write_reply::write_reply;
pub(super) use self::write_steps::Writer;
