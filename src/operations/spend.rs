//! What stands against each tenant's limit: as a running gateway counts it, and as the records
//! alone say it. Settled amounts are the same in both, which makes the first one believable.

use inferlayer_accounts::tenants::Former;
use inferlayer_accounts::{Accounts, NanoUsd, TenantName, Total};
use inferlayer_records::Sums;
use inferlayer_verify::Money;
use serde::{Deserialize, Serialize};

/// The account of one tenant; amounts are strings of nano-dollars in JSON.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Spend {
    pub(crate) tenant: TenantName,
    /// The configuration's, where it has the tenant; records know of none.
    #[serde(rename = "limit_nano_usd", skip_serializing_if = "Option::is_none", default)]
    pub(crate) limit: Option<NanoUsd>,
    /// Spent for good.
    #[serde(rename = "settled_nano_usd")]
    pub(crate) settled: Total,
    /// The worst case of what is under way.
    #[serde(rename = "held_nano_usd")]
    pub(crate) held: Total,
    /// The part that no record shows any more.
    #[serde(skip_serializing_if = "Option::is_none", default)]
    pub(crate) claimed: Option<Claimed>,
}

/// What stood in records that were dropped, as the first snapshot claims it.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Claimed {
    /// The first record that is there.
    pub(crate) before: u64,
    /// What was settled before it.
    pub(crate) nano_usd: Total,
}

impl Spend {
    /// Of every configured tenant, and of those that were and have spent something, by name.
    pub(crate) fn live(accounts: &Accounts) -> Vec<Spend> {
        let tenants = accounts.tenants();
        let budgets = tenants.budgets().map(|(tenant, budget)| {
            let (limit, account) = (Some(budget.limit()), budget.account());
            let (settled, held) = (account.spent.into(), account.held.into());
            Spend { tenant: tenant.clone(), limit, settled, held, claimed: None }
        });
        let former = accounts.former().into_iter().map(|Former { tenant, spent, held }| Spend {
            tenant,
            limit: None,
            settled: spent,
            held,
            claimed: None,
        });
        let mut list: Vec<_> = budgets.chain(former).collect();
        list.sort_by(|a, b| a.tenant.cmp(&b.tenant));
        list
    }

    /// Of every tenant that a record names, by name.
    pub(crate) fn recomputed(money: &Money) -> Vec<Spend> {
        let spend = |(tenant, sums): (&TenantName, &Sums)| {
            let claimed = money.claimed.get(tenant).map(|claimed| claimed.spent);
            let claimed = claimed.filter(|claimed| *claimed > Total::ZERO);
            let before = money.recomputed_from;
            Spend {
                tenant: tenant.clone(),
                limit: None,
                settled: sums.spent,
                held: sums.held,
                claimed: claimed.map(|nano_usd| Claimed { before, nano_usd }),
            }
        };
        money.sums.iter().map(spend).collect()
    }
}
