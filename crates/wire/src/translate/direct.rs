//! The older way, from chat to messages without the neutral form; goes when both its ends are read.

mod answer;
mod chat;
mod conversation;
mod parts;
mod request;
mod stream;
mod tools;

pub(crate) use self::answer::answer;
pub(crate) use self::request::{check, request};
pub(crate) use self::stream::ChatStream;
