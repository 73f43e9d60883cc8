//! Conversations of one dialect served by a provider of another: requests one way, answers, events
//! and errors the other, through the [neutral](crate::neutral) form.
//!
//! | module | dialect |
//! |---|---|
//! | [`chat`] | OpenAI's chat completions |
//! | [`responses`] | OpenAI's responses |
//! | [`messages`] | Anthropic's messages |
//! | [`generate`] | Gemini's `generateContent` |
//!
//! A request is either told completely or refused with the field at fault: nothing that could
//! change the answer is dropped in silence. What may be left out stands in tables
//! ([`object::LeftOut`]).

mod chat;
mod error;
mod generate;
mod messages;
mod object;
mod responses;

use crate::neutral::{Prompt, ReadSteps, Reply, WriteSteps};
use crate::{Answer, Api, Call, Completion, Invalid, NotCompletion, Target};

pub(crate) use self::error::{error_body, error_event};

/// The request that asks a provider of another dialect the same.
pub(crate) fn request(call: &Call, to: &Target<'_>) -> Result<Vec<u8>, Invalid> {
    let prompt = read_prompt(call)?;
    match to.api {
        Api::Chat => chat::write_prompt(&prompt, to),
        Api::Responses => responses::write_prompt(&prompt, to),
        Api::Messages => messages::write_prompt(&prompt, to),
        Api::Generate => generate::write_prompt(&prompt, to),
        _ => Err(call.not_served()),
    }
}

/// A provider's whole answer, said to its caller; `facts` are what was read of it already.
pub(crate) fn answer(
    call: &Call,
    provider: Api,
    facts: Completion,
    created_unix_seconds: u64,
    body: &[u8],
) -> Result<Answer, NotCompletion> {
    let reply = match provider {
        Api::Chat => chat::read_reply(body)?,
        Api::Responses => responses::read_reply(body)?,
        Api::Messages => messages::read_reply(body)?,
        Api::Generate => generate::read_reply(body)?,
        _ => return Err(NotCompletion),
    };
    let body = write_reply(call, &reply, created_unix_seconds).ok_or(NotCompletion)?;
    Ok(Answer { body: body.into(), facts })
}

/// Reads the steps of a provider's stream.
pub(crate) fn reader(provider: Api) -> Option<Box<dyn ReadSteps>> {
    Some(match provider {
        Api::Chat => Box::new(chat::Reader::default()),
        Api::Responses => Box::new(responses::Reader::default()),
        Api::Messages => Box::new(messages::Reader::default()),
        Api::Generate => Box::new(generate::Reader::default()),
        _ => return None,
    })
}

/// Writes steps for a caller.
pub(crate) fn writer(call: &Call, created_unix_seconds: u64) -> Option<Box<dyn WriteSteps>> {
    Some(match call {
        Call::Chat(to) => Box::new(chat::Writer::new(to, created_unix_seconds)),
        Call::Responses(to) => Box::new(responses::Writer::new(to, created_unix_seconds)),
        Call::Messages(to) => Box::new(messages::Writer::new(to, created_unix_seconds)),
        Call::Generate(to) => Box::new(generate::Writer::new(to, created_unix_seconds)),
        Call::Plain(_) => return None,
    })
}

fn read_prompt(call: &Call) -> Result<Prompt<'_>, Invalid> {
    match call {
        Call::Chat(request) => chat::read_prompt(request),
        Call::Responses(request) => responses::read_prompt(request),
        Call::Messages(request) => messages::read_prompt(request),
        Call::Generate(request) => generate::read_prompt(request),
        Call::Plain(_) => Err(call.not_served()),
    }
}

fn write_reply(call: &Call, reply: &Reply<'_>, created: u64) -> Option<Vec<u8>> {
    Some(match call {
        Call::Chat(to) => chat::write_reply(reply, to, created),
        Call::Responses(to) => responses::write_reply(reply, to, created),
        Call::Messages(to) => messages::write_reply(reply, to, created),
        Call::Generate(to) => generate::write_reply(reply, to, created),
        Call::Plain(_) => return None,
    })
}
