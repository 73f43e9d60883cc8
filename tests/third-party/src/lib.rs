//! Answers 503 for models that are being worked on.

use async_trait::async_trait;
use http::{HeaderValue, StatusCode, header::RETRY_AFTER};
use inferlayer_filter::{
    Answer, BuildError, Exchange, Fact, Filter, Flow, Refusal, Settings, Site,
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
        let body = r#"{"error":{"message":"under maintenance","type":"api_error"}}"#;
        let mut answer = Answer::json(StatusCode::SERVICE_UNAVAILABLE, body);
        answer.head.headers.insert(RETRY_AFTER, HeaderValue::from_static("60"));
        Ok(Flow::Answer(answer))
    }
}
