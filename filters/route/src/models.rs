//! `/v1/models`: every name and alias that has a route, as OpenAI lists models.

use std::sync::Arc;
use std::time::{SystemTime, UNIX_EPOCH};

use http::StatusCode;

use inferlayer_filter::{Answer, Refusal};
use inferlayer_wire::openai;

/// Names, in the order of the configuration, with the provider that is asked first.
pub(crate) struct Models {
    names: Vec<(String, Arc<str>)>,
    /// Unix seconds; a route has no date of its own, so it is the gateway's start.
    created: u64,
}

impl Default for Models {
    fn default() -> Models {
        let now = SystemTime::now().duration_since(UNIX_EPOCH);
        Models { names: Vec::new(), created: now.map_or(0, |since| since.as_secs()) }
    }
}

impl Models {
    pub(crate) fn add(&mut self, name: String, owner: Arc<str>) {
        self.names.push((name, owner));
    }

    pub(crate) fn list(&self) -> Answer {
        let models = self.names.iter().map(|(name, owner)| (name.as_str(), self.created, &**owner));
        Answer::json(StatusCode::OK, openai::models_body(models))
    }

    pub(crate) fn one(&self, id: &str) -> Result<Answer, Refusal> {
        let found = self.names.iter().find(|(name, _)| name == id);
        let (name, owner) = found.ok_or_else(|| Refusal::UnknownModel { model: id.to_owned() })?;
        Ok(Answer::json(StatusCode::OK, openai::model_body(name, self.created, owner)))
    }
}
