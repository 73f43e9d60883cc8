//! What tests of filters need: an exchange without a proxy, a tenant without a ledger.
//!
//! Only with the feature `testkit`, which a filter's crate names in its `dev-dependencies`.

use std::sync::{Arc, Mutex};

use bytes::Bytes;
use http::{HeaderMap, Method};
use inferlayer_accounts::{
    Accounts, MintedKey, PresentedKey, PriceBook, Tenant, TenantSettings, Totals,
};
use inferlayer_ledger::{Ledger, TenantSeal};
use inferlayer_records::{Fold, KeyEvent};
use inferlayer_wire::{Api, Call, Vendor};

use crate::candidate::{Candidate, Provider};
use crate::exchange::{Exchange, Head, Operation};
use crate::outline::Offers;
use crate::passage::Passage;
use crate::refusal::{ErrorResponse, Refusal};
use crate::site::Site;

/// What a test could not set up.
pub type Failure = Box<dyn std::error::Error + Send + Sync>;

/// A chat request whose body was read and parsed.
pub fn chat(body: &str) -> Result<Exchange, Failure> {
    let path = "/v1/chat/completions".to_owned();
    let head = Head { method: Method::POST, path, query: None, headers: HeaderMap::new() };
    let mut x = Exchange::new(head, None);
    x.operation = Operation::Inference(Api::Chat.into());
    let body = Bytes::copy_from_slice(body.as_bytes());
    x.call.fill(Call::parse(Api::Chat, body).map_err(|invalid| invalid.message)?)?;
    Ok(x)
}

/// A request that passes through, of which nothing but its line is known.
pub fn passage(method: Method, path: &str) -> Result<Exchange, Failure> {
    let passage = Passage::new(&method, path, None).ok_or("not a path that passes through")?;
    let headers = HeaderMap::new();
    let mut x = Exchange::new(Head { method, path: path.to_owned(), query: None, headers }, None);
    x.operation = Operation::Passage(passage);
    Ok(x)
}

/// Accounts with one tenant, described in YAML, and a key of it.
pub fn accounts(tenant_yaml: &str) -> Result<(Arc<Accounts>, String), Failure> {
    let settings: TenantSettings = inferlayer_accounts::settings::from_yaml(tenant_yaml)?;
    let minted = MintedKey::mint()?;
    let created = KeyEvent::KeyCreated {
        id: minted.id,
        tenant: settings.name.clone(),
        label: String::new(),
        hash: minted.hash.clone(),
        created_at: 0,
        expires_at: None,
    };
    let seal = TenantSeal::new([7; 32].into());
    let accounts = Accounts::new(vec![(settings, seal)], Totals::default(), Fold::default());
    accounts.apply(created);
    Ok((Arc::new(accounts), minted.reveal().as_str().to_owned()))
}

/// A tenant, described in YAML, such as `{ name: a, budget_usd: 1 }`.
pub fn tenant(tenant_yaml: &str) -> Result<Tenant, Failure> {
    let (accounts, key) = accounts(tenant_yaml)?;
    Ok(accounts.authenticate(&accounts.tenants(), &PresentedKey::parse(key.as_bytes())?)?)
}

/// What filters share, without a configuration.
pub fn site(
    accounts: Arc<Accounts>,
    ledger: Ledger,
    providers: Vec<Arc<Provider>>,
    prices_yaml: &str,
) -> Result<Site, Failure> {
    Ok(Site {
        providers,
        tenants: accounts.tenants(),
        accounts,
        offers: Offers::default(),
        filters_sha256: String::new(),
        prices: Arc::new(PriceBook::parse(prices_yaml)?),
        ledger,
        remembered: Mutex::default(),
        kept: Arc::default(),
    })
}

/// All that a caller is told of a refusal, in one line: status, type, code, param, seconds to wait
/// and whether that is final, then the message.
pub fn told(refusal: impl Into<Refusal>) -> String {
    let refusal = refusal.into();
    let ErrorResponse { status, kind, code, param, retry_after_seconds, no_retry, .. } =
        refusal.response();
    let (code, param) = (code.unwrap_or("-"), param.as_deref().unwrap_or("-"));
    let wait = retry_after_seconds.map_or("-".to_owned(), |seconds| seconds.to_string());
    let last = if *no_retry { "final" } else { "-" };
    format!("{} {kind} {code} {param} {wait} {last}: {refusal}", status.as_u16())
}

/// A candidate at a provider that is paid.
pub fn candidate(provider: &str, model: &str) -> Candidate {
    let provider = Provider {
        api_version: None,
        name: provider.into(),
        identity: provider.into(),
        vendor: Vendor::OpenAi,
        local: false,
        free: false,
        key_name: None,
    };
    Candidate::new(Arc::new(provider), model.into())
}
