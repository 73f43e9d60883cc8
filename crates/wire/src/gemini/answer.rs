//! A provider's answer, whole or a piece of a stream: both have one shape. Read leniently: an odd
//! id, model or usage costs just that fact.

mod facts;
mod part;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::finish;
use crate::text::Text;
use crate::{FinishReason, Usage, text};

pub(crate) use self::facts::facts;
pub(crate) use self::part::{FunctionCall, Part};

/// The members of an answer that matter here.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct GenerateAnswer<'a> {
    #[serde(borrow)]
    candidates: Option<Vec<Candidate<'a>>>,
    #[serde(borrow)]
    prompt_feedback: Option<Feedback<'a>>,
    #[serde(borrow)]
    usage_metadata: Option<&'a RawValue>,
    #[serde(borrow)]
    model_version: Option<&'a RawValue>,
    #[serde(borrow)]
    response_id: Option<&'a RawValue>,
    #[serde(borrow)]
    error: Option<&'a RawValue>,
}

/// One of the answers asked for by `candidateCount`, or a piece of it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Candidate<'a> {
    index: Option<u32>,
    #[serde(borrow)]
    content: Option<Content<'a>>,
    #[serde(borrow)]
    finish_reason: Option<Text<'a>>,
    #[serde(borrow)]
    pub(crate) logprobs_result: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Content<'a> {
    #[serde(borrow)]
    parts: Option<Vec<Part<'a>>>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Feedback<'a> {
    #[serde(borrow)]
    block_reason: Option<Text<'a>>,
}

impl<'a> GenerateAnswer<'a> {
    /// Reads a JSON object, or the array of one that some errors come in. None when it is neither,
    /// or has nothing that an answer has.
    pub(crate) fn parse(json: &'a [u8]) -> Option<GenerateAnswer<'a>> {
        let json = str::from_utf8(json).ok()?;
        let answer = match serde_json::from_str::<GenerateAnswer>(json) {
            Ok(answer) => answer,
            Err(_) => serde_json::from_str::<[GenerateAnswer; 1]>(json).ok()?.into_iter().next()?,
        };
        let is_answer = answer.candidates.is_some()
            || answer.prompt_feedback.is_some()
            || answer.usage_metadata.is_some()
            || answer.is_error();
        is_answer.then_some(answer)
    }

    pub(crate) fn candidates(&self) -> &[Candidate<'a>] {
        self.candidates.as_deref().unwrap_or_default()
    }

    pub(crate) fn into_candidates(self) -> Vec<Candidate<'a>> {
        self.candidates.unwrap_or_default()
    }

    /// The provider would not read the prompt, so that there are no candidates.
    pub(crate) fn is_blocked(&self) -> bool {
        let reason = self.prompt_feedback.as_ref().and_then(|told| told.block_reason.as_ref());
        let word = reason.map_or("", Text::as_str);
        !matches!(word, "" | "BLOCK_REASON_UNSPECIFIED") && self.candidates().is_empty()
    }

    pub(crate) fn usage(&self) -> Option<Usage> {
        let ended = self.is_blocked()
            || self.candidates().iter().any(|candidate| candidate.finish_reason().is_some());
        super::usage(self.usage_metadata?, ended)
    }

    /// What is counted up to now, be it of the prompt alone.
    pub(crate) fn usage_so_far(&self) -> Option<Usage> {
        super::usage(self.usage_metadata?, true)
    }

    pub(crate) fn id(&self) -> Option<String> {
        text::name(self.response_id)
    }

    pub(crate) fn model(&self) -> Option<String> {
        text::name(self.model_version)
    }

    pub(crate) fn is_error(&self) -> bool {
        self.error.is_some_and(|raw| !matches!(raw.get(), "null" | "{}"))
    }
}

impl<'a> Candidate<'a> {
    pub(crate) fn index(&self) -> u32 {
        self.index.unwrap_or(0)
    }

    pub(crate) fn parts(&self) -> &[Part<'a>] {
        let parts = self.content.as_ref().and_then(|content| content.parts.as_deref());
        parts.unwrap_or_default()
    }

    pub(crate) fn into_parts(self) -> Vec<Part<'a>> {
        self.content.and_then(|content| content.parts).unwrap_or_default()
    }

    /// Why it ended, as far as this piece tells; none while it has not.
    pub(crate) fn finish_reason(&self) -> Option<FinishReason> {
        finish::named(self.finish_reason.as_ref()?.as_str())
    }

    pub(super) fn calls_tool(&self) -> bool {
        self.parts().iter().any(|part| part.call.is_some())
    }
}
