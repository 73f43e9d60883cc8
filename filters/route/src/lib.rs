//! Where a request may go. A model's name or alias leads to candidates in order of preference; the
//! proxy tries them in that order. Also answers `/v1/models`, since it alone knows the names.

mod models;
mod settings;

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;

use inferlayer_filter::exchange::Operation;
use inferlayer_filter::{
    BuildError, Candidate, Exchange, Fact, Filter, Flow, Provider, Refusal, Settings, Site,
};

pub use crate::settings::{CandidateSettings, ModelSettings, RouteSettings};

/// Leads model names to candidates.
struct Route {
    routes: HashMap<String, Vec<Target>>,
    /// For names that no route has.
    fallback: Option<Vec<Target>>,
    models: models::Models,
}

/// A provider, and the model to ask of it; the model as the client named it when absent.
struct Target {
    provider: Arc<Provider>,
    model: Option<Arc<str>>,
}

impl Settings for RouteSettings {
    const NAME: &'static str = "route";
    const NEEDS: &'static [Fact] = &[Fact::Tenant];
    const GIVES: &'static [Fact] = &[Fact::Candidates];

    fn build(self, site: &Site) -> Result<Box<dyn Filter>, BuildError> {
        let mut route =
            Route { routes: HashMap::new(), fallback: None, models: models::Models::default() };
        for (index, model) in self.models.into_iter().enumerate() {
            route.add(index, model, site)?;
        }
        Ok(Box::new(route))
    }
}

#[async_trait]
impl Filter for Route {
    async fn request_headers(&self, x: &mut Exchange) -> Result<Flow, Refusal> {
        match &x.operation {
            Operation::Models => Ok(Flow::Answer(self.models.list())),
            Operation::Model(id) => self.models.one(id).map(Flow::Answer),
            Operation::Chat | Operation::Unknown => Ok(Flow::Continue),
        }
    }

    async fn request(&self, x: &mut Exchange) -> Result<Flow, Refusal> {
        let asked = x.call.need()?.model();
        let targets = self.routes.get(asked).or(self.fallback.as_ref());
        let unknown = || Refusal::UnknownModel { model: asked.to_owned() };
        let candidates = targets.ok_or_else(unknown)?.iter().map(|t| t.candidate(asked)).collect();
        x.candidates.fill(candidates)?;
        Ok(Flow::Continue)
    }
}

impl Route {
    fn add(&mut self, index: usize, model: ModelSettings, site: &Site) -> Result<(), BuildError> {
        let error = |field: &str, problem: String| BuildError {
            field: format!("models[{index}].{field}"),
            problem,
        };
        let targets = |(at, candidate): (usize, &CandidateSettings)| {
            let provider = site.provider(&candidate.provider).ok_or_else(|| {
                let problem = format!("no provider is named `{}`", candidate.provider);
                error(&format!("candidates[{at}].provider"), problem)
            })?;
            let model = candidate.model.as_deref().map(Arc::from);
            Ok(Target { provider: Arc::clone(provider), model })
        };
        let targets: Vec<Target> =
            model.candidates.iter().enumerate().map(targets).collect::<Result<_, _>>()?;
        let Some(first) = targets.first() else {
            return Err(error("candidates", "needs at least one".to_owned()));
        };
        if model.name == "*" {
            self.fallback = Some(targets);
            return Ok(());
        }
        let owner = Arc::clone(&first.provider.name);
        let targets = Arc::new(targets);
        for name in std::iter::once(&model.name).chain(&model.aliases) {
            let copies = targets.iter().map(Target::share).collect();
            if self.routes.insert(name.clone(), copies).is_some() {
                return Err(error("name", format!("`{name}` has two routes")));
            }
            self.models.add(name.clone(), Arc::clone(&owner));
        }
        Ok(())
    }
}

impl Target {
    fn candidate(&self, asked: &str) -> Candidate {
        let model = self.model.clone().unwrap_or_else(|| Arc::from(asked));
        Candidate { provider: Arc::clone(&self.provider), model }
    }

    fn share(&self) -> Target {
        Target { provider: Arc::clone(&self.provider), model: self.model.clone() }
    }
}
