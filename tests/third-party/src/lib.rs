//! Answers 503 for models that are being worked on.

use async_trait::async_trait;
use inferlayer_filter::{
    BuildError, ErrorResponse, Exchange, Fact, Filter, Flow, Refusal, Settings, Site,
};
use serde::Deserialize;

/// The block `maintenance`.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Maintenance {
    /// Models that are not called for now.
    models: Vec<String>,
}

impl Settings for Maintenance {
    const NAME: &'static str = "maintenance";
    const NEEDS: &'static [Fact] = &[Fact::Tenant];

    fn build(self, _site: &Site) -> Result<Box<dyn Filter>, BuildError> {
        Ok(Box::new(self))
    }
}

#[async_trait]
impl Filter for Maintenance {
    async fn request(&self, x: &mut Exchange) -> Result<Flow, Refusal> {
        // Nothing for what passes through.
        let asked = x.call.peek().map(|call| call.model());
        if !self.models.iter().any(|model| Some(&**model) == asked) {
            return Ok(Flow::Continue);
        }
        let response = ErrorResponse::gateway(503, "model_under_maintenance").with_retry_after(60);
        Err(Refusal::new("this model is under maintenance", response))
    }
}
