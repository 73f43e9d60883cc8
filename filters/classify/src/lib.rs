//! How much a request asks of a model, and which model that makes it: the
//! [`Plan`](inferlayer_filter::Plan).
//!
//! A caller who asks for the model `auto` gets the tier that the rules find; `auto:cheap` and
//! `auto:best` name a tier and nothing else will do; any other name is a pin. Where the tenant
//! allows it, the header `x-inferlayer-route` says so in place of the body.
//!
//! The rules look at a request's [`Shape`](inferlayer_wire::Shape): counts, lengths and marks that
//! the one pass over the body has noted. They know no words, so they hold in every language and
//! cannot be talked into a tier by a keyword. Each is monotone in the conversation: what made it
//! complex stays in its history, so a conversation only ever moves up, and no state is kept.
//!
//! | rule | what it looks at | setting, default | tier |
//! |---|---|---|---|
//! | `images` | an image in any message | `images: true` | complex |
//! | `audio` | audio in any message, or a spoken answer | `audio: true` | complex |
//! | `tools` | tools offered, called, or answered | `tools: true` | complex |
//! | `reasoning` | reasoning asked for, of more than low effort | `reasoning: true` | complex |
//! | `code` | marks of code in one turn | `code_marks: 2` | complex |
//! | `math` | marks of mathematics in one turn | `math_marks: 2` | complex |
//! | `list` | bulleted or numbered lines in one turn of the user | `list_items: 4` | complex |
//! | `long` | bytes of the user's longest turn | `long_bytes: 3000` | complex |
//! | `context` | bytes of text in all messages | `context_bytes: 24000` | complex |
//! | `instruction` | bytes of the user's longest instruction | `instruction_bytes: 80` | complex |
//! | `short` | none of these | | simple |
//!
//! An instruction is how a turn begins, before material: a new line, a quotation, or what follows
//! a colon. What counts as a mark stands at the fields of [`Shape`](inferlayer_wire::Shape). The
//! first rule that says complex decides, and its name is the plan's `reason`. Members beside the
//! messages (tools offered, a spoken answer, reasoning) count for the request that has them.

mod decide;
mod rules;
mod settings;

use std::sync::Arc;

use async_trait::async_trait;

use inferlayer_filter::outline::{Offer, Offers};
use inferlayer_filter::{
    BuildError, Exchange, Fact, Filter, Flow, Outline, Provider, Refusal, Settings, Site,
};
use inferlayer_wire::Invalid;

pub use crate::decide::{Asked, decide};
pub use crate::rules::{AtLeastOne, Rules};
pub use crate::settings::{ClassifySettings, ModelName, TierSettings};

/// In which a caller chooses tier or model.
const ROUTE_HEADER: &str = "x-inferlayer-route";

/// Makes plans.
struct Classify {
    settings: ClassifySettings,
    /// Which models a local provider serves.
    offers: Offers,
}

impl Settings for ClassifySettings {
    const NAME: &'static str = "classify";
    const NEEDS: &'static [Fact] = &[Fact::Tenant];
    const GIVES: &'static [Fact] = &[Fact::Plan];

    fn offers(&self, _providers: &[Arc<Provider>]) -> Vec<Offer> {
        // The model that each stands for is the plan's.
        let offer =
            |name: &str| Offer { name: name.to_owned(), local: true, answered_by: String::new() };
        settings::ALIASES.map(offer).into()
    }

    fn check(&self, outline: &Outline) -> Vec<BuildError> {
        let unknown = |(_, model): &(String, &ModelName)| outline.lacks_model(model.as_str());
        let error = |(field, model): (String, &ModelName)| {
            let problem = format!("no route leads to the model `{}`", model.as_str());
            BuildError { field, problem }
        };
        self.names().filter(unknown).map(error).collect()
    }

    fn build(self, site: &Site) -> Result<Box<dyn Filter>, BuildError> {
        Ok(Box::new(Classify { settings: self, offers: site.offers.clone() }))
    }
}

#[async_trait]
impl Filter for Classify {
    async fn request(&self, x: &mut Exchange) -> Result<Flow, Refusal> {
        // What passes through has no model to choose.
        let Some(call) = x.call.peek() else { return Ok(Flow::Continue) };
        let tenant = x.tenant.need()?;
        let chosen = if tenant.allows_route_header() { chosen(x)? } else { None };
        let asked = Asked {
            model: chosen.unwrap_or(call.model()),
            shape: call.shape(),
            local_only: tenant.is_local_only(),
        };
        let plan = decide(&asked, &self.settings, &|model| self.offers.is_local(model));
        x.plan.fill(plan)?;
        Ok(Flow::Continue)
    }
}

/// What the header says. Two that might disagree are refused, as the caller cannot have meant both.
fn chosen(x: &Exchange) -> Result<Option<&str>, Invalid> {
    let invalid = || Invalid {
        message: format!("`{ROUTE_HEADER}` must be one model's name"),
        param: Some(ROUTE_HEADER.to_owned()),
        code: Some("invalid_value"),
    };
    let mut values = x.head.headers.get_all(ROUTE_HEADER).iter();
    let Some(value) = values.next() else { return Ok(None) };
    let name = value.to_str().ok().filter(|name| settings::is_name(name));
    match (name, values.next()) {
        (Some(name), None) => Ok(Some(name)),
        _ => Err(invalid()),
    }
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use inferlayer_accounts::PriceBook;
    use inferlayer_filter::DecidedBy;
    use inferlayer_filter::testkit::{chat, tenant};

    use super::*;

    const TENANT: &str = "{ name: a, budget_usd: 1 }";
    const CHOOSING: &str = "{ name: a, budget_usd: 1, allow_route_header: true }";

    /// The plan's model and who decided, for a body that asks for `large`.
    async fn plan(tenant_yaml: &str, header: &[&str]) -> Result<(String, DecidedBy), Refusal> {
        let yaml = "{ simple: { model: small }, complex: { model: large } }";
        planned(tenant_yaml, header, yaml).await
    }

    async fn planned(
        tenant_yaml: &str,
        header: &[&str],
        settings_yaml: &str,
    ) -> Result<(String, DecidedBy), Refusal> {
        let settings = serde_yaml::from_str(settings_yaml).unwrap();
        let offers = Offers(vec![Offer {
            name: "small".to_owned(),
            local: true,
            answered_by: String::new(),
        }]);
        let mut x =
            chat(r#"{"model":"large","messages":[{"role":"user","content":"hi"}]}"#).unwrap();
        x.tenant.fill(tenant(tenant_yaml).unwrap())?;
        for value in header {
            let value = HeaderValue::from_bytes(value.as_bytes()).unwrap();
            x.head.headers.append(ROUTE_HEADER, value);
        }
        Classify { settings, offers }.request(&mut x).await?;
        let plan = x.plan.need()?;
        Ok((plan.model.to_string(), plan.by))
    }

    #[tokio::test]
    async fn the_header_chooses_where_the_tenant_allows_it() {
        let chosen = async |value| plan(CHOOSING, &[value]).await.unwrap();
        assert_eq!(chosen("auto").await, ("small".to_owned(), DecidedBy::Rules));
        assert_eq!(chosen("auto:cheap").await, ("small".to_owned(), DecidedBy::Alias));
        assert_eq!(chosen("auto:best").await, ("large".to_owned(), DecidedBy::Alias));
        assert_eq!(chosen("gpt-test").await, ("gpt-test".to_owned(), DecidedBy::Pin));
        let none = plan(CHOOSING, &[]).await.unwrap();
        assert_eq!(none, ("large".to_owned(), DecidedBy::Pin));
    }

    #[tokio::test]
    async fn the_header_is_ignored_elsewhere_whatever_it_says() {
        for header in [&["auto"][..], &[""], &["a", "b"], &["é"]] {
            let plan = plan(TENANT, header).await.unwrap();
            assert_eq!(plan, ("large".to_owned(), DecidedBy::Pin));
        }
    }

    #[tokio::test]
    async fn a_header_that_names_no_one_model_is_refused() {
        let long = "m".repeat(257);
        for header in [&[""][..], &["auto", "auto"], &["small", "large"], &["é"], &[&long]] {
            let refusal = plan(CHOOSING, header).await.unwrap_err();
            assert_eq!(refusal.response().param.as_deref(), Some(ROUTE_HEADER));
        }
    }

    #[tokio::test]
    async fn the_tenant_and_what_providers_offer_decide_what_stays_local() {
        let local_only = "{ name: a, budget_usd: 1, allow_route_header: true, local_only: true }";
        let by = async |name| {
            let yaml = format!("{{ simple: {{ model: large }}, complex: {{ model: {name} }} }}");
            planned(local_only, &["auto"], &yaml).await.unwrap()
        };
        assert_eq!(by("small").await, ("small".to_owned(), DecidedBy::Policy));
        assert_eq!(by("other").await, ("large".to_owned(), DecidedBy::Rules));
    }

    #[test]
    fn names_without_a_route_are_told_with_their_field() {
        let yaml = "{ simple: { model: small, fallbacks: [large, x] }, complex: { model: y } }";
        let settings: ClassifySettings = serde_yaml::from_str(yaml).unwrap();
        let offer =
            |name: &str| Offer { name: name.to_owned(), local: false, answered_by: String::new() };
        let outline = |models: &[&str]| Outline {
            providers: Vec::new(),
            providers_complete: true,
            offers: Offers(models.iter().map(|&name| offer(name)).collect()),
            asked: Vec::new(),
            offers_complete: true,
            prices: Arc::new(PriceBook::parse("prices: []").unwrap()),
            tenants: Vec::new(),
        };
        let fields = |models: &[&str]| -> Vec<String> {
            settings.check(&outline(models)).into_iter().map(|error| error.field).collect()
        };
        assert_eq!(fields(&["small", "large"]), ["simple.fallbacks[1]", "complex.model"]);
        assert!(fields(&["*"]).is_empty());
    }
}
