//! What the assistant says in a provider's answer, whole or in pieces, read leniently.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::logprobs::{self, Token};
use super::thoughts::Block;
use crate::FinishReason;
use crate::neutral::{Content, Logprob, Untold};
use crate::text::{self, Text};

/// A completion or a chunk.
#[derive(Deserialize)]
pub(super) struct Answer<'a> {
    #[serde(borrow)]
    id: Option<&'a RawValue>,
    #[serde(borrow)]
    model: Option<&'a RawValue>,
    #[serde(borrow)]
    created: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) usage: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) choices: Option<Vec<Choice<'a>>>,
}

/// One of the answers asked for; `message` in a completion, `delta` in a chunk.
#[derive(Deserialize)]
pub(super) struct Choice<'a> {
    pub(super) index: Option<u32>,
    #[serde(borrow)]
    pub(super) message: Option<Message<'a>>,
    #[serde(borrow)]
    pub(super) delta: Option<Message<'a>>,
    #[serde(borrow)]
    logprobs: Option<Logprobs<'a>>,
    #[serde(borrow)]
    finish_reason: Option<Cow<'a, str>>,
    /// vLLM's: the caller's sequence that ended it, or the number of a token.
    #[serde(borrow)]
    stop_reason: Option<&'a RawValue>,
}

/// What is said.
#[derive(Default, Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow)]
    content: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) refusal: Option<Cow<'a, str>>,
    #[serde(borrow)]
    reasoning_content: Option<Cow<'a, str>>,
    #[serde(borrow)]
    reasoning: Option<&'a RawValue>,
    #[serde(borrow)]
    pub(super) thinking_blocks: Option<Vec<Block<'a>>>,
    #[serde(borrow)]
    pub(super) tool_calls: Option<Vec<Call<'a>>>,
    // What has no place in other dialects.
    #[serde(borrow)]
    function_call: Option<&'a RawValue>,
    #[serde(borrow)]
    audio: Option<&'a RawValue>,
    #[serde(borrow)]
    images: Option<&'a RawValue>,
}

/// A call, or a piece of one.
#[derive(Deserialize)]
pub(super) struct Call<'a> {
    pub(super) index: Option<u32>,
    #[serde(borrow)]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, rename = "type")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    function: Function<'a>,
}

#[derive(Default, Deserialize)]
struct Function<'a> {
    #[serde(borrow)]
    name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    arguments: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Logprobs<'a> {
    #[serde(borrow)]
    content: Option<Vec<Token<'a>>>,
}

/// A part of content that comes in parts (Mistral's models that think).
#[derive(Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
enum Part<'a> {
    Text {
        #[serde(borrow)]
        text: Cow<'a, str>,
    },
    Refusal {
        #[serde(borrow)]
        refusal: Cow<'a, str>,
    },
    Thinking {
        #[serde(borrow)]
        thinking: Vec<Part<'a>>,
    },
}

impl<'a> Answer<'a> {
    /// Reads a JSON object; none when it is not one, or has a form that cannot be read.
    pub(super) fn parse(json: &'a [u8]) -> Option<Answer<'a>> {
        serde_json::from_str(str::from_utf8(json).ok()?).ok()
    }

    pub(super) fn id(&self) -> Option<String> {
        text::name(self.id)
    }

    pub(super) fn model(&self) -> Option<String> {
        text::name(self.model)
    }

    pub(super) fn created(&self) -> Option<u64> {
        serde_json::from_str(self.created?.get()).ok()
    }
}

impl<'a> Choice<'a> {
    /// Why it ended. Where the model calls, that is the reason: some say `stop` even then.
    pub(super) fn finish(&self, calls: bool) -> Option<FinishReason> {
        match FinishReason::named(self.finish_reason.as_deref()?)? {
            FinishReason::Stop if calls => Some(FinishReason::ToolCalls),
            reason => Some(reason),
        }
    }

    pub(super) fn stop_sequence(&self) -> Option<Cow<'a, str>> {
        Text::of(self.stop_reason?)
    }

    pub(super) fn take_logprobs(&mut self) -> Option<Vec<Logprob<'a>>> {
        self.logprobs.take()?.content.map(logprobs::read)
    }
}

impl<'a> Message<'a> {
    /// Whether something is said that has no place in other dialects.
    pub(super) fn is_untold(&self) -> bool {
        let says = |raw: &&RawValue| !matches!(raw.get(), "[]" | "{}");
        [self.function_call, self.audio, self.images].iter().flatten().any(says)
    }

    /// The thoughts in plain text. Two names for one thing: servers that send both send the same.
    pub(super) fn thought(&mut self) -> Option<Cow<'a, str>> {
        let plain = self.reasoning_content.take().filter(|text| !text.is_empty());
        plain.or_else(|| Text::of(self.reasoning?)).filter(|text| !text.is_empty())
    }

    /// What `content` holds, without what says nothing.
    pub(super) fn texts(&self) -> Result<Vec<Content<'a>>, Untold> {
        let Some(raw) = self.content else { return Ok(Vec::new()) };
        let mut contents = match Text::of(raw) {
            Some(text) => vec![Content::Text(text)],
            None => {
                let parts: Vec<Part> = serde_json::from_str(raw.get()).map_err(|_| Untold)?;
                parts.into_iter().map(Part::said).collect()
            }
        };
        contents.retain(|content| match content {
            Content::Text(text) | Content::Refusal(text) => !text.is_empty(),
            Content::Thought { text, .. } => !text.is_empty(),
            _ => true,
        });
        Ok(contents)
    }
}

impl<'a> Part<'a> {
    fn said(self) -> Content<'a> {
        match self {
            Part::Text { text } => Content::Text(text),
            Part::Refusal { refusal } => Content::Refusal(refusal),
            Part::Thinking { thinking } => {
                let texts = thinking.into_iter().filter_map(|part| match part {
                    Part::Text { text } => Some(text),
                    _ => None,
                });
                Content::Thought { text: texts.collect::<String>().into(), signature: None }
            }
        }
    }
}

impl<'a> Call<'a> {
    /// The provider's id, unless it is empty.
    pub(super) fn id(&self) -> Option<&Cow<'a, str>> {
        self.id.as_ref().filter(|id| !id.is_empty())
    }

    pub(super) fn name(&self) -> Option<&Cow<'a, str>> {
        self.function.name.as_ref().filter(|name| !name.is_empty())
    }

    /// JSON text: OpenAI has it in a string, and some servers as it is.
    pub(super) fn arguments(&self) -> Result<Cow<'a, str>, Untold> {
        let Some(raw) = self.function.arguments else { return Ok(Cow::Borrowed("")) };
        match raw.get().as_bytes().first() {
            Some(b'"') => Text::of(raw).ok_or(Untold),
            Some(b'{') => Ok(Cow::Borrowed(raw.get())),
            _ => Err(Untold),
        }
    }

    /// Whether it is a tool of a kind that other dialects do not have.
    pub(super) fn is_untold(&self) -> bool {
        self.kind.as_ref().is_some_and(|kind| !matches!(kind.as_ref(), "" | "function"))
    }
}
