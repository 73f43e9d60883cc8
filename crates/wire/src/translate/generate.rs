//! To and from Gemini's `generateContent`.
//!
//! Google's names have two spellings, and where it has an array one object alone is as good: both
//! are read ([`object`]), and the reference's spelling is written and told in refusals.

mod answer;
mod calls;
mod config;
mod contents;
mod logprobs;
mod media;
mod object;
mod part;
mod prompt;
mod reader;
mod schema;
#[cfg(test)]
mod tests;
mod tools;
mod write;
mod writer;

pub(super) use self::answer::{read_reply, write_reply};
pub(super) use self::prompt::read_prompt;
pub(super) use self::reader::Reader;
pub(super) use self::write::write_prompt;
pub(super) use self::writer::Writer;
