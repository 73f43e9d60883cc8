//! The Anthropic dialect: messages, their answers, events and errors.
//!
//! Source: the Anthropic API reference ("Messages", "Streaming messages", "Errors") and the types
//! of its official SDKs. Between a caller and a provider of this dialect bytes pass as they are.

mod content;
mod error;
mod event;
mod fields;
mod message;
mod messages;
mod stop;
mod usage;

pub use self::error::{error_body, error_event};
pub(crate) use self::event::{Delta, Event, EventType};
pub(crate) use self::message::{Block, Message};
pub use self::messages::MessagesRequest;
pub(crate) use self::stop::finish_reason;
pub(crate) use self::usage::Tally;
