//! `inferlayer spend`: what stands against each tenant's limit, as the running gateway counts it
//! or, with `--from-ledger`, folded from records alone. Both settle to the same digit. What a
//! snapshot claims of records that were dropped is named as that.

use std::io::{self, Write};

use clap::Args;
use inferlayer_accounts::{TenantName, Total};

use inferlayer_ledger::Trust;

use crate::admin::ClientError;
use crate::cli::operator::{Request, ask};
use crate::cli::{Failure, Place, journal, tenant_name};
use crate::data_dir::DataDir;
use crate::operations::{Claimed, Spend};

#[derive(Args)]
pub(crate) struct Arguments {
    /// Of this tenant alone.
    #[arg(long, value_parser = tenant_name)]
    tenant: Option<TenantName>,
    /// As JSON: a list of objects with amounts in nano-dollars, as strings.
    #[arg(long)]
    json: bool,
    /// From the records alone, without a gateway.
    #[arg(long)]
    from_ledger: bool,
    /// The public key to hold the ledger against: the key itself, or a file with it.
    #[arg(long, value_name = "KEY", requires = "from_ledger")]
    key: Option<String>,
}

pub(crate) fn run(place: &Place, arguments: Arguments) -> Result<(), Failure> {
    let data_dir = DataDir::at(&place.config()?.data_dir);
    let Arguments { tenant, json, from_ledger, key } = arguments;
    let mut list = match from_ledger {
        true => recomputed(&data_dir, journal::trust(key.as_deref())?)?,
        false => live(&data_dir)?,
    };
    if let Some(tenant) = tenant {
        list.retain(|spend| spend.tenant == tenant);
        if list.is_empty() {
            return Err(Failure::Data(format!("nothing is known of a tenant `{tenant}`")));
        }
    }
    match json {
        true => print_json(&list),
        false => print(&list),
    }
}

/// From the records that are there; where the first of them is a snapshot, from what it claims of
/// those before.
fn recomputed(data_dir: &DataDir, trust: Trust) -> Result<Vec<Spend>, Failure> {
    let verified = journal::verified(data_dir, trust)?;
    if !verified.holds() {
        write!(io::stdout(), "{verified}")?;
        return Err(Failure::Verdict);
    }
    Ok(verified.money.map(|money| Spend::recomputed(&money)).unwrap_or_default())
}

fn live(data_dir: &DataDir) -> Result<Vec<Spend>, Failure> {
    let request = Request { method: "GET", path: "/spend", body: None::<&()>, new_log: false };
    ask(data_dir, request).map_err(|failure| match failure {
        Failure::Client(ClientError::NotRunning) => Failure::Data(format!(
            "{}; --from-ledger reads the records without one",
            ClientError::NotRunning
        )),
        other => other,
    })
}

fn print_json(list: &[Spend]) -> Result<(), Failure> {
    let json = serde_json::to_string(list).map_err(|error| Failure::Data(error.to_string()))?;
    Ok(writeln!(io::stdout(), "{json}")?)
}

fn print(list: &[Spend]) -> Result<(), Failure> {
    let mut out = io::stdout().lock();
    let usd = |amount: Total| amount.to_string();
    writeln!(
        out,
        "{:24}  {:>20}  {:>20}  {:>20}",
        "tenant", "settled USD", "held USD", "limit USD"
    )?;
    for Spend { tenant, limit, settled, held, .. } in list {
        let limit = limit.map_or_else(|| "-".to_owned(), |limit| limit.to_string());
        writeln!(out, "{tenant:24}  {:>20}  {:>20}  {limit:>20}", usd(*settled), usd(*held))?;
    }
    for Spend { tenant, claimed, .. } in list {
        if let Some(Claimed { before, nano_usd }) = claimed {
            writeln!(
                out,
                "of what {tenant} has settled, {nano_usd} USD stood in the records before \
                 {before}, which were dropped: a snapshot claims it"
            )?;
        }
    }
    Ok(())
}
