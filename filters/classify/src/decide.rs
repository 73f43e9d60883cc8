//! Which model a request gets, and who says so. Pure: the same request, settings and providers
//! give the same plan, so that an auditor can repeat the decision.

use std::sync::Arc;

use inferlayer_filter::{DecidedBy, Plan, Tier};
use inferlayer_wire::Shape;

use crate::settings::{AUTO, BEST, CHEAP, ClassifySettings, ModelName, TierSettings};

/// What a decision is made of.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The name that the caller gave: a model's, or one that asks for a tier.
    pub model: &'a str,
    /// What the request looks like.
    pub shape: Shape,
    /// Whether the tenant's requests must stay local.
    pub local_only: bool,
}

/// Makes the plan. `is_local` tells whether a local provider serves a model; what is not local is
/// kept from tenants that are `local_only` by `route`, whatever stands here.
pub fn decide(
    asked: &Asked<'_>,
    settings: &ClassifySettings,
    is_local: &dyn Fn(&str) -> bool,
) -> Plan {
    let (tier, reason) = settings.rules.judge(&asked.shape);
    let strict = |model: Arc<str>, by| Plan { tier, model, fallbacks: Vec::new(), by, reason };
    match asked.model {
        CHEAP => strict(settings.simple.model.share(), DecidedBy::Alias),
        BEST => strict(settings.complex.model.share(), DecidedBy::Alias),
        AUTO => {
            let (serving, by) = serving(tier, asked.local_only, settings, is_local);
            let fallbacks = serving.fallbacks.iter().map(ModelName::share).collect();
            Plan { tier, model: serving.model.share(), fallbacks, by, reason }
        }
        pin => strict(pin.into(), DecidedBy::Pin),
    }
}

/// Who serves a tier: its own models, or the other tier's where only those are open to the tenant.
fn serving<'s>(
    tier: Tier,
    local_only: bool,
    settings: &'s ClassifySettings,
    is_local: &dyn Fn(&str) -> bool,
) -> (&'s TierSettings, DecidedBy) {
    let (own, other) = match tier {
        Tier::Simple => (&settings.simple, &settings.complex),
        Tier::Complex => (&settings.complex, &settings.simple),
    };
    let closed = |tier: &TierSettings| local_only && !is_local(tier.model.as_str());
    if closed(own) && !closed(other) { (other, DecidedBy::Policy) } else { (own, DecidedBy::Rules) }
}
