//! A responses request (`POST /v1/responses`): the client's bytes, and what the gateway must know
//! of them.
//!
//! It is read once, strictly, and never written anew: a provider of responses gets the client's own
//! bytes with the model's value replaced.

use bytes::Bytes;

use super::fields::Fields;
use crate::json::Bounds;
use crate::{Gist, Invalid, json};

/// A responses request that passed every check.
#[derive(Debug, Clone)]
pub struct ResponsesRequest {
    pub(crate) gist: Gist,
}

impl ResponsesRequest {
    /// Reads a request body: strict JSON (see [`json`]), a model, an input, and sane values in the
    /// fields that decide about money. All else is left to the provider. An answer in the
    /// background is refused: nobody would see what it costs.
    pub fn parse(body: Bytes) -> Result<ResponsesRequest, Invalid> {
        let mut fields = Fields::default();
        json::read(&body, &mut fields)?;
        fields.check_names()?;
        fields.check_foreground()?;
        let (model, model_span) = fields.model(&body)?;
        Ok(ResponsesRequest {
            gist: Gist {
                model,
                model_span: Some(model_span),
                stream: fields.stream()?,
                choices: 1,
                max_output_tokens: fields.max_output_tokens()?,
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

    /// The client's JSON. A body that passed is UTF-8.
    pub(crate) fn text(&self) -> &str {
        str::from_utf8(&self.gist.body).unwrap_or_default()
    }
}
