//! The whole answer to a caller.

use super::output::output;
use super::resource::{Head, status};
use crate::ResponsesRequest;
use crate::neutral::{Choice, Reply};

/// The answer to a caller that says the same: the first choice, since no caller can ask for more.
pub(in crate::translate) fn write_reply(
    reply: &Reply<'_>,
    to: &ResponsesRequest,
    created_unix_seconds: u64,
) -> Vec<u8> {
    let created = reply.created.unwrap_or(created_unix_seconds);
    let head = Head::new(reply.id.as_deref(), reply.model.as_deref(), to, created);
    let silent = Choice::default();
    let choice = reply.choices.first().unwrap_or(&silent);
    let items = output(choice, &head.id, status(choice.finish));
    let response = head.ended(to, &items, choice.finish, reply.usage);
    // Strings, numbers and raw JSON always serialise.
    serde_json::to_vec(&response).unwrap_or_default()
}
