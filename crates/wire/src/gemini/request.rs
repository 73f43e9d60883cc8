//! A `generateContent` request: the client's bytes, and what the gateway must know of them.
//!
//! It is read once, strictly, and never written anew: a provider of this dialect gets the client's
//! own bytes.

use std::ops::Range;

use bytes::Bytes;

use super::fields::Fields;
use super::model;
use crate::json::Bounds;
use crate::splice::splice;
use crate::{Asked, Gist, Invalid, json};

/// A `generateContent` request that passed every check.
#[derive(Debug, Clone)]
pub struct GenerateRequest {
    pub(crate) gist: Gist,
    /// Where the body repeats the model.
    model_span: Option<Range<usize>>,
}

impl GenerateRequest {
    /// Reads a request body: strict JSON (see [`json`]), at least one content, names in one
    /// spelling, and sane values in the fields that decide about money. All else is left to the
    /// provider. The model and whether to stream stand in the path; a model in the body must be
    /// the same.
    pub fn parse(asked: Asked, body: Bytes) -> Result<GenerateRequest, Invalid> {
        let mut fields = Fields::default();
        json::read(&body, &mut fields)?;
        fields.check_names()?;
        let model = asked.model.ok_or_else(|| Invalid::missing("model"))?;
        Ok(GenerateRequest {
            model_span: fields.model_span(&model, &body)?,
            gist: Gist {
                model,
                model_span: None,
                stream: asked.stream,
                choices: fields.choices()?,
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

    /// The caller's bytes except the model's value, where it stands in them.
    pub(crate) fn for_provider(&self, model: &str) -> Bytes {
        match &self.model_span {
            Some(place) if model != self.gist.model => {
                splice(&self.gist.body, &[&model::edit(place, model)])
            }
            _ => self.gist.body.clone(),
        }
    }
}
