//! What was decided of a request before its provider: how much it asks of a model, and which model
//! that is. From `classify`; without it every model name is a pin.

use std::sync::Arc;

/// What becomes of a request, and who decided it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    /// How much it asks of a model.
    pub tier: Tier,
    /// The effective model: a name that `route` knows.
    pub model: Arc<str>,
    /// Models that may answer when that one cannot, best first.
    pub fallbacks: Vec<Arc<str>>,
    /// Which layer decided about the model.
    pub by: DecidedBy,
    /// The rule that decided about the tier, one of the documented words such as `images`.
    pub reason: &'static str,
}

/// How much a request asks of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tier {
    /// A small model does.
    Simple,
    /// It takes a capable one.
    Complex,
}

/// Which layer decided about the model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DecidedBy {
    /// The caller named a model.
    Pin,
    /// The caller named a tier.
    Alias,
    /// The tier that the rules found.
    Rules,
    /// The tier that the rules found is closed to this tenant.
    Policy,
}

impl Tier {
    /// The word in records, headers and metrics.
    pub fn name(self) -> &'static str {
        match self {
            Tier::Simple => "simple",
            Tier::Complex => "complex",
        }
    }
}

impl DecidedBy {
    /// The word in records, headers and metrics.
    pub fn name(self) -> &'static str {
        match self {
            DecidedBy::Pin => "pin",
            DecidedBy::Alias => "alias",
            DecidedBy::Rules => "rules",
            DecidedBy::Policy => "policy",
        }
    }
}
