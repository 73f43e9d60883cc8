//! A stream for a caller.
//!
//! Blocks follow one another: what was ended cannot be gone on with. A call is streamed as it
//! comes; when something else comes while its input is not whole (a provider that mixes the pieces
//! of several calls), everything but that call's own pieces is kept back until the end. What is
//! kept is at most the answer itself.

use bytes::Bytes;
use serde::de::IgnoredAny;

use super::write_events::{Blocks, Event, Open};
use super::write_reply::{End, Message};
use crate::neutral::{Step, WriteSteps};
use crate::{FinishReason, MessagesRequest, Usage};

/// Writes the events of a message.
pub(in crate::translate) struct Writer {
    /// The model that was asked for, for providers that do not say which one answers.
    model: String,
    begun: bool,
    ended: bool,
    blocks: Blocks,
    kept_back: Vec<Step<'static>>,
    calls: bool,
    refuses: bool,
    end: Option<(FinishReason, Option<String>)>,
    usage: Usage,
}

impl Writer {
    /// A stream that answers `to`.
    pub(in crate::translate) fn new(to: &MessagesRequest, _created_unix_seconds: u64) -> Writer {
        Writer {
            model: to.gist().model().to_owned(),
            begun: false,
            ended: false,
            blocks: Blocks::default(),
            kept_back: Vec::new(),
            calls: false,
            refuses: false,
            end: None,
            usage: Usage::default(),
        }
    }
}

impl WriteSteps for Writer {
    /// A caller of messages asks for one answer, without how likely its tokens were.
    fn write(&mut self, step: &Step<'_>, out: &mut Vec<u8>) {
        match step {
            // A provider that goes on behind its own end.
            _ if self.ended => {}
            Step::Begin { id, model, usage } => {
                self.usage = usage.unwrap_or(self.usage);
                self.begin(id.as_deref(), model.as_deref(), out);
            }
            Step::Usage(usage) => self.usage = *usage,
            Step::Finish { choice: 0, reason, stop_sequence } => {
                self.end = Some((*reason, stop_sequence.as_deref().map(str::to_owned)));
            }
            Step::Text { choice: 0, .. }
            | Step::Refusal { choice: 0, .. }
            | Step::Thought { choice: 0, .. }
            | Step::Signature { choice: 0, .. }
            | Step::SealedThought { choice: 0, .. }
            | Step::CallBegin { choice: 0, .. }
            | Step::CallInput { choice: 0, .. } => {
                self.begin(None, None, out);
                self.say_in_turn(step, out);
            }
            _ => {}
        }
    }

    /// The usage of the whole answer, which many providers tell only at its end.
    fn finish(&mut self, out: &mut Vec<u8>) {
        if std::mem::replace(&mut self.ended, true) {
            return;
        }
        self.begin(None, None, out);
        self.say_kept_back(out);
        self.blocks.end(out);
        let (reason, stop_sequence) = self.end.take().unwrap_or((FinishReason::Stop, None));
        let delta = End::of(reason, stop_sequence.as_deref(), self.calls, self.refuses);
        Event::MessageDelta { delta, usage: self.usage.into() }.write(out);
    }

    fn end_mark(&self) -> Bytes {
        let mut out = Vec::new();
        Event::MessageStop.write(&mut out);
        out.into()
    }
}

impl Writer {
    fn begin(&mut self, id: Option<&str>, model: Option<&str>, out: &mut Vec<u8>) {
        if self.begun {
            return;
        }
        self.begun = true;
        let message = Message {
            id: id.unwrap_or_default(),
            kind: "message",
            role: "assistant",
            model: model.unwrap_or(&self.model),
            content: Vec::new(),
            stop_reason: None,
            stop_sequence: None,
            usage: self.usage.into(),
        };
        Event::MessageStart { message }.write(out);
    }

    fn say_in_turn(&mut self, step: &Step<'_>, out: &mut Vec<u8>) {
        let waits = match self.blocks.open() {
            Some(Open::Call { call, .. }) if is_piece(step, *call) => false,
            Some(Open::Call { input, .. }) => !self.kept_back.is_empty() || !is_whole(input),
            _ => false,
        };
        if waits { self.kept_back.extend(owned(step)) } else { self.say(step, out) }
    }

    fn say(&mut self, step: &Step<'_>, out: &mut Vec<u8>) {
        match step {
            Step::Text { text, .. } => self.blocks.say(text, out),
            Step::Refusal { text, .. } => {
                self.refuses = true;
                self.blocks.say(text, out);
            }
            Step::Thought { text, .. } => self.blocks.think(text, out),
            Step::Signature { signature, .. } => self.blocks.sign(signature, out),
            Step::SealedThought { data, .. } => self.blocks.seal(data, out),
            Step::CallBegin { call, id, name, .. } => {
                self.calls = true;
                self.blocks.call(*call, id, name, out);
            }
            Step::CallInput { call, json, .. } => self.blocks.call_input(*call, json, out),
            _ => {}
        }
    }

    /// Each call with all of its pieces; everything else where it stood.
    fn say_kept_back(&mut self, out: &mut Vec<u8>) {
        let steps = std::mem::take(&mut self.kept_back);
        for step in &steps {
            match step {
                Step::CallInput { .. } => {}
                Step::CallBegin { call, .. } => {
                    self.say(step, out);
                    let pieces = steps.iter().filter(|step| is_piece(step, *call));
                    pieces.for_each(|piece| self.say(piece, out));
                }
                other => self.say(other, out),
            }
        }
    }
}

/// Whether a step says more of this call's input.
fn is_piece(step: &Step<'_>, of: u32) -> bool {
    matches!(step, Step::CallInput { call, .. } if *call == of)
}

fn is_whole(json: &str) -> bool {
    serde_json::from_str::<IgnoredAny>(json).is_ok()
}

/// What is said in a step, to outlive its event.
fn owned(step: &Step<'_>) -> Option<Step<'static>> {
    let own = |text: &str| text.to_owned().into();
    Some(match step {
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
        _ => return None,
    })
}
