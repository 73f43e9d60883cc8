//! A chat completion request: the client's bytes, and what the gateway must know of them.
//!
//! It is read once, strictly, and never written anew: a provider gets the client's own bytes with
//! one or two values replaced, so that fields we have never heard of arrive as they were sent.

use std::fmt;
use std::ops::Range;

use bytes::Bytes;

use super::fields::Fields;
use super::shape::Shape;
use crate::splice::{Edit, splice};
use crate::{Invalid, json};

/// A chat completion request that passed every check.
#[derive(Clone)]
pub struct ChatRequest {
    body: Bytes,
    model: String,
    /// Where the model's value stands in `body`, quotes included.
    model_span: Range<usize>,
    stream: bool,
    wants_usage: bool,
    /// What makes a stream end with its usage; none when the body asks for it already.
    usage_edit: Option<Edit>,
    choices: u32,
    max_output_tokens: Option<u64>,
    unbounded_input: bool,
    shape: Shape,
}

impl ChatRequest {
    /// Reads a request body: strict JSON (see [`json`]), a model, at least one message, and sane
    /// values in the fields that decide about money. All else is left to the provider.
    pub fn parse(body: Bytes) -> Result<ChatRequest, Invalid> {
        let mut fields = Fields::default();
        json::read(&body, &mut fields)?;
        fields.check_names()?;
        let (model, model_span) = fields.model(&body)?;
        let stream = fields.stream()?;
        let options = fields.stream_options(&body)?;
        Ok(ChatRequest {
            model,
            stream,
            wants_usage: options.include_usage(),
            usage_edit: if stream { options.edit(model_span.end) } else { None },
            model_span,
            choices: fields.choices()?,
            max_output_tokens: fields.max_output_tokens()?,
            shape: fields.shape()?,
            unbounded_input: fields.has_unbounded_input(),
            body,
        })
    }

    /// The client's bytes.
    pub fn body(&self) -> &Bytes {
        &self.body
    }

    /// The model asked for, unescaped: 1 to 256 bytes without control characters.
    pub fn model(&self) -> &str {
        &self.model
    }

    /// Whether the answer is to be streamed.
    pub fn stream(&self) -> bool {
        self.stream
    }

    /// Whether the client itself asked for the usage frame of a stream.
    pub fn wants_usage(&self) -> bool {
        self.wants_usage
    }

    /// How many answers to generate (`n`): 1 to 128.
    pub fn choices(&self) -> u32 {
        self.choices
    }

    /// The client's cap on the output of each choice, 1 to 2^53 tokens. When both
    /// `max_completion_tokens` and `max_tokens` are set, the larger: servers differ in which one
    /// they obey.
    pub fn max_output_tokens(&self) -> Option<u64> {
        self.max_output_tokens
    }

    /// Whether the length of the body says nothing about the tokens read: content behind a URL or
    /// an id, any image or file (a blank picture is few bytes and thousands of tokens), a tool
    /// that the provider runs, a web search, or a content part of an unknown type.
    pub fn has_remote_input(&self) -> bool {
        self.unbounded_input
    }

    /// What the request looks like, without its content.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The body for a provider: the client's bytes except the model's value and, in streams,
    /// `stream_options.include_usage: true`. No copy when nothing changes.
    pub fn for_provider(&self, model: &str) -> Bytes {
        let name = (model != self.model).then(|| Edit::name(self.model_span.clone(), model));
        match (name, &self.usage_edit) {
            (None, None) => self.body.clone(),
            (Some(name), None) => splice(&self.body, &[&name]),
            (None, Some(usage)) => splice(&self.body, &[usage]),
            (Some(name), Some(usage)) if name.precedes(usage) => {
                splice(&self.body, &[&name, usage])
            }
            (Some(name), Some(usage)) => splice(&self.body, &[usage, &name]),
        }
    }
}

/// Without the body: it holds the prompt.
impl fmt::Debug for ChatRequest {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("ChatRequest")
            .field("model", &self.model)
            .field("stream", &self.stream)
            .field("choices", &self.choices)
            .field("shape", &self.shape)
            .finish_non_exhaustive()
    }
}
