//! A tenant as the configuration describes it.

use inferlayer_records::{NanoUsd, TenantName};
use serde::Deserialize;

use crate::money::usd;

/// One tenant of the configuration.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TenantSettings {
    /// What keys, records and metrics call the tenant.
    pub name: TenantName,
    /// All that may ever be spent, in US dollars.
    #[serde(rename = "budget_usd", deserialize_with = "usd::deserialize")]
    pub budget: NanoUsd,
    /// What the ledger keeps of its prompts and answers.
    #[serde(default)]
    pub content: ContentPolicy,
    /// What the ledger keeps of the addresses that its requests come from.
    #[serde(default)]
    pub client_address: AddressPolicy,
    /// Whether the ledger keeps what its callers say of themselves in `user-agent`.
    #[serde(default)]
    pub keep_user_agent: bool,
    /// Whether models without a price may be called, at no cost to the budget.
    #[serde(default)]
    pub allow_unpriced: bool,
    /// Whether its requests may reach only providers marked `local`, under any name or fallback.
    #[serde(default)]
    pub local_only: bool,
    /// Whether a candidate that it cannot use ends the list, whatever stands behind.
    #[serde(default)]
    pub strict_order: bool,
    /// Whether its callers may choose tier or model in the header `x-inferlayer-route`.
    #[serde(default)]
    pub allow_route_header: bool,
    /// Whether `openai-organization` and `openai-project` of its callers go along to OpenAI's kind
    /// of providers: whom the provider's key bills for them.
    #[serde(default)]
    pub allow_organization_headers: bool,
    /// Whether every path that has a rule of `pass_through` is open to it, not only the known ones.
    #[serde(default)]
    pub allow_pass_through: bool,
    /// Bounds of its own, in place of those that hold for every tenant.
    #[serde(default)]
    pub limits: TenantLimits,
}

/// What one tenant may use of what all share; all keys of the tenant together. Without a number it
/// is bounded by what it leaves to others alone.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct TenantLimits {
    /// Requests at once.
    pub parallel_requests: Option<u64>,
    /// Bytes of request bodies that are read or held.
    pub bodies_bytes: Option<u64>,
    /// Bytes that the ledger stores for it in a day, by UTC.
    pub stored_bytes_per_day: Option<u64>,
}

impl TenantLimits {
    /// These, and `others` where nothing is said.
    pub fn or(self, others: TenantLimits) -> TenantLimits {
        TenantLimits {
            parallel_requests: self.parallel_requests.or(others.parallel_requests),
            bodies_bytes: self.bodies_bytes.or(others.bodies_bytes),
            stored_bytes_per_day: self.stored_bytes_per_day.or(others.stored_bytes_per_day),
        }
    }
}

/// What the ledger keeps of a tenant's prompts and answers. Metadata, tokens and cost are kept in
/// any case. What is not kept cannot be given again by the cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ContentPolicy {
    /// All, sealed under the tenant's key.
    #[default]
    Full,
    /// Its length, and a MAC under the tenant's key: whoever has that can check a text against it.
    Hash,
    /// Its length.
    None,
}

/// What the ledger keeps of the address that a request comes from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AddressPolicy {
    /// All of it.
    Full,
    /// The network: the first 24 bits of an IPv4 address, 48 of an IPv6 address.
    #[default]
    Prefix,
    /// Nothing.
    None,
}

/// One tenant from YAML, as in the configuration's list.
pub fn from_yaml(text: &str) -> Result<TenantSettings, serde_yaml::Error> {
    serde_yaml::from_str(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_policy_is_one_of_three_words() {
        let policy = |word: &str| {
            from_yaml(&format!("{{ name: a, budget_usd: 1, content: {word} }}")).map(|t| t.content)
        };
        for (word, expected) in [
            ("full", ContentPolicy::Full),
            ("hash", ContentPolicy::Hash),
            ("none", ContentPolicy::None),
        ] {
            assert_eq!(policy(word).unwrap(), expected);
        }
        for wrong in ["Full", "off", "~", "true", "\"\""] {
            assert!(policy(wrong).is_err(), "{wrong}");
        }
        let silent = from_yaml("{ name: a, budget_usd: 1 }").unwrap();
        assert_eq!(silent.content, ContentPolicy::Full);
        assert_eq!((silent.client_address, silent.keep_user_agent), (AddressPolicy::Prefix, false));
    }
}
