//! From responses to the neutral form.

mod items;
mod options;
mod parts;
mod prompt;
mod reply;
mod stream;
mod thought;
mod tools;

pub(in crate::translate) use self::prompt::read_prompt;
pub(in crate::translate) use self::reply::read_reply;
pub(in crate::translate) use self::stream::Reader;
use crate::ResponsesRequest;
use crate::translate::object::Members;

/// Whether a caller wants to know how likely the tokens of its answer were.
pub(super) fn wants_logprobs(request: &ResponsesRequest) -> bool {
    let members = Members::of(request.text(), String::new());
    let wanted = members.and_then(|mut members| options::logprobs(&mut members));
    wanted.is_ok_and(|wanted| wanted.is_some())
}
