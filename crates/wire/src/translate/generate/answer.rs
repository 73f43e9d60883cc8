//! Whole answers, as they are read and written.

use std::borrow::Cow;

use serde::Serialize;

use super::calls::{answer_call_id, no_arguments, sign};
use super::logprobs::{WrittenLogprobs, read_logprobs};
use super::part::{Parts, WrittenContent};
use crate::gemini::{Candidate, FunctionCall, GenerateAnswer, Part, finish_word, of_calls};
use crate::neutral::{Choice, Content, Json, Reply};
use crate::text::Text;
use crate::{FinishReason, GenerateRequest, NotCompletion, Usage};

/// What a provider's answer says. Ratings, citations and sources are not read: they are beside the
/// answer.
pub(in crate::translate) fn read_reply(body: &[u8]) -> Result<Reply<'_>, NotCompletion> {
    let answer = GenerateAnswer::parse(body).ok_or(NotCompletion)?;
    let (id, model, usage) = (answer.id(), answer.model(), answer.usage());
    let choices = if answer.is_blocked() {
        vec![Choice { finish: Some(FinishReason::ContentFilter), ..Choice::default() }]
    } else {
        let read = |candidate| read_choice(candidate, id.as_deref());
        answer.into_candidates().into_iter().map(read).collect::<Result<_, _>>()?
    };
    if choices.is_empty() {
        return Err(NotCompletion);
    }
    Ok(Reply {
        id: id.map(Cow::Owned),
        model: model.map(Cow::Owned),
        choices,
        usage,
        created: None,
    })
}

fn read_choice<'a>(
    candidate: Candidate<'a>,
    answer_id: Option<&str>,
) -> Result<Choice<'a>, NotCompletion> {
    let (index, finish) = (candidate.index(), candidate.finish_reason());
    let logprobs = candidate.logprobs_result.and_then(read_logprobs);
    let mut contents = Vec::new();
    let mut calls = 0;
    for part in candidate.into_parts() {
        let said = said(part)?;
        if let Some(signature) = said.signature {
            let signed = sign(contents.last_mut(), signature);
            contents.extend(signed);
        }
        contents.extend(said.text);
        if let Some(call) = said.call {
            let id = call.id(answer_id, index, calls);
            contents.push(Content::Call { id, name: call.name, input: call.input });
            calls += 1;
        }
    }
    let finish = finish.map(|reason| of_calls(reason, calls > 0));
    Ok(Choice { contents, finish, stop_sequence: None, logprobs })
}

/// What a part says, each in its order.
pub(super) struct SaidParts<'a> {
    pub(super) signature: Option<Cow<'a, str>>,
    /// A text or a thought, signed if it is one.
    pub(super) text: Option<Content<'a>>,
    pub(super) call: Option<SaidCall<'a>>,
}

/// A call, whose id the provider may have left out.
pub(super) struct SaidCall<'a> {
    id: Option<Cow<'a, str>>,
    pub(super) name: Cow<'a, str>,
    pub(super) input: Json<'a>,
}

impl<'a> SaidCall<'a> {
    fn of(call: FunctionCall<'a>) -> Result<SaidCall<'a>, NotCompletion> {
        let input = match call.args {
            Some(raw) if raw.get().starts_with('{') => Json::new(raw),
            Some(raw) if raw.get() != "null" => return Err(NotCompletion),
            _ => no_arguments(),
        };
        let id = call.id.map(Text::into_cow).filter(|id| !id.is_empty());
        Ok(SaidCall { id, name: call.name.into_cow(), input })
    }

    /// Its id, or one made of the answer's.
    pub(super) fn id(&self, answer: Option<&str>, choice: u32, call: u32) -> Cow<'a, str> {
        let made = || answer_call_id(answer, choice, call).into();
        self.id.clone().unwrap_or_else(made)
    }
}

/// Reads a part. Media and code that was run have no place in other dialects.
pub(super) fn said(part: Part<'_>) -> Result<SaidParts<'_>, NotCompletion> {
    if part.has_more {
        return Err(NotCompletion);
    }
    let mut signature = part.signature.map(Text::into_cow).filter(|text| !text.is_empty());
    let text = part.text.map(Text::into_cow).filter(|text| !text.is_empty());
    let text = match part.is_thought {
        true => text.map(|text| Content::Thought { text, signature: signature.take() }),
        false => text.map(Content::Text),
    };
    Ok(SaidParts { signature, text, call: part.call.map(SaidCall::of).transpose()? })
}

/// The answer to a caller that says the same. Google's has no time of creation.
pub(in crate::translate) fn write_reply(
    reply: &Reply<'_>,
    to: &GenerateRequest,
    _created_unix_seconds: u64,
) -> Vec<u8> {
    let candidates = (0..).zip(&reply.choices).map(|(index, choice)| written(index, choice));
    let answer = WrittenAnswer {
        candidates: candidates.collect(),
        usage_metadata: reply.usage.map(WrittenUsage::from),
        model_version: reply.model.as_deref().unwrap_or(to.gist().model()),
        response_id: reply.id.as_deref(),
    };
    // Strings, numbers and raw JSON always serialise.
    serde_json::to_vec(&answer).unwrap_or_default()
}

fn written<'p>(index: u32, choice: &'p Choice<'_>) -> WrittenCandidate<'p> {
    WrittenCandidate {
        finish_reason: Some(finish_word(choice.finish.unwrap_or(FinishReason::Other))),
        logprobs_result: choice.logprobs.as_deref().map(WrittenLogprobs::of),
        ..WrittenCandidate::of(index, &choice.contents)
    }
}

/// An answer, or a piece of a stream.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WrittenAnswer<'p> {
    pub(super) candidates: Vec<WrittenCandidate<'p>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) usage_metadata: Option<WrittenUsage>,
    pub(super) model_version: &'p str,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) response_id: Option<&'p str>,
}

/// A candidate, or a piece of one.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WrittenCandidate<'p> {
    pub(super) content: WrittenContent<'p>,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) finish_reason: Option<&'static str>,
    pub(super) index: u32,
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) logprobs_result: Option<WrittenLogprobs<'p>>,
}

impl<'p> WrittenCandidate<'p> {
    /// One that says this, and has not ended.
    pub(super) fn of(index: u32, contents: &'p [Content<'_>]) -> WrittenCandidate<'p> {
        let mut parts = Parts::default();
        for content in contents {
            // Answers hold nothing that this gives back.
            parts.say(content);
        }
        WrittenCandidate {
            content: WrittenContent { role: Some("model"), parts: parts.finish_answer() },
            finish_reason: None,
            index,
            logprobs_result: None,
        }
    }
}

/// Counts as Google tells them: thoughts beside the candidates.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct WrittenUsage {
    prompt_token_count: u64,
    #[serde(skip_serializing_if = "is_none")]
    cached_content_token_count: u64,
    candidates_token_count: u64,
    #[serde(skip_serializing_if = "is_none")]
    thoughts_token_count: u64,
    total_token_count: u64,
}

fn is_none(count: &u64) -> bool {
    *count == 0
}

impl From<Usage> for WrittenUsage {
    fn from(usage: Usage) -> WrittenUsage {
        WrittenUsage {
            prompt_token_count: usage.input_tokens,
            cached_content_token_count: usage.cached_input_tokens,
            candidates_token_count: usage.output_tokens.saturating_sub(usage.reasoning_tokens),
            thoughts_token_count: usage.reasoning_tokens,
            total_token_count: usage.input_tokens.saturating_add(usage.output_tokens),
        }
    }
}
