//! Where a request may go. A model's name or alias leads to candidates in order of preference; the
//! proxy tries them in that order. What passes through goes where the rule for its path leads. Also
//! answers `/v1/models`, since it alone knows the names.

mod check;
mod fit;
mod models;
mod pass_through;
mod refusal;
mod settings;
mod warn;

use std::collections::HashMap;
use std::sync::Arc;

use async_trait::async_trait;

use inferlayer_accounts::PriceBook;
use inferlayer_filter::contract::Warning;
use inferlayer_filter::exchange::Operation;
use inferlayer_filter::outline::Offer;
use inferlayer_filter::{
    BuildError, CallerError, Candidate, Candidates, Exchange, Fact, Filter, Flow, Outline,
    Provider, Refusal, Settings, Site,
};
use inferlayer_wire::Api;

use crate::pass_through::Rules;
use crate::refusal::NotRouted;
pub use crate::settings::{
    CandidateSettings, ConversationApi, FlatPrice, ModelSettings, PassThroughSettings,
    RouteSettings,
};

/// Leads model names to candidates.
struct Route {
    routes: HashMap<String, Arc<[Target]>>,
    /// For names that begin so and have no route of their own; the longest first.
    beginnings: Vec<(String, Arc<[Target]>)>,
    models: models::Models,
    rules: Rules,
    prices: Arc<PriceBook>,
}

/// A provider, and the model to ask of it; the model as the client named it when absent.
struct Target {
    provider: Arc<Provider>,
    model: Option<Arc<str>>,
    api: Option<Api>,
    /// Of its route.
    strict_order: bool,
}

impl Settings for RouteSettings {
    const NAME: &'static str = "route";
    const NEEDS: &'static [Fact] = &[Fact::Tenant];
    const USES: &'static [Fact] = &[Fact::Plan];
    const GIVES: &'static [Fact] = &[Fact::Candidates];

    fn offers(&self, providers: &[Arc<Provider>]) -> Vec<Offer> {
        let offers = self.models.iter().flat_map(|model| {
            let targets = targets(model, providers);
            let local = targets.iter().any(|target| target.provider.local);
            let answered_by: String = targets.iter().map(Target::identity).collect();
            check::names(model).map(move |(_, name)| Offer {
                name: name.to_owned(),
                local,
                answered_by: answered_by.clone(),
            })
        });
        offers.collect()
    }

    fn asks(&self) -> Vec<(String, String)> {
        let models = self.models.iter().flat_map(|model| {
            let of = |(at, candidate): (usize, &CandidateSettings)| {
                let names = check::asked_names(model, candidate, at).into_iter();
                let asked = |(_, name): (_, &str)| (candidate.provider.clone(), name.to_owned());
                names.map(asked).collect::<Vec<_>>()
            };
            model.candidates.iter().enumerate().flat_map(of).collect::<Vec<_>>()
        });
        models.collect()
    }

    fn check(&self, outline: &Outline) -> Vec<BuildError> {
        check::check(self, outline)
    }

    fn warnings(&self, outline: &Outline) -> Vec<Warning> {
        warn::warnings(self, outline)
    }

    fn build(self, site: &Site) -> Result<Box<dyn Filter>, BuildError> {
        let mut route = Route {
            routes: HashMap::new(),
            beginnings: Vec::new(),
            models: models::Models::default(),
            rules: Rules::new(&self.pass_through, &site.providers),
            prices: Arc::clone(&site.prices),
        };
        for model in &self.models {
            route.add(model, &site.providers);
        }
        route.beginnings.sort_by_key(|(beginning, _)| std::cmp::Reverse(beginning.len()));
        route.models.add_others(&site.offers);
        Ok(Box::new(route))
    }
}

#[async_trait]
impl Filter for Route {
    async fn request_headers(&self, x: &mut Exchange) -> Result<Flow, Refusal> {
        match &x.operation {
            Operation::Models => Ok(Flow::Answer(self.models.list(x.tenant.need()?, x.dialect))),
            Operation::Model(id) => {
                self.models.one(id, x.tenant.need()?, x.dialect).map(Flow::Answer)
            }
            _ => Ok(Flow::Continue),
        }
    }

    async fn request(&self, x: &mut Exchange) -> Result<Flow, Refusal> {
        if let Operation::Passage(passage) = &x.operation {
            let (candidates, price) = self.rules.lead(passage, x.tenant.need()?)?;
            x.candidates.fill(candidates)?;
            price.map_or(Ok(()), |price| x.flat_price.fill(price))?;
            return Ok(Flow::Continue);
        }
        let call = x.call.need()?;
        let (model, fallbacks) = match x.plan.peek() {
            Some(plan) => (&*plan.model, &*plan.fallbacks),
            None => (call.model(), &[][..]),
        };
        let own = self.candidates(model, false);
        let own = own.ok_or_else(|| NotRouted::UnknownModel { model: model.to_owned() })?;
        let others = fallbacks.iter().filter_map(|model| self.candidates(model, true)).flatten();
        let permitted = Candidates::permitted(x.tenant.need()?, own.chain(others));
        let not_local = || CallerError::NotLocal { model: model.to_owned() }.into();
        let mut candidates = permitted.map_err(|none| none.refusal(model, not_local))?;
        fit::keep_fitting(x.tenant.need()?, call, &mut candidates).await?;
        if let Some(room) = x.body_room.peek_mut() {
            candidates.keep_within(room);
        }
        x.candidates.fill(candidates)?;
        Ok(Flow::Continue)
    }
}

impl Route {
    /// Who may answer for a model; nothing when no route has it.
    fn candidates<'a>(
        &'a self,
        model: &'a str,
        fallback: bool,
    ) -> Option<impl Iterator<Item = Candidate> + 'a> {
        let covering = || {
            let beginnings = self.beginnings.iter();
            let mut covering = beginnings.filter(|(beginning, _)| model.starts_with(beginning));
            covering.next().map(|(_, targets)| targets)
        };
        let targets = self.routes.get(model).or_else(covering)?;
        Some(targets.iter().map(move |target| target.candidate(model, fallback, &self.prices)))
    }

    /// What `check` refuses is passed over here.
    fn add(&mut self, model: &ModelSettings, providers: &[Arc<Provider>]) {
        let targets: Arc<[Target]> = targets(model, providers).into();
        let Some(first) = targets.first() else { return };
        let local = targets.iter().any(|target| target.provider.local);
        for (_, name) in check::names(model) {
            if let Some(beginning) = name.strip_suffix('*') {
                self.beginnings.push((beginning.to_owned(), Arc::clone(&targets)));
            } else {
                self.routes.insert(name.to_owned(), Arc::clone(&targets));
                self.models.add(name, Arc::clone(&first.provider.name), local);
            }
        }
    }
}

/// Who answers for a model, as far as there are such providers.
fn targets(settings: &ModelSettings, providers: &[Arc<Provider>]) -> Vec<Target> {
    let target = |candidate: &CandidateSettings| {
        let provider = providers.iter().find(|known| *known.name == *candidate.provider)?;
        let model = candidate.model.as_deref().map(Arc::from);
        let api = candidate.api.map(ConversationApi::api);
        let strict_order = settings.strict_order;
        Some(Target { provider: Arc::clone(provider), model, api, strict_order })
    };
    settings.candidates.iter().filter_map(target).collect()
}

impl Target {
    /// What its answers depend on.
    fn identity(&self) -> String {
        let Target { provider, model, api, strict_order } = self;
        format!("{} {} {model:?} {api:?} {strict_order}\n", provider.name, provider.identity)
    }

    /// What nobody pays for is not looked up.
    fn max_output_tokens(&self, model: &str, prices: &PriceBook) -> Option<u64> {
        let price = prices.price(&self.provider.name, model).filter(|_| !self.provider.free);
        price.map(|price| price.max_output_tokens)
    }

    fn candidate(&self, asked: &str, fallback: bool, prices: &PriceBook) -> Candidate {
        let model = self.model.clone().unwrap_or_else(|| Arc::from(asked));
        let (api, strict_order) = (self.api, self.strict_order);
        let max_output_tokens = self.max_output_tokens(&model, prices);
        let candidate = Candidate::new(Arc::clone(&self.provider), model);
        Candidate { api, fallback, strict_order, max_output_tokens, ..candidate }
    }
}
