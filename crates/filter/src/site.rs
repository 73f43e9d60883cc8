//! What the whole gateway shares and a filter may use when it is built: the providers of the
//! configuration, the accounts, the prices, the ledger. Addresses and credentials of providers are
//! not here; only the code that opens connections has them.

use std::sync::Arc;

use inferlayer_accounts::{Accounts, PriceBook};
use inferlayer_ledger::Ledger;

/// What filters share.
pub struct Site {
    /// The providers, in the order of the configuration.
    pub providers: Vec<Arc<Provider>>,
    /// Tenants, keys and budgets.
    pub accounts: Arc<Accounts>,
    /// Prices of models.
    pub prices: Arc<PriceBook>,
    /// Where every inference is recorded.
    pub ledger: Ledger,
}

/// A provider, as far as filters need to know it.
#[derive(Debug)]
pub struct Provider {
    /// Its place in the configuration.
    pub index: usize,
    /// Its name in the configuration.
    pub name: Arc<str>,
    /// What it speaks.
    pub kind: ProviderKind,
    /// Calls to it cost nothing: one's own machines.
    pub free: bool,
    /// The configured name of its key, for records; never the key.
    pub key_name: Option<Arc<str>>,
}

/// What a provider speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProviderKind {
    /// OpenAI's API, or any server compatible with it.
    OpenAi,
    /// The gateway's own stand-in, whose answers are made up and marked so.
    Simulated,
}

/// A provider and the model to ask of it.
#[derive(Clone, Debug)]
pub struct Candidate {
    /// Where to go.
    pub provider: Arc<Provider>,
    /// What to ask for there.
    pub model: Arc<str>,
}

impl Site {
    /// The provider of this name.
    pub fn provider(&self, name: &str) -> Option<&Arc<Provider>> {
        self.providers.iter().find(|provider| &*provider.name == name)
    }
}
