//! `inferlayer keys`: through the admin socket when a gateway runs, through the ledger itself when
//! none does. Listing only reads journal files, so it never disturbs a gateway.

use std::io::{self, Write};
use std::sync::Arc;

use clap::Subcommand;
use inferlayer_accounts::tenant::KeyInfo;
use inferlayer_accounts::{Accounts, KeyId, TenantName};
use inferlayer_ledger::Trust;

use crate::admin::{CreateKey, CreatedKey, Keys};
use crate::cli::operator::{Request, ask_or};
use crate::cli::{Failure, Place, tenant_name};
use crate::server::{Books, DataDir};

#[derive(Subcommand)]
pub(crate) enum Command {
    /// Make a key and print it, this once.
    Create {
        /// Whose key it is.
        #[arg(long, value_parser = tenant_name)]
        tenant: TenantName,
        /// What you call it.
        #[arg(long, default_value = "")]
        label: String,
        /// When it stops working; never, when absent.
        #[arg(long, value_name = "DAYS")]
        expires_in_days: Option<u32>,
    },
    /// Show every key, without its secret.
    List,
    /// Refuse a key from now on.
    Revoke {
        /// Its id, as in `il-<id>-…`.
        id: KeyId,
    },
}

pub(crate) fn run(place: &Place, command: Command) -> Result<(), Failure> {
    match command {
        Command::List => list(&DataDir::at(&place.config()?.data_dir)),
        Command::Create { tenant, label, expires_in_days } => {
            let created = create(place, &CreateKey { tenant, label, expires_in_days })?;
            // The key alone on standard output, for scripts.
            writeln!(io::stderr(), "key {} is shown this once:", created.id)?;
            Ok(writeln!(io::stdout(), "{}", created.key)?)
        }
        Command::Revoke { id } => {
            let revoked = revoke(place, id)?;
            Ok(writeln!(io::stdout(), "key {} of {} is revoked", revoked.id, revoked.tenant)?)
        }
    }
}

fn create(place: &Place, asked: &CreateKey) -> Result<CreatedKey, Failure> {
    let request = Request { method: "POST", path: "/keys", body: Some(asked) };
    ask_or(place, request, async |books| Ok(keys(books).create(asked.clone()).await?))
}

fn revoke(place: &Place, id: KeyId) -> Result<KeyInfo, Failure> {
    let path = format!("/keys/{id}");
    let request = Request { method: "DELETE", path: &path, body: None::<&()> };
    ask_or(place, request, async |books| Ok(keys(books).revoke(id).await?))
}

fn keys(books: &Books) -> Keys {
    Keys::new(Arc::clone(&books.accounts), books.ledger.clone())
}

fn list(data_dir: &DataDir) -> Result<(), Failure> {
    let fold = super::ledger::fold(&data_dir.journal(), Trust::FirstUse)?;
    let mut out = io::stdout().lock();
    writeln!(out, "{:12}  {:16}  {:10}  {:12}  label", "id", "tenant", "state", "created_at")?;
    for info in Accounts::new(Vec::new(), fold).keys() {
        let state = state(&info);
        let KeyInfo { id, tenant, label, created_at, .. } = info;
        writeln!(out, "{id:12}  {tenant:16}  {state:10}  {created_at:12}  {label}")?;
    }
    Ok(())
}

fn state(info: &KeyInfo) -> &'static str {
    let now = inferlayer_accounts::tenant::unix_seconds();
    match (info.revoked_at, info.expires_at) {
        (Some(_), _) => "revoked",
        (None, Some(at)) if at <= now => "expired",
        _ => "valid",
    }
}
