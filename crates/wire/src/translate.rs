//! Chat completions served by a provider of Anthropic's messages: requests one way, answers, events
//! and errors the other.
//!
//! A request is either told completely or refused with the field at fault: nothing that could
//! change the answer is dropped in silence. What may be left out stands in tables
//! ([`object::LeftOut`]).

mod answer;
mod chat;
mod conversation;
mod error;
mod object;
mod parts;
mod request;
mod stream;
mod tools;

pub(crate) use self::answer::answer;
pub(crate) use self::error::error_body;
pub(crate) use self::request::{check, request};
pub(crate) use self::stream::ChatStream;
