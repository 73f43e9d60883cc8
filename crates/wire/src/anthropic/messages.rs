//! A messages request (`POST /v1/messages`): the client's bytes, and what the gateway must know of
//! them.
//!
//! It is read once, strictly, and never written anew: a provider of this dialect gets the client's
//! own bytes with the model's value replaced.

use std::fmt;
use std::ops::Range;

use bytes::Bytes;

use super::fields::Fields;
use crate::splice::{Edit, splice};
use crate::{Invalid, Shape, json};

/// A messages request that passed every check.
#[derive(Clone)]
pub struct MessagesRequest {
    body: Bytes,
    model: String,
    /// Where the model's value stands in `body`, quotes included.
    model_span: Range<usize>,
    stream: bool,
    max_output_tokens: u64,
    unbounded_input: bool,
    shape: Shape,
}

impl MessagesRequest {
    /// Reads a request body: strict JSON (see [`json`]), a model, at least one message, a cap on
    /// the output, and sane values in the fields that decide about money. All else is left to the
    /// provider.
    pub fn parse(body: Bytes) -> Result<MessagesRequest, Invalid> {
        let mut fields = Fields::default();
        json::read(&body, &mut fields)?;
        fields.check_names()?;
        let (model, model_span) = fields.model(&body)?;
        Ok(MessagesRequest {
            model,
            model_span,
            stream: fields.stream()?,
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

    /// The client's cap on the output (`max_tokens`), 1 to 2^53 tokens. Zero, which would only warm
    /// the provider's cache, is refused.
    pub fn max_output_tokens(&self) -> u64 {
        self.max_output_tokens
    }

    /// Whether the length of the body says nothing about the tokens read: images and documents
    /// other than plain text (a blank page is few bytes and thousands of tokens), content behind a
    /// URL or an id, a tool that the provider runs or knows by itself, a container, or a content
    /// block of an unknown type.
    pub fn has_remote_input(&self) -> bool {
        self.unbounded_input
    }

    /// What the request looks like, without its content.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// The body for a provider of this dialect: the client's bytes except the model's value. No
    /// copy when nothing changes.
    pub fn for_provider(&self, model: &str) -> Bytes {
        if model == self.model {
            return self.body.clone();
        }
        splice(&self.body, &[&Edit::name(self.model_span.clone(), model)])
    }
}

/// Without the body: it holds the prompt.
impl fmt::Debug for MessagesRequest {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("MessagesRequest")
            .field("model", &self.model)
            .field("stream", &self.stream)
            .field("shape", &self.shape)
            .finish_non_exhaustive()
    }
}
