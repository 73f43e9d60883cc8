//! A stream, step by step.

use std::borrow::Cow;

use bytes::Bytes;

use super::Logprob;
use crate::{FinishReason, Usage, sse};

/// What an event of a provider says. `choice` counts answers from 0, `call` the calls of an answer.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Step<'a> {
    /// The answer begins; comes first and once. Usage counts the input, where it is known already.
    Begin { id: Option<Cow<'a, str>>, model: Option<Cow<'a, str>>, usage: Option<Usage> },
    /// More text; never empty.
    Text { choice: u32, text: Cow<'a, str> },
    /// More of the words in which the model says no.
    Refusal { choice: u32, text: Cow<'a, str> },
    /// More of what it thinks.
    Thought { choice: u32, text: Cow<'a, str> },
    /// The signature of the thought so far; without one, of the call that follows.
    Signature { choice: u32, signature: Cow<'a, str> },
    /// A thought that only its provider can read.
    SealedThought { choice: u32, data: Cow<'a, str> },
    /// A call begins.
    CallBegin { choice: u32, call: u32, id: Cow<'a, str>, name: Cow<'a, str> },
    /// More of its input: a piece of JSON text.
    CallInput { choice: u32, call: u32, json: Cow<'a, str> },
    /// Of the text since the last of these.
    Logprobs { choice: u32, tokens: Vec<Logprob<'a>> },
    /// A choice has ended.
    Finish { choice: u32, reason: FinishReason, stop_sequence: Option<Cow<'a, str>> },
    /// What was counted in all; may come again, and the last holds.
    Usage(Usage),
}

impl Step<'_> {
    /// The same, to outlive its event.
    pub(crate) fn kept(&self) -> Step<'static> {
        let own = |text: &Cow<'_, str>| Cow::Owned(text.clone().into_owned());
        match self {
            Step::Begin { id, model, usage } => {
                let (id, model) = (id.as_ref().map(own), model.as_ref().map(own));
                Step::Begin { id, model, usage: *usage }
            }
            Step::Text { choice, text } => Step::Text { choice: *choice, text: own(text) },
            Step::Refusal { choice, text } => Step::Refusal { choice: *choice, text: own(text) },
            Step::Thought { choice, text } => Step::Thought { choice: *choice, text: own(text) },
            Step::Signature { choice, signature } => {
                Step::Signature { choice: *choice, signature: own(signature) }
            }
            Step::SealedThought { choice, data } => {
                Step::SealedThought { choice: *choice, data: own(data) }
            }
            Step::CallBegin { choice, call, id, name } => {
                Step::CallBegin { choice: *choice, call: *call, id: own(id), name: own(name) }
            }
            Step::CallInput { choice, call, json } => {
                Step::CallInput { choice: *choice, call: *call, json: own(json) }
            }
            Step::Logprobs { choice, tokens } => {
                let tokens = tokens.iter().map(Logprob::kept).collect();
                Step::Logprobs { choice: *choice, tokens }
            }
            Step::Finish { choice, reason, stop_sequence } => {
                let stop_sequence = stop_sequence.as_ref().map(own);
                Step::Finish { choice: *choice, reason: *reason, stop_sequence }
            }
            Step::Usage(usage) => Step::Usage(*usage),
        }
    }
}

/// Reads the events of a provider's stream.
pub(crate) trait ReadSteps: Send {
    /// Tells the steps of one event that is part of an answer: no comment, no error, no end mark.
    /// What the dialect has beside the answer (pings, bookkeeping) is no step.
    fn read(&mut self, event: &sse::Event, tell: &mut dyn FnMut(Step<'_>)) -> Result<(), Untold>;
}

/// An event holds a part of the answer that has no step: the stream is broken off, because a part
/// of an answer is not left out in silence.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Untold;

/// Writes the events of a caller's stream.
pub(crate) trait WriteSteps: Send {
    /// Appends the events that say this, ends of lines included; may keep something back for later.
    fn write(&mut self, step: &Step<'_>, out: &mut Vec<u8>);

    /// Everything has been said: appends what is still missing before the end mark.
    fn finish(&mut self, out: &mut Vec<u8>);

    /// What ends the stream, sent once the outcome is recorded.
    fn end_mark(&self) -> Bytes;
}
