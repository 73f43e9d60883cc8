//! What the whole gateway shares and a filter may use when it is built: the providers of the
//! configuration, the accounts, the prices, the ledger. Addresses and credentials of providers are
//! not here; only the code that opens connections has them.

use std::sync::{Arc, Mutex};

use inferlayer_accounts::{Accounts, PriceBook, Tenants};
use inferlayer_ledger::Ledger;
use inferlayer_records::Remembered;

use crate::candidate::Provider;
use crate::kept::Kept;
use crate::outline::Offers;

/// What filters share.
pub struct Site {
    /// The providers, in the order of the configuration.
    pub providers: Vec<Arc<Provider>>,
    /// Keys and balances, which outlive the configuration.
    pub accounts: Arc<Accounts>,
    /// The tenants of this configuration.
    pub tenants: Arc<Tenants>,
    /// What clients may ask for, of all filters.
    pub offers: Offers,
    /// A digest of the blocks of all filters that offer no model: what was answered under others
    /// may not be what is answered now. Who answers for a model is told by its offer.
    pub filters_sha256: String,
    /// Prices of models.
    pub prices: Arc<PriceBook>,
    /// Where every inference is recorded.
    pub ledger: Ledger,
    /// Answers of earlier runs that may be given again; the cache takes them out.
    pub remembered: Mutex<Vec<Remembered>>,
    /// What filters keep from one configuration to the next.
    pub kept: Arc<Kept>,
}

impl Site {
    /// The provider of this name.
    pub fn provider(&self, name: &str) -> Option<&Arc<Provider>> {
        self.providers.iter().find(|provider| &*provider.name == name)
    }
}
