//! What stands against each tenant's limit: as a running gateway counts it, and as the records
//! alone say it. Settled amounts are the same in both, which makes the first one believable.

use inferlayer_accounts::{Accounts, Fold, NanoUsd, TenantName, Total};
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
    pub(crate) settled: Total,
    /// The worst case of what is under way.
    #[serde(rename = "held_nano_usd")]
    pub(crate) held: Total,
}

impl Spend {
    /// Of every configured tenant, by name.
    pub(crate) fn live(accounts: &Accounts) -> Vec<Spend> {
        let budgets = accounts.budgets().map(|(tenant, budget)| {
            let (limit, account) = (Some(budget.limit()), budget.account());
            let (settled, held) = (account.spent.into(), account.held.into());
            Spend { tenant: tenant.clone(), limit, settled, held }
        });
        let mut list: Vec<_> = budgets.collect();
        list.sort_by(|a, b| a.tenant.cmp(&b.tenant));
        list
    }

    /// Of every tenant that a record names, by name.
    pub(crate) fn of_records(fold: &Fold) -> Vec<Spend> {
        let sums = fold.sums().into_iter();
        let spend = |(tenant, sums): (_, inferlayer_accounts::Sums)| Spend {
            tenant,
            limit: None,
            settled: sums.spent,
            held: sums.held,
        };
        sums.map(spend).collect()
    }
}
