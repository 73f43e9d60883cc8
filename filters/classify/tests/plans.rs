//! Which model a request gets and who says so: aliases, pins, tenants that must stay local.

#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use inferlayer_classify::{Asked, ClassifySettings, decide};
use inferlayer_filter::{DecidedBy, Plan, Tier};
use inferlayer_wire::Shape;

const BOTH: &str = "{ simple: { model: small, fallbacks: [large] }, \
                      complex: { model: large, fallbacks: [larger, largest] } }";

/// A plan for a request of this tier; `local` are the models that stay local.
fn plan(model: &str, tier: Tier, local_only: bool, local: &[&str]) -> Plan {
    let settings: ClassifySettings = serde_yaml::from_str(BOTH).unwrap();
    let code_marks = if tier == Tier::Complex { 9 } else { 0 };
    let shape = Shape { code_marks, ..Shape::default() };
    decide(&Asked { model, shape, local_only }, &settings, &|model| local.contains(&model))
}

/// A plan's model, fallbacks, and who decided.
fn told(plan: &Plan) -> (&str, Vec<&str>, DecidedBy) {
    (&plan.model, plan.fallbacks.iter().map(|model| &**model).collect(), plan.by)
}

#[test]
fn auto_takes_the_models_of_the_tier_found() {
    let simple = plan("auto", Tier::Simple, false, &[]);
    assert_eq!(told(&simple), ("small", vec!["large"], DecidedBy::Rules));
    let complex = plan("auto", Tier::Complex, false, &[]);
    assert_eq!(told(&complex), ("large", vec!["larger", "largest"], DecidedBy::Rules));
}

#[test]
fn a_tier_asked_for_is_strict() {
    for tier in [Tier::Simple, Tier::Complex] {
        let cheap = plan("auto:cheap", tier, false, &[]);
        assert_eq!(told(&cheap), ("small", vec![], DecidedBy::Alias));
        let best = plan("auto:best", tier, false, &[]);
        assert_eq!(told(&best), ("large", vec![], DecidedBy::Alias));
    }
}

#[test]
fn any_other_name_is_a_pin() {
    for name in ["large", "gpt-test", "auto:", "AUTO", "auto:Best", " auto", "*"] {
        let plan = plan(name, Tier::Simple, false, &[]);
        assert_eq!(told(&plan), (name, vec![], DecidedBy::Pin));
    }
}

#[test]
fn every_plan_tells_the_tier_and_its_rule() {
    for name in ["auto", "auto:cheap", "auto:best", "gpt-test"] {
        for local_only in [false, true] {
            let simple = plan(name, Tier::Simple, local_only, &["large"]);
            assert_eq!((simple.tier, simple.reason), (Tier::Simple, "short"));
            let complex = plan(name, Tier::Complex, local_only, &["small"]);
            assert_eq!((complex.tier, complex.reason), (Tier::Complex, "code"));
        }
    }
}

#[test]
fn a_tenant_that_must_stay_local_gets_the_tier_that_is() {
    let policy = |tier, local: &[&str]| {
        let plan = plan("auto", tier, true, local);
        (plan.model.to_string(), plan.by)
    };
    let own = |name: &str| (name.to_owned(), DecidedBy::Rules);
    let other = |name: &str| (name.to_owned(), DecidedBy::Policy);
    assert_eq!(policy(Tier::Complex, &["small"]), other("small"));
    assert_eq!(policy(Tier::Simple, &["large"]), other("large"));
    assert_eq!(policy(Tier::Simple, &["small"]), own("small"));
    assert_eq!(policy(Tier::Complex, &["small", "large"]), own("large"));
    assert_eq!(policy(Tier::Complex, &[]), own("large"));
    assert_eq!(plan("auto", Tier::Complex, false, &["small"]).by, DecidedBy::Rules);
}

#[test]
fn a_strict_choice_is_not_bent_by_policy() {
    let best = plan("auto:best", Tier::Simple, true, &["small"]);
    assert_eq!(told(&best), ("large", vec![], DecidedBy::Alias));
    let pin = plan("large", Tier::Simple, true, &["small"]);
    assert_eq!(told(&pin), ("large", vec![], DecidedBy::Pin));
}
