//! What the block `route` can have that works and is likely not meant: candidates that a tenant can
//! never use, so that its requests go to the next of the list.

use inferlayer_accounts::TenantSettings;
use inferlayer_filter::contract::{Level, Warning};
use inferlayer_filter::{Outline, Provider};

use crate::check::names;
use crate::settings::{CandidateSettings, ModelSettings, PassThroughSettings, RouteSettings};

/// Of more tenants only the number is told.
const NAMED_MAX: usize = 5;

/// All of it, in the order of the block.
pub(crate) fn warnings(settings: &RouteSettings, outline: &Outline) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for (index, model) in settings.models.iter().enumerate() {
        for (at, candidate) in model.candidates.iter().enumerate() {
            let field = format!("models[{index}].candidates[{at}]");
            warnings.extend(of_candidate(model, candidate, &field, outline));
        }
    }
    for (index, rule) in settings.pass_through.iter().enumerate() {
        warnings.extend(of_rule(rule, &format!("pass_through[{index}]"), outline));
    }
    warnings
}

fn of_candidate(
    model: &ModelSettings,
    candidate: &CandidateSettings,
    field: &str,
    outline: &Outline,
) -> Vec<Warning> {
    let Some(provider) = provider(&candidate.provider, outline) else { return Vec::new() };
    let unpriced = unpriced(model, candidate, provider, outline).map(|what| {
        let payers = who(outline, |tenant| !tenant.allow_unpriced && may_reach(tenant, provider))?;
        Some(Warning {
            field: field.to_owned(),
            problem: format!(
                "{what} has no price, so {payers} can never use it and the next candidate, if any, \
                 answers; add a price, mark the provider free, or let tenants allow_unpriced"
            ),
            level: Level::Warning,
        })
    });
    let barred = who(outline, |tenant| !may_reach(tenant, provider)).map(|barred| Warning {
        field: field.to_owned(),
        problem: format!(
            "{barred} can never use `{}`: local_only, and it is not local",
            provider.name
        ),
        level: Level::Note,
    });
    unpriced.flatten().into_iter().chain(barred).collect()
}

/// What of a candidate has no price, in words; nothing where something has one, or none is needed.
fn unpriced(
    model: &ModelSettings,
    candidate: &CandidateSettings,
    provider: &Provider,
    outline: &Outline,
) -> Option<String> {
    let priced = |name: &str| match name.strip_suffix('*') {
        Some(beginning) => outline.prices.has_price_of(&provider.name, beginning),
        None => outline.prices.price(&provider.name, name).is_some(),
    };
    if provider.free {
        return None;
    }
    let asked: Vec<&str> = match &candidate.model {
        Some(model) if outline.prices.price(&provider.name, model).is_some() => return None,
        Some(model) => vec![model],
        None => names(model).map(|(_, name)| name).filter(|name| !priced(name)).collect(),
    };
    let asked: Vec<_> = asked.iter().map(|name| format!("`{}/{name}`", provider.name)).collect();
    (!asked.is_empty()).then(|| asked.join(", "))
}

fn of_rule(rule: &PassThroughSettings, field: &str, outline: &Outline) -> Vec<Warning> {
    let Some(provider) = provider(&rule.provider, outline) else { return Vec::new() };
    if provider.free || rule.price_usd.is_some() {
        return Vec::new();
    }
    let payers = who(outline, |tenant| !tenant.allow_unpriced && may_reach(tenant, provider));
    let warning = payers.map(|payers| Warning {
        field: field.to_owned(),
        problem: format!("`{}` has no price_usd, so {payers} can never use it", rule.path),
        level: Level::Warning,
    });
    warning.into_iter().collect()
}

fn provider<'a>(name: &str, outline: &'a Outline) -> Option<&'a Provider> {
    outline.providers.iter().find(|provider| *provider.name == *name).map(|found| &**found)
}

fn may_reach(tenant: &TenantSettings, provider: &Provider) -> bool {
    provider.local || !tenant.local_only
}

/// The tenants of whom something holds, in words; nothing when there are none.
fn who(outline: &Outline, holds: impl Fn(&TenantSettings) -> bool) -> Option<String> {
    let found: Vec<&str> =
        outline.tenants.iter().filter(|t| holds(t)).map(|t| t.name.as_str()).collect();
    let named: Vec<_> = found.iter().take(NAMED_MAX).map(|name| format!("`{name}`")).collect();
    match (found.len(), found.len().saturating_sub(named.len())) {
        (0, _) => None,
        (1, _) => Some(format!("tenant {}", named.join(", "))),
        (_, 0) => Some(format!("tenants {}", named.join(", "))),
        (_, more) => Some(format!("tenants {} and {more} more", named.join(", "))),
    }
}
