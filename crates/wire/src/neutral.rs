//! A conversation in no dialect: what a request asks, what an answer says, and the steps of a
//! stream. Every dialect reads into these and writes from them, so that four dialects need four
//! readers and four writers and not twelve translators.
//!
//! ```text
//! caller's request ─► read ─► Prompt ─► write ─► provider's request
//! caller's answer ◄─ write ◄─ Reply  ◄─ read ◄── provider's answer
//! caller's events ◄─ write ◄─ Step…  ◄─ read ◄── provider's events
//! ```
//!
//! A reader refuses what has no place here and a writer what its dialect cannot say, each with the
//! field as the caller wrote it: nothing is dropped in silence. That is why values know where they
//! stood ([`Said`]).

#[cfg(test)]
pub(crate) mod arbitrary;
mod part;
mod prompt;
mod reply;
mod said;
mod step;

pub(crate) use self::part::{Content, Media, Part, Source};
pub(crate) use self::prompt::{Effort, Format, Prompt, Reasoning, Role, Tool, ToolChoice, Turn};
pub(crate) use self::reply::{Choice, Logprob, Reply};
pub(crate) use self::said::{Json, Path, Said};
pub(crate) use self::step::{ReadSteps, Step, Untold, WriteSteps};
