//! The chunks that tell a caller the steps of a stream.
//!
//! Every choice begins with a chunk that holds its role, whatever comes first, and ends with one
//! that says why. The usage, for those who asked, follows all of them.

use std::collections::BTreeMap;

use bytes::Bytes;

use super::logprobs;
use super::shapes::{
    BlockDelta, ChunkChoice, Delta, FunctionDelta, Logprobs, ToolCallDelta, Written, WrittenUsage,
    finish_reason,
};
use super::thoughts::Block;
use crate::neutral::{Step, WriteSteps};
use crate::{ChatRequest, FinishReason, Usage, sse};

/// The longest thought that is kept to be told again beside its signature, in bytes.
const MAX_THOUGHT_BYTES: usize = 4 << 20;

/// What the chunks so far were made of.
pub(in crate::translate) struct Writer {
    head: Head,
    wants_usage: bool,
    /// How many choices were asked for.
    most: u32,
    usage: Option<Usage>,
    choices: BTreeMap<u32, Progress>,
}

/// What all chunks have in common.
struct Head {
    id: String,
    model: String,
    created: u64,
}

/// What a choice has said.
#[derive(Default)]
struct Progress {
    /// The calls begun, in order, and whether any of their input has come.
    calls: Vec<(u32, bool)>,
    /// The thought since the last signature: a block is told whole, so that callers hand it back
    /// as it was signed.
    thought: String,
    blocks: u32,
    finished: bool,
}

impl Writer {
    /// A stream that answers `to`, begun at this time.
    pub(in crate::translate) fn new(to: &ChatRequest, created_unix_seconds: u64) -> Writer {
        let model = to.gist().model().to_owned();
        Writer {
            head: Head { id: String::new(), model, created: created_unix_seconds },
            wants_usage: to.wants_usage(),
            most: to.gist().choices(),
            usage: None,
            choices: BTreeMap::new(),
        }
    }
}

impl WriteSteps for Writer {
    fn write(&mut self, step: &Step<'_>, out: &mut Vec<u8>) {
        match step {
            Step::Begin { id, model, usage } => {
                if let Some(id) = id {
                    self.head.id = id.clone().into_owned();
                }
                if let Some(model) = model {
                    self.head.model = model.clone().into_owned();
                }
                self.usage = usage.or(self.usage);
                self.choice(0, out);
            }
            Step::Usage(usage) => self.usage = Some(*usage),
            Step::Text { choice, .. }
            | Step::Refusal { choice, .. }
            | Step::Thought { choice, .. }
            | Step::Signature { choice, .. }
            | Step::SealedThought { choice, .. }
            | Step::CallBegin { choice, .. }
            | Step::CallInput { choice, .. }
            | Step::Logprobs { choice, .. }
            | Step::Finish { choice, .. } => {
                let Some((chunks, progress)) = self.choice(*choice, out) else { return };
                progress.tell(step, chunks);
            }
        }
    }

    fn finish(&mut self, out: &mut Vec<u8>) {
        self.choice(0, out);
        for (index, progress) in &mut self.choices {
            if !progress.finished {
                let chunks = Chunks { head: &self.head, index: *index, out };
                progress.end(FinishReason::Stop, chunks);
            }
        }
        if let Some(usage) = self.usage.take().filter(|_| self.wants_usage) {
            self.head.write(&[], Some(usage.into()), out);
        }
    }

    fn end_mark(&self) -> Bytes {
        Bytes::from_static(b"data: [DONE]\n\n")
    }
}

impl Writer {
    /// A choice that may say more, begun if it was not; none when it ended or was not asked for.
    fn choice<'w>(
        &'w mut self,
        index: u32,
        out: &'w mut Vec<u8>,
    ) -> Option<(Chunks<'w>, &'w mut Progress)> {
        if index >= self.most {
            return None;
        }
        let mut chunks = Chunks { head: &self.head, index, out };
        let progress = self.choices.entry(index).or_insert_with(|| {
            let (role, content) = (Some("assistant"), Some(""));
            chunks.delta(Delta { role, content, ..Delta::default() });
            Progress::default()
        });
        (!progress.finished).then_some((chunks, progress))
    }
}

impl Progress {
    fn tell(&mut self, step: &Step<'_>, mut chunks: Chunks<'_>) {
        let silent = Delta::default();
        match step {
            Step::Text { text, .. } => chunks.delta(Delta { content: Some(text), ..silent }),
            Step::Refusal { text, .. } => chunks.delta(Delta { refusal: Some(text), ..silent }),
            Step::Thought { text, .. } => {
                self.keep(text);
                chunks.delta(Delta { reasoning_content: Some(text), ..silent });
            }
            Step::Signature { signature, .. } => self.sign(signature, chunks),
            Step::SealedThought { data, .. } => {
                self.block(Block::RedactedThinking { data: data.as_ref().into() }, chunks);
            }
            Step::CallBegin { call, id, name, .. } => {
                self.calls.push((*call, false));
                let index = self.calls.len() - 1;
                let function = FunctionDelta { name: Some(name), arguments: "" };
                let (id, kind) = (Some(id.as_ref()), Some("function"));
                chunks.call(ToolCallDelta { index, id, kind, function });
            }
            Step::CallInput { call, json, .. } => {
                let mut calls = self.calls.iter_mut().enumerate();
                if let Some((index, known)) = calls.rfind(|(_, known)| known.0 == *call) {
                    known.1 = true;
                    chunks.arguments(index, json);
                }
            }
            Step::Logprobs { tokens, .. } => {
                let logprobs = Some(Logprobs::new(logprobs::written(tokens)));
                chunks.write(silent, logprobs, None);
            }
            Step::Finish { reason, .. } => self.end(*reason, chunks),
            Step::Begin { .. } | Step::Usage(_) => {}
        }
    }

    fn keep(&mut self, thought: &str) {
        if self.thought.len() <= MAX_THOUGHT_BYTES {
            self.thought.push_str(thought);
        }
    }

    /// Tells the thought again with its signature; not one that is too long to be whole.
    fn sign(&mut self, signature: &str, chunks: Chunks<'_>) {
        let thinking = std::mem::take(&mut self.thought);
        if thinking.len() <= MAX_THOUGHT_BYTES {
            let signature = Some(signature.into());
            self.block(Block::Thinking { thinking: thinking.into(), signature }, chunks);
        }
    }

    fn block(&mut self, block: Block<'_>, mut chunks: Chunks<'_>) {
        let thinking_blocks = Some([BlockDelta { index: self.blocks, block }]);
        self.blocks = self.blocks.saturating_add(1);
        chunks.delta(Delta { thinking_blocks, ..Delta::default() });
    }

    /// The chunk that says why it ended. Calls without input still have arguments.
    fn end(&mut self, reason: FinishReason, mut chunks: Chunks<'_>) {
        self.finished = true;
        let bare = self.calls.iter().enumerate().filter(|(_, (_, has_input))| !has_input);
        for (index, _) in bare {
            chunks.arguments(index, "{}");
        }
        chunks.write(Delta::default(), None, Some(finish_reason(Some(reason))));
    }
}

/// Writes the chunks of a choice.
struct Chunks<'w> {
    head: &'w Head,
    index: u32,
    out: &'w mut Vec<u8>,
}

impl Chunks<'_> {
    fn delta(&mut self, delta: Delta<'_>) {
        self.write(delta, None, None);
    }

    fn arguments(&mut self, index: usize, arguments: &str) {
        let function = FunctionDelta { name: None, arguments };
        self.call(ToolCallDelta { index, id: None, kind: None, function });
    }

    fn call(&mut self, call: ToolCallDelta<'_>) {
        self.delta(Delta { tool_calls: Some([call]), ..Delta::default() });
    }

    fn write(
        &mut self,
        delta: Delta<'_>,
        logprobs: Option<Logprobs<'_>>,
        finish_reason: Option<&'static str>,
    ) {
        let choice = ChunkChoice { index: self.index, delta, logprobs, finish_reason };
        self.head.write(&[choice], None, self.out);
    }
}

impl Head {
    fn write(&self, choices: &[ChunkChoice<'_>], usage: Option<WrittenUsage>, out: &mut Vec<u8>) {
        let chunk = Written {
            id: &self.id,
            object: "chat.completion.chunk",
            created: self.created,
            model: &self.model,
            choices,
            usage,
        };
        out.extend_from_slice(&sse::data(&chunk.to_json()));
    }
}
