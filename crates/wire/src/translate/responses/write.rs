//! From the neutral form to responses.

mod echo;
mod items;
mod logprob;
mod options;
mod output;
mod prompt;
mod reply;
mod resource;
mod stream;

pub(in crate::translate) use self::prompt::write_prompt;
pub(in crate::translate) use self::reply::write_reply;
pub(in crate::translate) use self::stream::Writer;
