//! A chat completion request as a messages request.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Serialize;
use serde_json::value::RawValue;

use super::conversation::{Conversation, Turn};
use super::parts::Block;
use super::tools::{Tool, ToolChoice, tool_choice, tools};
use crate::text::Text;
use crate::translate::object::{LeftOut, Members};
use crate::{ChatRequest, Invalid};

/// Fields that Anthropic has no counterpart of, and the values that ask for nothing it does not do
/// anyway. Other values of these fields are refused.
const LEFT_OUT: &LeftOut = &[
    // What the answer is like: only as it is by default.
    ("frequency_penalty", &["0"]),
    ("logit_bias", &["{}"]),
    ("logprobs", &["false"]),
    ("modalities", &[r#"["text"]"#]),
    ("n", &["1"]),
    ("presence_penalty", &["0"]),
    ("response_format", &[r#"{"type":"text"}"#]),
    ("service_tier", &[r#""auto""#, r#""default""#]),
    ("top_logprobs", &["0"]),
    // The default of both; Anthropic's newer models refuse to be told.
    ("temperature", &["1"]),
    ("top_p", &["1"]),
    // Bookkeeping at OpenAI, without effect on the answer.
    ("metadata", &[]),
    ("prompt_cache_key", &[]),
    ("prompt_cache_retention", &[]),
    ("safety_identifier", &[]),
    ("store", &[]),
    // What the gateway itself acts on.
    ("max_completion_tokens", &[]),
    ("max_tokens", &[]),
    ("model", &[]),
    ("stream", &[]),
    ("stream_options", &[]),
];

/// Whether a request can be told in Anthropic's dialect; the field at fault when not.
pub(crate) fn check(chat: &ChatRequest) -> Result<(), Invalid> {
    Request::read(chat, chat.gist().model(), None).map(drop)
}

/// The body of a messages request. The output is capped at the caller's cap, but never above the
/// model's own.
pub(crate) fn request(
    chat: &ChatRequest,
    model: &str,
    max_output_tokens: Option<u64>,
) -> Result<Bytes, Invalid> {
    let request = Request::read(chat, model, max_output_tokens)?;
    // Strings, numbers and raw JSON always serialise.
    Ok(serde_json::to_vec(&request).unwrap_or_default().into())
}

/// A messages request, in the order in which it is written.
#[derive(Serialize)]
struct Request<'a> {
    model: &'a str,
    max_tokens: u64,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    stream: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    temperature: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    top_p: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    stop_sequences: Vec<Cow<'a, str>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    metadata: Option<Metadata<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    cache_control: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    tool_choice: Option<ToolChoice<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    tools: Vec<Tool<'a>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    system: Vec<Block<'a>>,
    messages: Vec<Turn<'a>>,
}

#[derive(Serialize)]
struct Metadata<'a> {
    user_id: Cow<'a, str>,
}

impl<'a> Request<'a> {
    fn read(
        chat: &'a ChatRequest,
        model: &'a str,
        max_output_tokens: Option<u64>,
    ) -> Result<Request<'a>, Invalid> {
        // The body passed as strict JSON, so it is UTF-8.
        let mut members =
            Members::of(str::from_utf8(chat.gist().body()).unwrap_or_default(), String::new())?;
        members.leave_out(LEFT_OUT);
        let tools = tools(&mut members)?;
        let conversation = Conversation::read(members.array("messages")?)?;
        let request = Request {
            model,
            max_tokens: cap(chat.gist().max_output_tokens(), max_output_tokens),
            stream: chat.gist().stream(),
            temperature: members.fraction("temperature")?,
            top_p: members.fraction("top_p")?,
            stop_sequences: stop_sequences(&mut members)?,
            metadata: members.string("user")?.map(|user_id| Metadata { user_id }),
            cache_control: members.take("cache_control"),
            tool_choice: tool_choice(&mut members, !tools.is_empty())?,
            tools,
            system: conversation.system,
            messages: conversation.turns,
        };
        members.finish()?;
        Ok(request)
    }
}

/// The smaller of the caller's cap and the model's own; some cap where neither is known, because
/// Anthropic wants one.
fn cap(callers: Option<u64>, models: Option<u64>) -> u64 {
    const NOBODY_KNOWS: u64 = 4096;
    callers.into_iter().chain(models).min().unwrap_or(NOBODY_KNOWS)
}

/// Takes `stop`: one sequence or several, none of them blank, because Anthropic refuses those.
fn stop_sequences<'a>(members: &mut Members<'a>) -> Result<Vec<Cow<'a, str>>, Invalid> {
    let Some(raw) = members.take("stop") else { return Ok(Vec::new()) };
    let wrong = || Invalid::value("stop", "be a string or an array of strings");
    let sequences = match Text::of(raw) {
        Some(one) => vec![one],
        None => {
            let several: Vec<&RawValue> = serde_json::from_str(raw.get()).map_err(|_| wrong())?;
            several.into_iter().map(Text::of).collect::<Option<_>>().ok_or_else(wrong)?
        }
    };
    match sequences.iter().any(|sequence| sequence.trim().is_empty()) {
        true => Err(Invalid::unsupported_value("stop", "hold more than blanks")),
        false => Ok(sequences),
    }
}
