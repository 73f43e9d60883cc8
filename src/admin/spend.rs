//! What stands against each tenant's limit: as a running gateway counts it, and as the records
//! alone say it. Settled amounts are the same in both, which makes the first one believable.

use inferlayer_accounts::{Accounts, Fold, NanoUsd, TenantName};
use serde::{Deserialize, Serialize};

/// The account of one tenant; amounts are strings of nano-dollars in JSON.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Spend {
    pub(crate) tenant: TenantName,
    /// The configuration's; records know of none.
    #[serde(rename = "limit_nano_usd", skip_serializing_if = "Option::is_none", default)]
    pub(crate) limit: Option<NanoUsd>,
    /// Spent for good.
    #[serde(rename = "settled_nano_usd")]
    pub(crate) settled: NanoUsd,
    /// The worst case of what is under way.
    #[serde(rename = "held_nano_usd")]
    pub(crate) held: NanoUsd,
}

impl Spend {
    /// Of every configured tenant, by name.
    pub(crate) fn live(accounts: &Accounts) -> Vec<Spend> {
        let budgets = accounts.budgets().map(|(tenant, budget)| {
            let (limit, account) = (Some(budget.limit()), budget.account());
            Spend { tenant: tenant.clone(), limit, settled: account.spent, held: account.held }
        });
        let mut list: Vec<_> = budgets.collect();
        list.sort_by(|a, b| a.tenant.cmp(&b.tenant));
        list
    }

    /// Of every tenant that a record names, by name.
    pub(crate) fn of_records(fold: &Fold) -> Vec<Spend> {
        let balances = fold.balances().into_iter();
        let spend = |(tenant, account): (_, inferlayer_accounts::budget::Account)| Spend {
            tenant,
            limit: None,
            settled: account.spent,
            held: account.held,
        };
        balances.map(spend).collect()
    }
}
