//! `inferlayer keys`: through the admin socket when a gateway runs, through the ledger itself when
//! none does. Listing only reads journal files, so it never disturbs a gateway.

use std::borrow::Cow;
use std::io::{self, Write};
use std::sync::Arc;

use clap::Subcommand;
use inferlayer_accounts::tenant::KeyInfo;
use inferlayer_accounts::{Accounts, KeyId, TenantName, Totals};
use inferlayer_ledger::Trust;
use serde::Serialize;

use crate::cli::operator::{Request, ask_or};
use crate::cli::{Failure, Place, journal, tenant_name, utc};
use crate::config::Config;
use crate::data_dir::DataDir;
use crate::operations::{CreateKey, CreatedKey, Keys, is_one_line};
use crate::state::Books;

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
        /// Begin a ledger where neither a gateway nor a ledger is.
        #[arg(long)]
        new_log: bool,
    },
    /// Show every key, without its secret.
    List {
        /// As JSON: a list of objects, times in seconds since 1970.
        #[arg(long)]
        json: bool,
    },
    /// Refuse a key from now on.
    Revoke {
        /// Its id, as `keys list` shows it and as in `il-<id>-…`.
        #[arg(value_parser = key_id)]
        id: KeyId,
    },
}

pub(crate) fn run(place: &Place, command: Command) -> Result<(), Failure> {
    match command {
        Command::List { json } => list(&place.config()?, json),
        Command::Create { tenant, label, expires_in_days, new_log } => {
            let folder = place.config()?.data_dir;
            let created = create(place, &CreateKey { tenant, label, expires_in_days }, new_log)?;
            // The key alone on standard output, for scripts.
            let (id, folder) = (created.id, folder.display());
            writeln!(io::stderr(), "key {id} is recorded in {folder} and shown this once:")?;
            Ok(writeln!(io::stdout(), "{}", created.key)?)
        }
        Command::Revoke { id } => {
            let revoked = revoke(place, id)?;
            Ok(writeln!(io::stdout(), "key {} of {} is revoked", revoked.id, revoked.tenant)?)
        }
    }
}

fn create(place: &Place, asked: &CreateKey, new_log: bool) -> Result<CreatedKey, Failure> {
    let request = Request { method: "POST", path: "/keys", body: Some(asked), new_log };
    ask_or(place, request, async |books| Ok(keys(books).create(asked.clone()).await?))
}

fn revoke(place: &Place, id: KeyId) -> Result<KeyInfo, Failure> {
    let path = format!("/keys/{id}");
    let request = Request { method: "DELETE", path: &path, body: None::<&()>, new_log: false };
    ask_or(place, request, async |books| Ok(keys(books).revoke(id).await?))
}

fn keys(books: &Books) -> Keys {
    Keys::new(Arc::clone(&books.accounts), books.ledger.clone())
}

/// A key as it is listed.
#[derive(Serialize)]
struct Listed {
    #[serde(flatten)]
    info: KeyInfo,
    state: &'static str,
}

fn list(config: &Config, json: bool) -> Result<(), Failure> {
    let journal = DataDir::at(&config.data_dir).journal();
    let fold = journal::fold(&journal, Trust::FirstUse)?;
    let listed = |info: KeyInfo| Listed { state: state(&info, config), info };
    let keys: Vec<Listed> =
        Accounts::new(Vec::new(), Totals::default(), fold).keys().into_iter().map(listed).collect();
    let mut out = io::stdout().lock();
    if json {
        let json =
            serde_json::to_string(&keys).map_err(|error| Failure::Data(error.to_string()))?;
        return Ok(writeln!(out, "{json}")?);
    }
    let row = |id: &str, tenant: &str, state: &str, created: &str, expires: &str, label: &str| {
        format!("{id:12}  {tenant:16}  {state:9}  {created:20}  {expires:20}  {label}")
    };
    writeln!(out, "{}", row("id", "tenant", "state", "created", "expires", "label"))?;
    for Listed { info, state } in keys {
        let expires = info.expires_at.map_or_else(|| "never".to_owned(), time);
        let (id, tenant) = (info.id.as_str(), info.tenant.as_str());
        let label = on_one_line(&info.label);
        let row = row(id, tenant, state, &time(info.created_at), &expires, &label);
        writeln!(out, "{}", row.trim_end())?;
    }
    Ok(())
}

fn time(unix_seconds: u64) -> String {
    utc::rfc3339(unix_seconds.saturating_mul(1_000_000))
}

/// Earlier versions took any label.
fn on_one_line(label: &str) -> Cow<'_, str> {
    if is_one_line(label) { label.into() } else { label.escape_debug().to_string().into() }
}

fn state(info: &KeyInfo, config: &Config) -> &'static str {
    let now = inferlayer_accounts::tenant::unix_seconds();
    match (info.revoked_at, info.expires_at) {
        (Some(_), _) => "revoked",
        (None, Some(at)) if at <= now => "expired",
        // Its holder is refused: the configuration has lost the tenant.
        _ if !config.tenants.iter().any(|tenant| tenant.name == info.tenant) => "no tenant",
        _ => "valid",
    }
}

fn key_id(text: &str) -> Result<KeyId, String> {
    text.parse()
        .map_err(|_| "not the id of a key: twelve of 0-9 a-f, as `keys list` shows it".to_owned())
}
