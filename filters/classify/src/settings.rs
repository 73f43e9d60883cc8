//! The block `classify`.

use std::sync::Arc;

use serde::Deserialize;

use inferlayer_filter::Tier;

use crate::rules::Rules;

/// The tier that the rules find.
pub(crate) const AUTO: &str = "auto";
/// The simple tier, and nothing else.
pub(crate) const CHEAP: &str = "auto:cheap";
/// The complex tier, and nothing else.
pub(crate) const BEST: &str = "auto:best";

/// Names that ask for a tier.
pub(crate) const ALIASES: [&str; 3] = [AUTO, CHEAP, BEST];

/// Longest model name, in bytes; what a request's body may name is no longer.
const MAX_NAME_BYTES: usize = 256;

/// The block `classify`.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ClassifySettings {
    /// Who answers what a small model can.
    pub simple: TierSettings,
    /// Who answers the rest.
    pub complex: TierSettings,
    /// Where simple ends.
    #[serde(default)]
    pub rules: Rules,
}

/// Who answers the requests of a tier.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TierSettings {
    /// A model that `route` knows.
    pub model: ModelName,
    /// Models that may answer when that one cannot, best first.
    #[serde(default)]
    pub fallbacks: Vec<ModelName>,
}

/// The name of a model: 1 to 256 bytes without control characters, and none of the names that ask
/// for a tier.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(try_from = "String")]
pub struct ModelName(Arc<str>);

impl ClassifySettings {
    /// What stands for a tier.
    pub fn tier(&self, tier: Tier) -> &TierSettings {
        match tier {
            Tier::Simple => &self.simple,
            Tier::Complex => &self.complex,
        }
    }

    /// Every model named, and the path of its field.
    pub(crate) fn names(&self) -> impl Iterator<Item = (String, &ModelName)> {
        [Tier::Simple, Tier::Complex].into_iter().flat_map(|tier| {
            let settings = self.tier(tier);
            let fallback = move |(at, model)| (format!("{}.fallbacks[{at}]", tier.name()), model);
            let model = (format!("{}.model", tier.name()), &settings.model);
            std::iter::once(model).chain(settings.fallbacks.iter().enumerate().map(fallback))
        })
    }
}

impl ModelName {
    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn share(&self) -> Arc<str> {
        Arc::clone(&self.0)
    }
}

impl TryFrom<String> for ModelName {
    type Error = &'static str;

    fn try_from(name: String) -> Result<ModelName, &'static str> {
        if !is_name(&name) {
            return Err("a model's name has 1 to 256 bytes and no control characters");
        }
        if ALIASES.contains(&&*name) {
            return Err("this name asks for a tier; it is no model");
        }
        Ok(ModelName(name.into()))
    }
}

/// Whether this can be the name of a model.
pub(crate) fn is_name(name: &str) -> bool {
    (1..=MAX_NAME_BYTES).contains(&name.len()) && !name.contains(char::is_control)
}
