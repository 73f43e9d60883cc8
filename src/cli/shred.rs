//! `inferlayer ledger shred`: a tenant's key is destroyed, and with it whatever could read the
//! tenant's content.

use std::io::{self, Write};
use std::sync::Arc;

use clap::Args;
use inferlayer_accounts::TenantName;

use crate::cli::operator::{Request, ask_or};
use crate::cli::{Failure, Place, tenant_name};
use crate::operations::{Shred, Shredded, Shredder};

#[derive(Args)]
pub(crate) struct Arguments {
    /// Whose content nobody is to read any more.
    #[arg(long, value_parser = tenant_name)]
    tenant: TenantName,
    /// Why; the ledger keeps it in the clear.
    #[arg(long)]
    reason: String,
    /// That it cannot be undone is understood.
    #[arg(long)]
    yes: bool,
}

pub(crate) fn run(place: &Place, arguments: Arguments) -> Result<(), Failure> {
    let Arguments { tenant, reason, yes } = arguments;
    if !yes {
        return Err(Failure::Usage(format!(
            "all content of `{tenant}` recorded so far becomes unreadable, for ever and for \
             everyone; say --yes if that is meant"
        )));
    }
    let shred = Shred { tenant, reason };
    let request = Request { method: "POST", path: "/shred", body: Some(&shred), new_log: false };
    let done = ask_or(place, request, async |books| {
        let (accounts, ledger) = (Arc::clone(&books.accounts), books.ledger.clone());
        let shredder = Shredder::new(accounts, ledger, books.tenant_keys.clone());
        Ok(shredder.shred(shred.clone()).await?)
    })?;
    let Shredded { tenant, tenant_tag, sequence } = done;
    let mut out = io::stdout().lock();
    writeln!(out, "the key of {tenant} is destroyed: record {sequence}, tag {tenant_tag}")?;
    Ok(writeln!(out, "backups of the folder of keys still have it; destroy them too")?)
}
