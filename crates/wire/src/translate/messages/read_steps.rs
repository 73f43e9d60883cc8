//! A provider's stream.

use std::borrow::Cow;

use super::read_reply::content;
use crate::anthropic::{Block, Delta, Event, EventType, Tally};
use crate::neutral::{Content, ReadSteps, Step, Untold};
use crate::sse;

/// Reads the steps of a streamed message.
#[derive(Default)]
pub(in crate::translate) struct Reader {
    tally: Tally,
    /// Calls begun: Anthropic numbers all blocks, the steps number calls.
    calls: u32,
    open_call: Option<OpenCall>,
    finished: bool,
}

/// A call whose input is coming.
struct OpenCall {
    call: u32,
    /// What it began with; told at its end if no pieces come.
    input: String,
    has_pieces: bool,
}

type Tell<'t> = &'t mut dyn FnMut(Step<'_>);

impl ReadSteps for Reader {
    fn read(&mut self, event: &sse::Event, tell: Tell<'_>) -> Result<(), Untold> {
        let data = event.data();
        let Some(told) = Event::parse(&data) else {
            return if event.name().is_some_and(carries_answer) { Err(Untold) } else { Ok(()) };
        };
        match told.event_type(event) {
            EventType::MessageStart => self.begin(&told, tell),
            EventType::BlockStart => self.begin_block(told.content_block, tell)?,
            EventType::BlockDelta => self.extend_block(told.delta.as_ref(), tell)?,
            EventType::BlockStop => self.end_call(tell),
            EventType::MessageDelta => self.end(&told, tell),
            EventType::MessageStop | EventType::Ping | EventType::Error | EventType::Other => {}
        }
        Ok(())
    }
}

impl Reader {
    fn begin(&mut self, told: &Event<'_>, tell: Tell<'_>) {
        let facts = told.facts(&mut self.tally);
        let (id, model) = (facts.id.map(Cow::Owned), facts.model.map(Cow::Owned));
        tell(Step::Begin { id, model, usage: self.tally.usage() });
    }

    fn begin_block(&mut self, block: Option<Block<'_>>, tell: Tell<'_>) -> Result<(), Untold> {
        self.end_call(tell);
        match content(block.ok_or(Untold)?).map_err(|_| Untold)? {
            Some(Content::Text(text)) => tell(Step::Text { choice: 0, text }),
            Some(Content::Thought { text, signature }) => {
                think(text, tell);
                sign(signature, tell);
            }
            Some(Content::SealedThought(data)) => tell(Step::SealedThought { choice: 0, data }),
            Some(Content::Call { id, name, input }) => {
                let (call, input) = (self.calls, input.get().to_owned());
                self.calls = self.calls.saturating_add(1);
                self.open_call = Some(OpenCall { call, input, has_pieces: false });
                tell(Step::CallBegin { choice: 0, call, id, name });
            }
            Some(_) | None => {}
        }
        Ok(())
    }

    fn extend_block(&mut self, delta: Option<&Delta<'_>>, tell: Tell<'_>) -> Result<(), Untold> {
        let delta = delta.ok_or(Untold)?;
        match delta.kind().as_deref() {
            Some("text_delta") => say(delta.text(), tell),
            Some("thinking_delta") => think(delta.thinking().unwrap_or_default().into(), tell),
            Some("signature_delta") => sign(delta.signature(), tell),
            Some("input_json_delta") => self.extend_call(delta.partial_json(), tell)?,
            // Sources are bookkeeping.
            Some("citations_delta") => {}
            _ => return Err(Untold),
        }
        Ok(())
    }

    fn extend_call(&mut self, piece: Option<&str>, tell: Tell<'_>) -> Result<(), Untold> {
        let open = self.open_call.as_mut().ok_or(Untold)?;
        if let Some(piece) = piece.filter(|piece| !piece.is_empty()) {
            open.has_pieces = true;
            tell(Step::CallInput { choice: 0, call: open.call, json: piece.into() });
        }
        Ok(())
    }

    /// The end of a block. A call without pieces still has input: `{}`, or what it began with.
    fn end_call(&mut self, tell: Tell<'_>) {
        if let Some(open) = self.open_call.take().filter(|open| !open.has_pieces) {
            tell(Step::CallInput { choice: 0, call: open.call, json: open.input.into() });
        }
    }

    fn end(&mut self, told: &Event<'_>, tell: Tell<'_>) {
        let facts = told.facts(&mut self.tally);
        if let Some(reason) = facts.finish_reasons.first().filter(|_| !self.finished) {
            self.finished = true;
            self.end_call(tell);
            let stop_sequence = told.delta.as_ref().and_then(Delta::stop_sequence);
            tell(Step::Finish { choice: 0, reason: *reason, stop_sequence });
        }
        if let Some(usage) = facts.usage {
            tell(Step::Usage(usage));
        }
    }
}

fn say(text: Option<&str>, tell: Tell<'_>) {
    if let Some(text) = text.filter(|text| !text.is_empty()) {
        tell(Step::Text { choice: 0, text: text.into() });
    }
}

fn think(text: Cow<'_, str>, tell: Tell<'_>) {
    if !text.is_empty() {
        tell(Step::Thought { choice: 0, text });
    }
}

fn sign(signature: Option<Cow<'_, str>>, tell: Tell<'_>) {
    if let Some(signature) = signature.filter(|signature| !signature.is_empty()) {
        tell(Step::Signature { choice: 0, signature });
    }
}

/// Whether an event of this name is part of the answer, even if it cannot be read.
fn carries_answer(event: &str) -> bool {
    matches!(
        event,
        "message_start" | "content_block_start" | "content_block_delta" | "message_delta"
    )
}
