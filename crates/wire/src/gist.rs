//! What the gateway must know of a request, whatever its operation.

use std::fmt;
use std::ops::Range;

use bytes::Bytes;

use crate::json::Bounds;
use crate::splice::{Edit, splice};
use crate::vendor::Extras;
use crate::{Invalid, Shape, Vendor};

/// A request's bytes, and what decides about money and route in them.
#[derive(Clone)]
pub struct Gist {
    pub(crate) body: Bytes,
    pub(crate) model: String,
    /// Where the model's value stands in `body`, quotes included; nowhere when the path has it or
    /// nothing does.
    pub(crate) model_span: Option<Range<usize>>,
    pub(crate) stream: bool,
    pub(crate) choices: u32,
    pub(crate) max_output_tokens: Option<u64>,
    pub(crate) unbounded_input: bool,
    pub(crate) shape: Shape,
    pub(crate) extras: Extras,
    /// Those of the answer too.
    pub(crate) bounds: Bounds,
}

impl Gist {
    /// The caller's bytes.
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

    /// How many answers to generate: 1 to 128.
    pub fn choices(&self) -> u32 {
        self.choices
    }

    /// The caller's cap on the output of each answer, 1 to 2^53 tokens.
    pub fn max_output_tokens(&self) -> Option<u64> {
        self.max_output_tokens
    }

    /// Whether the length of the body says nothing about the tokens read: content behind a URL or
    /// an id, any image or file (a blank picture is few bytes and thousands of tokens), a tool
    /// that the provider runs, or content of an unknown type.
    pub fn has_remote_input(&self) -> bool {
        self.unbounded_input
    }

    /// What the request looks like, without its content.
    pub fn shape(&self) -> Shape {
        self.shape
    }

    /// Refuses what this vendor obeys beyond what the gateway reads.
    pub(crate) fn check_at(&self, vendor: Vendor) -> Result<(), Invalid> {
        self.extras.check_at(vendor.quirks().costly)
    }

    /// The change that names another model; none where the name stays or does not stand here.
    pub(crate) fn model_edit(&self, model: &str) -> Option<Edit> {
        let span = self.model_span.clone().filter(|_| model != self.model)?;
        Some(Edit::name(span, model))
    }

    /// The caller's bytes except the model's value. No copy when nothing changes.
    pub(crate) fn with_model(&self, model: &str) -> Bytes {
        match self.model_edit(model) {
            Some(edit) => splice(&self.body, &[&edit]),
            None => self.body.clone(),
        }
    }
}

/// Without the body: it holds the prompt.
impl fmt::Debug for Gist {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_struct("Gist")
            .field("model", &self.model)
            .field("stream", &self.stream)
            .field("choices", &self.choices)
            .field("shape", &self.shape)
            .finish_non_exhaustive()
    }
}
