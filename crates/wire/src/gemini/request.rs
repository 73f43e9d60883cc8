//! A `generateContent` request: the client's bytes, and what the gateway must know of them.

use bytes::Bytes;

use crate::{Asked, Gist, Invalid, Shape};

/// A `generateContent` request that passed every check.
#[derive(Debug, Clone)]
pub struct GenerateRequest {
    gist: Gist,
}

impl GenerateRequest {
    /// Reads a request body; the model and whether to stream stand in the path.
    pub fn parse(asked: Asked, body: Bytes) -> Result<GenerateRequest, Invalid> {
        crate::json::check(&body)?;
        Ok(GenerateRequest {
            gist: Gist {
                model: asked.model.ok_or_else(|| Invalid::missing("model"))?,
                model_span: None,
                stream: asked.stream,
                choices: 1,
                max_output_tokens: None,
                unbounded_input: true,
                shape: Shape::default(),
                body,
            },
        })
    }

    /// What the gateway must know of it.
    pub fn gist(&self) -> &Gist {
        &self.gist
    }
}
