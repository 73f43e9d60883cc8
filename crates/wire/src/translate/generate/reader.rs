//! A provider's stream: each event is a piece of an answer, in which calls are whole.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::answer::{SaidCall, said};
use super::logprobs::read_logprobs;
use crate::gemini::{Candidate, GenerateAnswer, of_calls};
use crate::neutral::{Content, ReadSteps, Step, Untold};
use crate::{FinishReason, NotCompletion, sse};

/// Reads a provider's stream.
#[derive(Default)]
pub(in crate::translate) struct Reader {
    begun: bool,
    /// The answer's id, of which those of calls are made.
    id: Option<String>,
    candidates: BTreeMap<u32, Progress>,
}

/// How far a candidate is.
#[derive(Default)]
struct Progress {
    calls: u32,
    ended: bool,
}

/// Most candidates that a stream may have.
const MAX_CANDIDATES: u32 = 128;

impl ReadSteps for Reader {
    fn read(&mut self, event: &sse::Event, tell: &mut dyn FnMut(Step<'_>)) -> Result<(), Untold> {
        let data = event.data();
        let answer = GenerateAnswer::parse(&data).ok_or(Untold)?;
        if !self.begun {
            self.begun = true;
            self.id = answer.id();
            let id = self.id.as_deref().map(Cow::Borrowed);
            let model = answer.model().map(Cow::Owned);
            tell(Step::Begin { id, model, usage: answer.usage_so_far() });
        }
        let usage = answer.usage();
        if answer.is_blocked() {
            self.end(0, FinishReason::ContentFilter, tell);
        }
        for candidate in answer.into_candidates() {
            self.candidate(candidate, tell)?;
        }
        usage.into_iter().for_each(|usage| tell(Step::Usage(usage)));
        Ok(())
    }
}

impl Reader {
    fn candidate(
        &mut self,
        candidate: Candidate<'_>,
        tell: &mut dyn FnMut(Step<'_>),
    ) -> Result<(), Untold> {
        let (choice, reason) = (candidate.index(), candidate.finish_reason());
        if choice >= MAX_CANDIDATES {
            return Err(Untold);
        }
        let tokens = candidate.logprobs_result.and_then(read_logprobs);
        for part in candidate.into_parts() {
            let said = said(part).map_err(|NotCompletion| Untold)?;
            let tell_signature = |signature| Step::Signature { choice, signature };
            said.signature.map(tell_signature).into_iter().for_each(&mut *tell);
            match said.text {
                Some(Content::Thought { text, signature }) => {
                    tell(Step::Thought { choice, text });
                    signature.map(tell_signature).into_iter().for_each(&mut *tell);
                }
                Some(Content::Text(text)) => tell(Step::Text { choice, text }),
                _ => {}
            }
            if let Some(call) = said.call {
                self.call(choice, call, tell);
            }
        }
        if let Some(tokens) = tokens.filter(|tokens| !tokens.is_empty()) {
            tell(Step::Logprobs { choice, tokens });
        }
        if let Some(reason) = reason {
            self.end(choice, reason, tell);
        }
        Ok(())
    }

    fn call(&mut self, choice: u32, said: SaidCall<'_>, tell: &mut dyn FnMut(Step<'_>)) {
        let progress = self.candidates.entry(choice).or_default();
        let call = progress.calls;
        progress.calls = call.saturating_add(1);
        let id = said.id(self.id.as_deref(), choice, call);
        tell(Step::CallBegin { choice, call, id, name: said.name });
        tell(Step::CallInput { choice, call, json: said.input.get().into() });
    }

    /// Some versions say with each event why the candidate ended.
    fn end(&mut self, choice: u32, reason: FinishReason, tell: &mut dyn FnMut(Step<'_>)) {
        let progress = self.candidates.entry(choice).or_default();
        if !std::mem::replace(&mut progress.ended, true) {
            let reason = of_calls(reason, progress.calls > 0);
            tell(Step::Finish { choice, reason, stop_sequence: None });
        }
    }
}
