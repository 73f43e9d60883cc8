//! What a configuration says as a whole, before anything is opened: enough for a filter to tell a
//! name that nothing has. Lists may have gaps when the configuration has mistakes; the `lacks_…`
//! functions then blame nobody, so that one mistake does not look like two.

use std::sync::Arc;

use inferlayer_accounts::{PriceBook, TenantSettings};

use crate::candidate::Provider;

/// What the blocks of a configuration may know of one another.
#[derive(Debug)]
pub struct Outline {
    /// The providers, in the order of the configuration.
    pub providers: Vec<Arc<Provider>>,
    /// Every provider's name could be read.
    pub providers_complete: bool,
    /// What clients may ask for, of all filters.
    pub offers: Offers,
    /// Models that are named to be asked for, each with its provider's name.
    pub asked: Vec<(String, String)>,
    /// Every filter's block could be read.
    pub offers_complete: bool,
    /// Prices of models.
    pub prices: Arc<PriceBook>,
    /// The tenants, in the order of the configuration.
    pub tenants: Vec<TenantSettings>,
}

/// Something that clients may ask for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// The model's name; a `*` at its end stands for whatever follows.
    pub name: String,
    /// A provider marked `local` answers for it.
    pub local: bool,
    /// Who answers, in order, each by its provider's identity: another text when another answer is
    /// to be expected.
    pub answered_by: String,
}

/// All that clients may ask for, in the order of the filters.
#[derive(Clone, Debug, Default)]
pub struct Offers(pub Vec<Offer>);

impl Outline {
    /// Whether no provider has this name.
    pub fn lacks_provider(&self, name: &str) -> bool {
        self.providers_complete && !self.providers.iter().any(|known| &*known.name == name)
    }

    /// Whether nobody would answer a request for this model.
    pub fn lacks_model(&self, name: &str) -> bool {
        self.offers_complete && self.offers.of(name).is_none()
    }
}

impl Offers {
    /// The offer that a name falls under: its own, or else the one with the longest beginning.
    pub fn of(&self, name: &str) -> Option<&Offer> {
        let own = self.0.iter().find(|offer| offer.name == name);
        let covering = self.0.iter().filter(|offer| {
            offer.name.strip_suffix('*').is_some_and(|beginning| name.starts_with(beginning))
        });
        own.or_else(|| covering.max_by_key(|offer| offer.name.len()))
    }

    /// Whether a local provider answers for this name.
    pub fn is_local(&self, name: &str) -> bool {
        self.of(name).is_some_and(|offer| offer.local)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn outline(names: &[&str], complete: bool) -> Outline {
        let offer = |name: &&str| {
            let (name, local) = ((*name).to_owned(), name.contains("local"));
            Offer { name, local, answered_by: String::new() }
        };
        Outline {
            providers: Vec::new(),
            providers_complete: complete,
            offers: Offers(names.iter().map(offer).collect()),
            asked: Vec::new(),
            offers_complete: complete,
            prices: Arc::new(PriceBook::parse("prices: []").unwrap()),
            tenants: Vec::new(),
        }
    }

    #[test]
    fn a_name_is_missed_only_where_every_name_is_known() {
        assert!(outline(&["small"], true).lacks_model("large"));
        assert!(!outline(&["small"], true).lacks_model("small"));
        assert!(!outline(&["small"], false).lacks_model("large"));
        assert!(!outline(&["*"], true).lacks_model("large"));
        assert!(!outline(&["claude-*"], true).lacks_model("claude-next"));
        assert!(outline(&["claude-*"], true).lacks_model("claud"));
        assert!(outline(&[], true).lacks_provider("p"));
        assert!(!outline(&[], false).lacks_provider("p"));
    }

    #[test]
    fn the_longest_beginning_counts_and_a_name_of_its_own_before_it() {
        let offers = outline(&["*", "m-local-*", "m-*", "m-local-1"], true).offers;
        for (name, offer, local) in [
            ("other", "*", false),
            ("m-2", "m-*", false),
            ("m-local-2", "m-local-*", true),
            ("m-local-1", "m-local-1", true),
        ] {
            assert_eq!(offers.of(name).unwrap().name, offer);
            assert_eq!(offers.is_local(name), local, "{name}");
        }
    }
}
