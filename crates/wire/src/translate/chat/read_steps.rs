//! The steps that a provider's chunks tell.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::call_id;
use super::message::{Answer, Call, Choice, Message};
use super::thoughts::Block;
use crate::neutral::{Content, ReadSteps, Step, Untold};
use crate::openai::parse_usage;
use crate::sse;

/// Most choices and calls of one answer that are kept apart.
const MAX_CHOICES: u32 = 128;
const MAX_CALLS: usize = 1024;

/// Where the stream stands.
#[derive(Default)]
pub(in crate::translate) struct Reader {
    id: Option<String>,
    begun: bool,
    choices: BTreeMap<u32, Progress>,
}

/// Where a choice stands.
#[derive(Default)]
struct Progress {
    calls: Vec<OpenCall>,
    /// Plain text of a thought has been told that no signature followed yet.
    thinks: bool,
    finished: bool,
}

/// A call that has begun, as its provider tells it apart.
struct OpenCall {
    index: Option<u32>,
    id: String,
}

type Tell<'t> = &'t mut dyn FnMut(Step<'_>);

impl ReadSteps for Reader {
    fn read(&mut self, event: &sse::Event, tell: Tell<'_>) -> Result<(), Untold> {
        let data = event.data();
        let mut answer = Answer::parse(&data).ok_or(Untold)?;
        let choices = answer.choices.take().unwrap_or_default();
        let usage = answer.usage.and_then(|raw| parse_usage(raw.get()));
        // Azure begins with an event about the prompt, which has no choices and an empty id.
        if !self.begun && (!choices.is_empty() || usage.is_some()) {
            self.begin(&answer, tell);
        }
        for choice in choices {
            self.choice(choice, tell)?;
        }
        if let Some(usage) = usage {
            tell(Step::Usage(usage));
        }
        Ok(())
    }
}

impl Reader {
    fn begin(&mut self, answer: &Answer<'_>, tell: Tell<'_>) {
        self.begun = true;
        self.id = answer.id();
        let id = self.id.as_deref().map(Cow::Borrowed);
        tell(Step::Begin { id, model: answer.model().map(Cow::Owned), usage: None });
    }

    fn choice(&mut self, mut choice: Choice<'_>, tell: Tell<'_>) -> Result<(), Untold> {
        let index = choice.index.unwrap_or(0);
        if index >= MAX_CHOICES {
            return Err(Untold);
        }
        let progress = self.choices.entry(index).or_default();
        if let Some(mut delta) = choice.delta.take() {
            progress.delta(index, &mut delta, tell)?;
            for call in delta.tool_calls.unwrap_or_default() {
                progress.call(index, &call, self.id.as_deref(), tell)?;
            }
        }
        if let Some(tokens) = choice.take_logprobs().filter(|tokens| !tokens.is_empty()) {
            tell(Step::Logprobs { choice: index, tokens });
        }
        let reason = choice.finish(!progress.calls.is_empty());
        if let Some(reason) = reason.filter(|_| !progress.finished) {
            progress.finished = true;
            let stop_sequence = choice.stop_sequence();
            tell(Step::Finish { choice: index, reason, stop_sequence });
        }
        Ok(())
    }
}

impl Progress {
    /// What is said beside calls.
    fn delta(
        &mut self,
        choice: u32,
        delta: &mut Message<'_>,
        tell: Tell<'_>,
    ) -> Result<(), Untold> {
        if delta.is_untold() {
            return Err(Untold);
        }
        if let Some(text) = delta.thought() {
            self.thinks = true;
            tell(Step::Thought { choice, text });
        }
        for block in delta.thinking_blocks.take().unwrap_or_default() {
            self.block(choice, block, tell);
        }
        for content in delta.texts()? {
            match content {
                Content::Thought { text, .. } => tell(Step::Thought { choice, text }),
                Content::Refusal(text) => tell(Step::Refusal { choice, text }),
                Content::Text(text) => tell(Step::Text { choice, text }),
                _ => return Err(Untold),
            }
        }
        if let Some(text) = delta.refusal.take().filter(|text| !text.is_empty()) {
            tell(Step::Refusal { choice, text });
        }
        Ok(())
    }

    /// A block says what the plain text did, unless there was none, and maybe signs it.
    fn block(&mut self, choice: u32, block: Block<'_>, tell: Tell<'_>) {
        match Content::from(block) {
            Content::Thought { text, signature } => {
                if !text.is_empty() && !self.thinks {
                    tell(Step::Thought { choice, text });
                }
                if let Some(signature) = signature {
                    self.thinks = false;
                    tell(Step::Signature { choice, signature });
                }
            }
            Content::SealedThought(data) => tell(Step::SealedThought { choice, data }),
            _ => {}
        }
    }

    fn call(
        &mut self,
        choice: u32,
        call: &Call<'_>,
        answer_id: Option<&str>,
        tell: Tell<'_>,
    ) -> Result<(), Untold> {
        if call.is_untold() {
            return Err(Untold);
        }
        let number = match self.known(call) {
            Some(number) => number,
            None => self.begin_call(choice, call, answer_id, tell)?,
        };
        let json = call.arguments()?;
        if !json.is_empty() {
            // There are at most `MAX_CALLS`.
            tell(Step::CallInput { choice, call: number as u32, json });
        }
        Ok(())
    }

    /// Which call a piece belongs to. Some servers number all calls 0 and some do not number them;
    /// there a name with another id begins the next.
    fn known(&self, call: &Call<'_>) -> Option<usize> {
        let same_id = |open: &OpenCall| call.id().is_some_and(|id| *id == open.id);
        match (call.index, call.name()) {
            (Some(index), name) => {
                let found = self.calls.iter().rposition(|open| open.index == Some(index))?;
                let open = self.calls.get(found)?;
                let is_next = name.is_some() && call.id().is_some() && !same_id(open);
                (!is_next).then_some(found)
            }
            (None, Some(_)) => self.calls.iter().rposition(same_id),
            (None, None) => self.calls.len().checked_sub(1),
        }
    }

    fn begin_call(
        &mut self,
        choice: u32,
        call: &Call<'_>,
        answer_id: Option<&str>,
        tell: Tell<'_>,
    ) -> Result<usize, Untold> {
        let number = self.calls.len();
        let name = call.name().filter(|_| number < MAX_CALLS).ok_or(Untold)?;
        let id = match call.id() {
            Some(id) => id.clone().into_owned(),
            None => call_id::made(answer_id, choice as usize, number),
        };
        tell(Step::CallBegin {
            choice,
            call: number as u32,
            id: Cow::Borrowed(&id),
            name: Cow::Borrowed(name),
        });
        self.calls.push(OpenCall { index: call.index, id });
        Ok(number)
    }
}
