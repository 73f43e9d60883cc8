//! The ledger as the gateway opens it: which keys sign and seal, and what is folded from records.

use std::path::Path;
use std::sync::Arc;

use inferlayer_accounts::{Accounts, Fold, Memory, Remembered, SharedFold};
use inferlayer_ledger::{KeyError, Keyring, Ledger, Options, SigningKey, TenantKeys};

use crate::anchor;
use crate::config::{Config, ConfigError, SecretReference};
use crate::server::{DataDir, StartError};

/// The ledger, and what was folded from it.
pub(crate) struct Books {
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) ledger: Ledger,
    pub(crate) tenant_keys: TenantKeys,
    /// Answers that the cache may give again.
    pub(crate) remembered: Vec<Remembered>,
}

/// Opens the ledger and folds the accounts from it.
pub(crate) fn open_books(
    config: &Config,
    data_dir: &DataDir,
    base: &Path,
) -> Result<Books, StartError> {
    let folder = || data_dir.path().display().to_string();
    data_dir.create().map_err(|cause| StartError::DataDir { folder: folder(), cause })?;
    let keyring = Keyring::open(&data_dir.keys())?;
    let mut options = options(config, data_dir, &keyring, base)?;
    let (folded, mut memory) = (SharedFold::default(), Memory::default());
    options.state = Box::new(folded.clone());
    let (ledger, opened) = Ledger::open(options, &mut |place, record| {
        memory.record(place, record);
        Ok(())
    })?;
    if opened.rotated {
        finish_rotation(config, &keyring)?;
    }
    let fold = folded.now();
    let (unfinished, held) = fold.unfinished();
    if unfinished > 0 {
        tracing::warn!(unfinished, %held, "intents without outcome are charged at their hold");
    }
    let tenant_keys = keyring.tenants().clone();
    finish_shreds(&fold, &tenant_keys)?;
    let tenants = config.tenants.iter().map(|tenant| {
        let seal = tenant_keys.load_or_create(tenant.name.as_str())?;
        Ok((tenant.clone(), seal))
    });
    let tenants = tenants.collect::<Result<_, KeyError>>()?;
    let remembered = memory.fresh(ledger.now_us());
    let accounts = Arc::new(Accounts::new(tenants, fold));
    Ok(Books { accounts, ledger, tenant_keys, remembered })
}

fn options(
    config: &Config,
    data_dir: &DataDir,
    keyring: &Keyring,
    base: &Path,
) -> Result<Options, StartError> {
    let settings = &config.ledger;
    let origin = settings.origin.parse();
    let origin = origin.map_err(|error| config.error_at("ledger.origin", format!("{error}")))?;
    let signing = match &settings.signing_key {
        Some(reference) => referenced(config, "ledger.signing_key", reference, base)?,
        None => keyring.signing()?,
    };
    let mut options = Options::new(data_dir.path(), origin, signing);
    options.next_signing = next_signing(config, keyring, base)?;
    options.anchored = anchor::read_back(config, data_dir)?;
    options.queue_records = settings.queue_records;
    options.segment_bytes = settings.segment_bytes;
    options.min_free_bytes = settings.min_free_bytes;
    Ok(options)
}

/// The key that a rotation hands the log on to, if one is ready.
pub(crate) fn next_signing(
    config: &Config,
    keyring: &Keyring,
    base: &Path,
) -> Result<Option<SigningKey>, StartError> {
    let settings = &config.ledger;
    match (&settings.signing_key, &settings.next_signing_key) {
        (None, _) => Ok(keyring.next_signing()?),
        (Some(_), None) => Ok(None),
        (Some(_), Some(next)) => {
            Ok(Some(referenced(config, "ledger.next_signing_key", next, base)?))
        }
    }
}

fn referenced(
    config: &Config,
    path: &str,
    reference: &SecretReference,
    base: &Path,
) -> Result<SigningKey, ConfigError> {
    let secret = reference.read(base).map_err(|problem| config.error_at(path, problem))?;
    let key = SigningKey::from_base64(secret.expose());
    key.ok_or_else(|| config.error_at(path, "not the base64 of 32 bytes".to_owned()))
}

/// The log was handed on before the last end, and the key that it was handed to has yet to take the
/// old one's place.
fn finish_rotation(config: &Config, keyring: &Keyring) -> Result<(), KeyError> {
    if config.ledger.signing_key.is_some() {
        tracing::warn!("the log is signed by next_signing_key: make it the signing_key");
        return Ok(());
    }
    keyring.promote_signing()
}

/// Destroys the keys that a record says were destroyed and that are still there.
fn finish_shreds(fold: &Fold, keys: &TenantKeys) -> Result<(), KeyError> {
    for (tenant, tags) in fold.shredded() {
        if keys.finish(tenant.as_str(), tags)? {
            tracing::warn!(%tenant, "a tenant's key was to be destroyed, and is now");
        }
    }
    Ok(())
}
