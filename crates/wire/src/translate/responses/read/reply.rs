//! What a provider's answer says, read leniently where it does not matter.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::thought;
use crate::neutral::{Choice, Content, Json, Logprob, Reply};
use crate::text::Text;
use crate::{FinishReason, NotCompletion, Usage, json, openai};

/// What a provider's answer says.
pub(in crate::translate) fn read_reply(body: &[u8]) -> Result<Reply<'_>, NotCompletion> {
    let text = str::from_utf8(body).map_err(|_| NotCompletion)?;
    let response: Response = serde_json::from_str(text).map_err(|_| NotCompletion)?;
    response.reply()
}

/// A `Response`; also the one inside of events.
#[derive(Deserialize)]
pub(super) struct Response<'a> {
    #[serde(borrow)]
    pub(super) id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) model: Option<Cow<'a, str>>,
    created_at: Option<f64>,
    #[serde(borrow)]
    status: Option<Text<'a>>,
    #[serde(borrow)]
    incomplete_details: Option<Incomplete<'a>>,
    #[serde(borrow)]
    pub(super) output: Option<Vec<Item<'a>>>,
    #[serde(borrow)]
    usage: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Incomplete<'a> {
    #[serde(borrow)]
    reason: Option<Text<'a>>,
}

/// An item of the output.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Item<'a> {
    #[serde(borrow, rename = "type")]
    pub(super) kind: Cow<'a, str>,
    #[serde(borrow)]
    pub(super) id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) call_id: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) name: Option<Cow<'a, str>>,
    #[serde(borrow)]
    pub(super) arguments: Option<Cow<'a, str>>,
    #[serde(borrow)]
    content: Option<Vec<Part<'a>>>,
    #[serde(borrow)]
    summary: Option<Vec<Part<'a>>>,
    #[serde(borrow)]
    pub(super) encrypted_content: Option<Cow<'a, str>>,
}

/// A part of an item. Its annotations say where a text has its words from, and nothing that the
/// text does not.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Part<'a> {
    #[serde(borrow, rename = "type")]
    kind: Cow<'a, str>,
    #[serde(borrow)]
    text: Option<Cow<'a, str>>,
    #[serde(borrow)]
    refusal: Option<Cow<'a, str>>,
    #[serde(borrow)]
    logprobs: Option<Vec<Token<'a>>>,
}

/// How likely a token was.
#[derive(Deserialize)]
pub(super) struct Token<'a> {
    #[serde(borrow)]
    token: Cow<'a, str>,
    logprob: f64,
    bytes: Option<Vec<u8>>,
    #[serde(borrow, default)]
    top_logprobs: Vec<Token<'a>>,
}

impl<'a> Response<'a> {
    fn reply(self) -> Result<Reply<'a>, NotCompletion> {
        let usage = self.usage();
        let items = self.output.as_deref().unwrap_or_default();
        let calls = items.iter().any(|item| item.kind == "function_call");
        let mut choice = Choice { finish: self.finish(calls), ..Choice::default() };
        let mut logprobs = Vec::new();
        for item in self.output.unwrap_or_default() {
            choice.contents.extend(item.contents(&mut logprobs)?);
        }
        choice.logprobs = (!logprobs.is_empty()).then_some(logprobs);
        let seconds = |at: f64| (at >= 0.0).then_some(at as u64);
        Ok(Reply {
            id: self.id,
            model: self.model,
            created: self.created_at.and_then(seconds),
            choices: vec![choice],
            usage,
        })
    }

    pub(super) fn usage(&self) -> Option<Usage> {
        self.usage.and_then(openai::response_usage)
    }

    /// Why it ended; none when it does not say.
    pub(super) fn finish(&self, calls: bool) -> Option<FinishReason> {
        let details = self.incomplete_details.as_ref();
        let reason = details.and_then(|details| details.reason.as_ref());
        openai::response_ending(self.status.as_ref()?.as_str(), reason.map(Text::as_str), calls)
    }
}

impl<'a> Item<'a> {
    /// What it says; not read when that has no neutral form.
    pub(super) fn contents(
        self,
        logprobs: &mut Vec<Logprob<'a>>,
    ) -> Result<Vec<Content<'a>>, NotCompletion> {
        match self.kind.as_ref() {
            "message" => {
                let parts = self.content.unwrap_or_default().into_iter();
                parts.filter_map(|part| part.content(logprobs).transpose()).collect()
            }
            "function_call" => Ok(vec![Content::Call {
                id: self.call_id.ok_or(NotCompletion)?,
                name: self.name.ok_or(NotCompletion)?,
                input: input(self.arguments)?,
            }]),
            "reasoning" => Ok(self.thought().into_iter().collect()),
            _ => Err(NotCompletion),
        }
    }

    fn thought(self) -> Option<Content<'a>> {
        let parts = self.summary.into_iter().chain(self.content).flatten();
        let texts = parts.map(|part| part.text.unwrap_or_default()).collect();
        thought::of(texts, self.encrypted_content)
    }
}

impl<'a> Part<'a> {
    fn content(
        self,
        logprobs: &mut Vec<Logprob<'a>>,
    ) -> Result<Option<Content<'a>>, NotCompletion> {
        let said = match self.kind.as_ref() {
            "output_text" => self.text.map(Content::Text),
            "refusal" => self.refusal.map(Content::Refusal),
            _ => return Err(NotCompletion),
        };
        logprobs.extend(self.logprobs.into_iter().flatten().map(Logprob::from));
        let is_empty = |text: &Cow<'_, str>| text.is_empty();
        Ok(said.filter(
            |said| !matches!(said, Content::Text(text) | Content::Refusal(text) if is_empty(text)),
        ))
    }
}

impl<'a> From<Token<'a>> for Logprob<'a> {
    fn from(token: Token<'a>) -> Logprob<'a> {
        Logprob {
            token: token.token,
            logprob: token.logprob,
            bytes: token.bytes,
            others: token.top_logprobs.into_iter().map(Logprob::from).collect(),
        }
    }
}

/// The input of a call; models leave it empty for none.
fn input(arguments: Option<Cow<'_, str>>) -> Result<Json<'static>, NotCompletion> {
    let text = arguments.unwrap_or_default();
    let text = if text.trim().is_empty() { "{}".to_owned() } else { text.into_owned() };
    json::check(text.as_bytes()).map_err(|_| NotCompletion)?;
    RawValue::from_string(text).map(Json::from).map_err(|_| NotCompletion)
}
