//! OpenAI's chat completions, to and from the [neutral](crate::neutral) form.
//!
//! | | callers | providers |
//! |---|---|---|
//! | request | `read_prompt`, `read_turns`, `read_parts`, `read_tools` | `write_prompt`, … |
//! | whole answer | `write_reply` | `read_reply` |
//! | stream | `write_steps` | `read_steps` |
//!
//! OpenAI's API has no thoughts. Compatible servers and clients call them `reasoning_content`, and
//! `thinking_blocks` (LiteLLM's name) where there is a signature to hand back with them.

mod call_id;
mod logprobs;
mod media;
mod message;
mod read_parts;
mod read_prompt;
mod read_reply;
mod read_steps;
mod read_tools;
mod read_turns;
mod shapes;
#[cfg(test)]
mod tests;
mod thoughts;
mod write_parts;
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
