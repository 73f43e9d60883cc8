//! `inferlayer keys`: through the admin socket when a gateway runs, through the ledger itself when
//! none does. Listing only reads journal files, so it never disturbs a gateway.

use std::io::{self, Write};

use clap::Subcommand;
use inferlayer_accounts::tenant::KeyInfo;
use inferlayer_accounts::{Accounts, KeyId, TenantName};
use inferlayer_ledger::Trust;

use crate::admin::{Client, ClientError, CreateKey, CreatedKey, Keys};
use crate::cli::{Failure, Place};
use crate::config::Config;
use crate::server::{Books, DataDir, open_books};

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
    let config = place.config()?;
    let data_dir = DataDir::at(&config.data_dir);
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match command {
        Command::List => list(&data_dir),
        Command::Create { tenant, label, expires_in_days } => {
            let asked = CreateKey { tenant, label, expires_in_days };
            let created = runtime.block_on(create(&config, &data_dir, asked))?;
            // The key alone on standard output, for scripts.
            writeln!(io::stderr(), "key {} is shown this once:", created.id)?;
            Ok(writeln!(io::stdout(), "{}", created.key)?)
        }
        Command::Revoke { id } => {
            let revoked = runtime.block_on(revoke(&config, &data_dir, id))?;
            Ok(writeln!(io::stdout(), "key {} of {} is revoked", revoked.id, revoked.tenant)?)
        }
    }
}

async fn create(
    config: &Config,
    data_dir: &DataDir,
    asked: CreateKey,
) -> Result<CreatedKey, Failure> {
    let client = Client::new(&data_dir.admin_socket());
    let answer = match &client {
        Ok(client) => client.call("POST", "/keys", Some(&asked)).await,
        Err(_) => Err(ClientError::NotRunning),
    };
    match answer {
        Err(ClientError::NotRunning) => {
            let own = OwnLedger::open(config, data_dir)?;
            let created = own.keys.create(asked).await;
            own.close()?;
            Ok(created?)
        }
        answer => Ok(answer?),
    }
}

async fn revoke(config: &Config, data_dir: &DataDir, id: KeyId) -> Result<KeyInfo, Failure> {
    let client = Client::new(&data_dir.admin_socket());
    let answer = match &client {
        Ok(client) => client.call("DELETE", &format!("/keys/{id}"), None::<&()>).await,
        Err(_) => Err(ClientError::NotRunning),
    };
    match answer {
        Err(ClientError::NotRunning) => {
            let own = OwnLedger::open(config, data_dir)?;
            let revoked = own.keys.revoke(id).await;
            own.close()?;
            Ok(revoked?)
        }
        answer => Ok(answer?),
    }
}

/// The ledger, opened by the command itself.
struct OwnLedger {
    keys: Keys,
    ledger: inferlayer_ledger::Ledger,
}

impl OwnLedger {
    fn open(config: &Config, data_dir: &DataDir) -> Result<OwnLedger, Failure> {
        let Books { accounts, ledger, .. } = open_books(config, data_dir)?;
        Ok(OwnLedger { keys: Keys::new(accounts, ledger.clone()), ledger })
    }

    fn close(self) -> Result<(), Failure> {
        self.ledger.close().map_err(|error| Failure::Data(error.to_string()))
    }
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

fn tenant_name(text: &str) -> Result<TenantName, String> {
    TenantName::try_from(text.to_owned()).map_err(|error| error.to_string())
}
