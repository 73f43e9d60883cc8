//! The events of a streamed answer to a caller.
//!
//! ```text
//! response.created, response.in_progress
//!   response.output_item.added
//!     response.content_part.added    (of a message; reasoning_summary_part of a thought)
//!       response.output_text.delta…  (refusal, reasoning_summary_text, function_call_arguments)
//!       response.output_text.done
//!     response.content_part.done
//!   response.output_item.done
//! response.completed or response.incomplete, with all of it once more: the end mark
//! ```
//!
//! A message or a thought ends where another begins. Calls stay open to the end, because providers
//! may write several at once.

mod event;
mod growth;

use bytes::Bytes;

use self::growth::{Growth, Kind};
use super::super::read::wants_logprobs;
use super::resource::{Head, status};
use crate::neutral::{Step, WriteSteps};
use crate::{FinishReason, ResponsesRequest, Usage};

/// Writes a caller's stream.
pub(in crate::translate) struct Writer {
    to: ResponsesRequest,
    created: u64,
    /// None before the first event.
    head: Option<Head>,
    growth: Growth,
    usage: Option<Usage>,
    finish: Option<FinishReason>,
    /// A text waits for how likely its tokens were.
    holds_text: bool,
    held: Option<String>,
}

impl Writer {
    /// A stream that answers `to`.
    pub(in crate::translate) fn new(to: &ResponsesRequest, created_unix_seconds: u64) -> Writer {
        Writer {
            to: to.clone(),
            created: created_unix_seconds,
            head: None,
            growth: Growth::default(),
            usage: None,
            finish: None,
            holds_text: wants_logprobs(to),
            held: None,
        }
    }

    fn begin(&mut self, id: Option<&str>, model: Option<&str>, out: &mut Vec<u8>) {
        if self.head.is_some() {
            return;
        }
        let head = Head::new(id, model, &self.to, self.created);
        self.growth.events.response("response.created", &head.begun(&self.to), out);
        self.growth.events.response("response.in_progress", &head.begun(&self.to), out);
        self.growth.response_id = head.id.clone();
        self.head = Some(head);
    }

    fn text(&mut self, text: &str, out: &mut Vec<u8>) {
        if self.holds_text {
            self.release(out);
            self.held = Some(text.to_owned());
        } else {
            self.growth.say(Kind::Text, text, Vec::new(), out);
        }
    }

    /// The text that was held, whose tokens nobody told of.
    fn release(&mut self, out: &mut Vec<u8>) {
        if let Some(text) = self.held.take() {
            self.growth.say(Kind::Text, &text, Vec::new(), out);
        }
    }
}

impl WriteSteps for Writer {
    fn write(&mut self, step: &Step<'_>, out: &mut Vec<u8>) {
        match step {
            Step::Begin { id, model, usage } => {
                self.usage = self.usage.or(*usage);
                return self.begin(id.as_deref(), model.as_deref(), out);
            }
            Step::Usage(usage) => return self.usage = Some(*usage),
            _ => self.begin(None, None, out),
        }
        if let Step::Logprobs { choice: 0, tokens } = step {
            let tokens = tokens.iter().map(Into::into).collect();
            let held = self.held.take().unwrap_or_default();
            return self.growth.say(Kind::Text, &held, tokens, out);
        }
        if let Step::Text { choice: 0, text } = step {
            return self.text(text, out);
        }
        self.release(out);
        let growth = &mut self.growth;
        match step {
            Step::Refusal { choice: 0, text } => {
                growth.say(Kind::Refusal, text, Vec::new(), out);
            }
            Step::Thought { choice: 0, text } => {
                growth.say(Kind::Thought, text, Vec::new(), out);
            }
            Step::Signature { choice: 0, signature } => growth.sign(signature, out),
            Step::SealedThought { choice: 0, data } => growth.sealed(data, out),
            Step::CallBegin { choice: 0, call, id, name } => growth.call(*call, id, name, out),
            Step::CallInput { choice: 0, call, json } => growth.input(*call, json, out),
            Step::Finish { choice: 0, reason, .. } => self.finish = Some(*reason),
            // Further choices no caller can ask for.
            _ => {}
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        self.begin(None, None, out);
        self.release(out);
        self.growth.end(status(self.finish), out);
    }

    fn end_mark(&self) -> Bytes {
        let Some(head) = &self.head else { return Bytes::new() };
        let response = head.ended(&self.to, &self.growth.items, self.finish, self.usage);
        self.growth.events.last(&response)
    }
}
