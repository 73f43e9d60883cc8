//! A chat completion request: the client's bytes, and what the gateway must know of them.
//!
//! It is read once, strictly, and never written anew: a provider gets the client's own bytes with
//! one or two values replaced, so that fields we have never heard of arrive as they were sent.

use std::fmt;

use bytes::Bytes;

use super::fields::{Caps, Fields};
use crate::json::Bounds;
use crate::splice::{Edit, splice};
use crate::{Gist, Invalid, json};

/// A chat completion request that passed every check.
#[derive(Clone)]
pub struct ChatRequest {
    pub(crate) gist: Gist,
    caps: Caps,
    wants_usage: bool,
    /// What makes a stream end with its usage; none when the body asks for it already.
    usage_edit: Option<Edit>,
}

impl ChatRequest {
    /// Reads a request body: strict JSON (see [`json`]), a model, at least one message, and sane
    /// values in the fields that decide about money. All else is left to the provider.
    ///
    /// When both `max_completion_tokens` and `max_tokens` are set, the larger counts: servers
    /// differ in which one they obey.
    pub fn parse(body: Bytes) -> Result<ChatRequest, Invalid> {
        let mut fields = Fields::default();
        json::read(&body, &mut fields)?;
        fields.check_names()?;
        let (model, model_span) = fields.model(&body)?;
        let stream = fields.stream()?;
        let options = fields.stream_options(&body)?;
        let caps = fields.caps()?;
        Ok(ChatRequest {
            caps,
            wants_usage: options.include_usage(),
            usage_edit: if stream { options.edit(model_span.end) } else { None },
            gist: Gist {
                model,
                model_span: Some(model_span),
                stream,
                choices: fields.choices()?,
                max_output_tokens: caps.largest(),
                shape: fields.shape()?,
                unbounded_input: fields.has_unbounded_input(),
                extras: std::mem::take(&mut fields.extras),
                body,
                bounds: Bounds::default(),
            },
        })
    }

    /// What the gateway must know of it.
    pub fn gist(&self) -> &Gist {
        &self.gist
    }

    /// The cap on each answer's output at a server that obeys these names for it. None holds where
    /// a text is predicted: what of it does not come is paid for beside.
    pub(crate) fn cap_obeyed(&self, names: &[&str]) -> Option<u64> {
        self.caps.obeyed(names).filter(|_| !self.gist.extras.predicts)
    }

    /// Whether the client itself asked for the usage frame of a stream.
    pub fn wants_usage(&self) -> bool {
        self.wants_usage
    }

    /// The body for a provider: the client's bytes except the model's value and, in streams for
    /// those who take `stream_options`, its `include_usage: true`. No copy when nothing changes.
    pub fn for_provider(&self, model: &str, stream_options: bool) -> Bytes {
        let body = self.gist.body();
        let usage = self.usage_edit.as_ref().filter(|_| stream_options);
        match (self.gist.model_edit(model), usage) {
            (None, None) => body.clone(),
            (Some(name), None) => splice(body, &[&name]),
            (None, Some(usage)) => splice(body, &[usage]),
            (Some(name), Some(usage)) if name.start() < usage.start() => {
                splice(body, &[&name, usage])
            }
            (Some(name), Some(usage)) => splice(body, &[usage, &name]),
        }
    }
}

/// Without the body: it holds the prompt.
impl fmt::Debug for ChatRequest {
    fn fmt(&self, f: &mut fmt::Formatter) -> fmt::Result {
        f.debug_tuple("ChatRequest").field(&self.gist).finish()
    }
}
