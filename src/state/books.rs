//! The ledger as the gateway opens it: which keys sign and seal, and what is folded from records.

use std::collections::HashSet;
use std::path::Path;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use inferlayer_accounts::tenant::unix_seconds;
use inferlayer_accounts::{Accounts, StoredToday, TenantSettings};
use inferlayer_ledger::{
    KeyError, Keyring, Kind, Ledger, Options, Record, RequestId, TenantKeys, TenantSeal,
};
use inferlayer_records::{Fold, Memory, Remembered, SharedFold};

use crate::config::{Config, ConfigError};
use crate::data_dir::DataDir;
use crate::state::error::BooksError;
use crate::state::read_back::read_back;
use crate::state::signing::{SigningKeyError, SigningKeys};

/// The ledger, and what was folded from it.
pub(crate) struct Books {
    pub(crate) accounts: Arc<Accounts>,
    pub(crate) ledger: Ledger,
    pub(crate) tenant_keys: TenantKeys,
    pub(crate) signing_keys: Arc<SigningKeys>,
    /// The newest price book that the log holds, in its canonical form.
    pub(crate) price_book: Option<String>,
    /// Answers that the cache may give again.
    pub(crate) remembered: Mutex<Vec<Remembered>>,
}

impl Books {
    /// The tenants of a configuration, each with the seal of its key.
    pub(crate) fn tenants_of(
        &self,
        config: &Config,
    ) -> Result<Vec<(TenantSettings, TenantSeal)>, KeyError> {
        tenants_of(config, &self.tenant_keys)
    }
}

fn tenants_of(
    config: &Config,
    keys: &TenantKeys,
) -> Result<Vec<(TenantSettings, TenantSeal)>, KeyError> {
    let sealed =
        |tenant: &TenantSettings| Ok((tenant.clone(), keys.load_or_create(tenant.name.as_str())?));
    config.tenants.iter().map(sealed).collect()
}

/// Intents of the run before this one that have no outcome; those of earlier runs were told of.
#[derive(Default)]
struct LastRun {
    open: HashSet<RequestId>,
}

impl LastRun {
    fn record(&mut self, record: &Record<'_>) {
        match (record.kind(), record.request_id()) {
            (Kind::Open, _) => self.open.clear(),
            (Kind::Intent, Some(request)) => drop(self.open.insert(request)),
            (Kind::Outcome, Some(request)) => drop(self.open.remove(&request)),
            _ => {}
        }
    }
}

/// What an operator insists on at a start.
#[derive(Clone, Copy, Debug, Default, clap::Args)]
pub(crate) struct Insist {
    /// Begin a new log although there was one here: under a new signing key, with no API key, no
    /// spending and no record of the old one. The old key and view are moved aside.
    #[arg(long)]
    pub(crate) new_log: bool,
    /// Start although older files of the journal are missing or do not fit. The log stays one that
    /// does not verify; a signed record says that this was accepted.
    #[arg(long, conflicts_with = "new_log")]
    pub(crate) accept_damage: bool,
}

/// Opens the ledger and folds the accounts from it.
pub(crate) fn open_books(
    config: &Config,
    data_dir: &DataDir,
    base: &Path,
    insist: Insist,
) -> Result<Books, BooksError> {
    let folder = || data_dir.path().display().to_string();
    data_dir.finish_restore()?;
    data_dir.create().map_err(|cause| BooksError::DataDir { folder: folder(), cause })?;
    let keyring = Keyring::open(&data_dir.keys())?;
    if insist.new_log && !data_dir.has_segments() {
        keyring.set_signing_aside()?;
    }
    let tenant_keys = keyring.tenants().clone();
    let is_signed = keyring.find_signing();
    let signing_keys = signing_keys(config, keyring, base)?;
    // A key made now could not go on with the log, and would lie where the right one belongs.
    if data_dir.has_segments() && !signing_keys.are_named() && is_signed?.is_none() {
        return Err(BooksError::NoSigningKey(data_dir.keys().join("signing.key")));
    }
    let mut options = options(config, data_dir, &signing_keys)?;
    let (folded, mut memory) = (SharedFold::default(), Memory::default());
    let mut last_run = LastRun::default();
    let mut stored = StoredToday::at(unix_seconds());
    options.state = Box::new(folded.clone());
    options.new_log = insist.new_log;
    options.accept_damage = insist.accept_damage;
    // Tenants' keys are made once there is a log.
    options.signs.extend(tenant_keys.files()?);
    let (ledger, opened) = Ledger::open(options, &mut |place, record| {
        memory.record(place, record);
        last_run.record(record);
        stored.record(record);
        Ok(())
    })?;
    if opened.rotated {
        finish_rotation(&signing_keys)?;
    }
    let fold = folded.now();
    let (unfinished, held) = fold.unfinished();
    if !last_run.open.is_empty() {
        let new = last_run.open.len();
        tracing::warn!(new, unfinished, %held, "intents without outcome are charged at their hold");
    }
    finish_shreds(&fold, &tenant_keys)?;
    let tenants = tenants_of(config, &tenant_keys)?;
    let remembered = Mutex::new(memory.fresh(ledger.times().steady_us));
    let price_book = fold.price_book().map(str::to_owned);
    let clock = ledger.clone();
    let totals = config.limits.totals(config.threads);
    // A key does not expire because the clock is ahead for a moment, or was at some start.
    let seconds = move || {
        let times = clock.times();
        times.ordered_us.min(times.wall_us) / 1_000_000
    };
    let accounts = Accounts::new(tenants, totals, fold).timed_by(seconds);
    accounts.remember_stored(stored);
    let (accounts, signing_keys) = (Arc::new(accounts), Arc::new(signing_keys));
    Ok(Books { accounts, ledger, tenant_keys, signing_keys, price_book, remembered })
}

/// Where the configuration has the keys that sign.
pub(crate) fn signing_keys(
    config: &Config,
    keyring: Keyring,
    base: &Path,
) -> Result<SigningKeys, ConfigError> {
    let origin = config.ledger.origin.parse();
    let origin = origin.map_err(|error| config.error_at("ledger.origin", format!("{error}")))?;
    Ok(SigningKeys::new(origin, &config.ledger, keyring, base))
}

/// How the configuration wants the ledger in the data folder opened.
pub(crate) fn options(
    config: &Config,
    data_dir: &DataDir,
    keys: &SigningKeys,
) -> Result<Options, BooksError> {
    let wrong = |error| match error {
        SigningKeyError::Reference { field, problem } => config.error_at(field, problem).into(),
        other => BooksError::SigningKey(other),
    };
    let signing = keys.signing().map_err(wrong)?;
    let mut options = Options::new(data_dir.path(), keys.origin().clone(), signing);
    options.next_signing = keys.next().map_err(wrong)?;
    options.log_id = config.ledger.expect_log_id;
    options.anchored = read_back(config, data_dir)?;
    options.queue_records = config.ledger.queue_records;
    options.commit_delay = Duration::from_micros(config.ledger.commit_delay_microseconds);
    options.queue_shared = config.tenants.len() > 1;
    options.segment_bytes = config.ledger.segment_bytes;
    options.min_free_bytes = config.ledger.min_free_bytes;
    options.clock_limits = config.ledger.clock_limits();
    Ok(options)
}

/// The log was handed on before the last end, and the key that it was handed to has yet to take the
/// old one's place.
pub(crate) fn finish_rotation(keys: &SigningKeys) -> Result<(), KeyError> {
    if keys.are_named() {
        tracing::warn!("the log is signed by next_signing_key: make it the signing_key");
    }
    keys.promote()
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
