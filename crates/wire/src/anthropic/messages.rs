//! A messages request (`POST /v1/messages`): the client's bytes, and what the gateway must know of
//! them.
//!
//! It is read once, strictly, and never written anew: a provider of this dialect gets the client's
//! own bytes with the model's value replaced.

use bytes::Bytes;

use super::fields::Fields;
use crate::json::Bounds;
use crate::{Gist, Invalid, json};

/// A messages request that passed every check.
#[derive(Clone, Debug)]
pub struct MessagesRequest {
    pub(crate) gist: Gist,
}

impl MessagesRequest {
    /// Reads a request body: strict JSON (see [`json`]), a model, at least one message, a cap on
    /// the output, and sane values in the fields that decide about money. All else is left to the
    /// provider. A cap of zero, which would only warm the provider's cache, is refused.
    pub fn parse(body: Bytes) -> Result<MessagesRequest, Invalid> {
        let mut fields = Fields::default();
        json::read(&body, &mut fields)?;
        fields.check_names()?;
        let (model, model_span) = fields.model(&body)?;
        Ok(MessagesRequest {
            gist: Gist {
                model,
                model_span: Some(model_span),
                stream: fields.stream()?,
                choices: 1,
                max_output_tokens: Some(fields.max_output_tokens()?),
                shape: fields.shape()?,
                extras: std::mem::take(&mut fields.extras),
                unbounded_input: fields.has_unbounded_input(),
                body,
                bounds: Bounds::default(),
            },
        })
    }

    /// What the gateway must know of it.
    pub fn gist(&self) -> &Gist {
        &self.gist
    }
}
