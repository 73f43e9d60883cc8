//! To and from OpenAI's responses.
//!
//! | module | what it does |
//! |---|---|
//! | `read` | a caller's request, a provider's answer and events, said neutrally |
//! | `write` | the same the other way |
//! | `part` | the names of parts that both sides use |
//!
//! A response is a list of items where chat has messages: a message, each call and each thought is
//! one. The items of one answer are one turn here.

mod part;
mod read;
#[cfg(test)]
mod tests;
mod write;

pub(super) use self::read::{Reader, read_prompt, read_reply};
pub(super) use self::write::{Writer, write_prompt, write_reply};
