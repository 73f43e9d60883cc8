//! A backup that takes the place of a lost journal. It is copied aside, verified as a whole and
//! given the signed record that names what it may lack; only then does it get the journal's name,
//! so a crash leaves no journal rather than one that has lost records in silence.

use std::fs::{self, File};
use std::io;
use std::os::unix::net::UnixStream;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use inferlayer_ledger::backup::{BackupError, back_up};
use inferlayer_ledger::verify::verify;
use inferlayer_ledger::{
    FileStorage, FoldError, KeyError, Keyring, Kind, Ledger, OpenError, Options, ReadError, Record,
    State, StoreError, Trust, records_in_view,
};
use inferlayer_records::SharedFold;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::config::{Config, ConfigError};
use crate::data_dir::DataDir;
use crate::state::{
    BooksError, SigningKeyError, SigningKeys, finish_rotation, options, signing_keys,
};

/// A journal that goes on.
pub(crate) struct Restored {
    /// Those that the backup had.
    pub(crate) records: u64,
    /// When the last of them was recorded, microseconds since 1970-01-01 UTC.
    pub(crate) last_time_us: u64,
    /// Where the ledger says what is lost.
    pub(crate) sequence: u64,
    /// The largest size that is known to have been acknowledged.
    pub(crate) lost_until: u64,
}

/// Why there is no journal again; the data folder is as it was.
#[derive(Debug, thiserror::Error)]
pub(crate) enum RestoreError {
    #[error("{0} is there: move it away, then restore in its place")]
    JournalThere(PathBuf),
    #[error("the restore that was cut short had put the journal in its place: start the gateway")]
    Finished,
    #[error("a gateway runs on this data folder: stop it first")]
    Running,
    #[error("no backup has the key that signs, and the log cannot go on without: put it into {0}")]
    NoKey(PathBuf),
    #[error(
        "the log goes on under {found} alone, which is not the signing key here; \
         `inferlayer-verify` reads the backup without it"
    )]
    OtherKey { found: String },
    #[error("{0}")]
    Copy(#[from] BackupError),
    #[error("the backup does not hold: {0}")]
    DoesNotHold(#[from] ReadError),
    #[error("{0}")]
    Config(#[from] ConfigError),
    #[error("{0}")]
    Books(#[from] BooksError),
    #[error("{0}")]
    SigningKey(#[from] SigningKeyError),
    #[error("{0}")]
    Key(#[from] KeyError),
    #[error("{0}")]
    Open(OpenError),
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("{0}")]
    Io(#[from] io::Error),
    #[error("the ledger has not said what is lost")]
    Silent,
}

/// Puts the backup in `from` where the journal was. `reason` is for the record.
pub(crate) fn restore(
    config: &Config,
    data_dir: &DataDir,
    base: &Path,
    from: &Path,
    reason: &str,
) -> Result<Restored, RestoreError> {
    if data_dir.restoring().exists() && data_dir.finish_restore().is_ok() {
        return Err(RestoreError::Finished);
    }
    refuse_to_replace(data_dir)?;
    data_dir.create()?;
    let keys = signing_keys(config, Keyring::open(&data_dir.keys())?, base)?;
    if keys.find()?.is_none() {
        return Err(RestoreError::NoKey(data_dir.keys().join("signing.key")));
    }
    let mut options = options(config, data_dir, &keys)?;
    options.restored = Some(reason.to_owned());
    // Whoever knows how far the lost journal went; more may have been acknowledged.
    options.known_records = records_in_view(&data_dir.view()).unwrap_or(0);
    let aside = Aside::new(data_dir)?;
    let restored = aside.fill(from, options, &keys)?;
    aside.take_place(data_dir)?;
    Ok(restored)
}

fn refuse_to_replace(data_dir: &DataDir) -> Result<(), RestoreError> {
    if UnixStream::connect(data_dir.admin_socket()).is_ok() {
        return Err(RestoreError::Running);
    }
    let journal = data_dir.journal();
    let entries = match fs::read_dir(&journal) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        entries => entries?,
    };
    for entry in entries {
        if entry?.file_name() != LOCK {
            return Err(RestoreError::JournalThere(journal));
        }
    }
    Ok(())
}

const LOCK: &str = "lock";

/// Where the journal is made ready. What is left of it goes with this value.
struct Aside(PathBuf);

impl Aside {
    fn new(data_dir: &DataDir) -> io::Result<Aside> {
        let aside = Aside(data_dir.restoring());
        match fs::remove_dir_all(&aside.0) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            _ => Ok(aside),
        }
    }

    fn journal(&self) -> PathBuf {
        self.0.join("journal")
    }

    /// Copies, verifies the copy, and lets the ledger say what is lost.
    fn fill(
        &self,
        from: &Path,
        mut options: Options,
        keys: &SigningKeys,
    ) -> Result<Restored, RestoreError> {
        back_up(from, &self.0)?;
        let report = verify(&self.0, Trust::FirstUse)?;
        let state = Watched::default();
        options.journal = self.journal();
        options.storage = Arc::new(FileStorage::new(&self.journal()));
        options.view = None;
        options.state = Box::new(state.clone());
        let (ledger, opened) = Ledger::open(options, &mut |_, _| Ok(()))?;
        ledger.close()?;
        if opened.rotated {
            finish_rotation(keys)?;
        }
        let (sequence, lost) = state.lost().ok_or(RestoreError::Silent)?;
        Ok(Restored {
            records: report.records,
            last_time_us: report.last_time_us,
            sequence,
            lost_until: lost.lost_until,
        })
    }

    /// The moment at which there is a journal again.
    fn take_place(&self, data_dir: &DataDir) -> io::Result<()> {
        match fs::remove_file(data_dir.journal().join(LOCK)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        fs::rename(self.journal(), data_dir.journal())?;
        File::open(data_dir.path())?.sync_all()
    }
}

impl Drop for Aside {
    fn drop(&mut self) {
        // The next restore removes it otherwise.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// The accounts, which a snapshot may have to hold, and the last word about lost records.
#[derive(Clone, Default)]
struct Watched {
    accounts: SharedFold,
    lost: Arc<Mutex<Option<(u64, Lost)>>>,
}

#[derive(Clone, Copy, Deserialize)]
struct Lost {
    lost_until: u64,
}

impl Watched {
    /// Where it is said, and what.
    fn lost(&self) -> Option<(u64, Lost)> {
        *self.lost.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State for Watched {
    fn record(&mut self, record: &Record<'_>) -> Result<(), FoldError> {
        if record.kind() == Kind::Restore {
            let lost = serde_json::from_slice(record.metadata());
            let lost = lost.map_err(|error| FoldError(error.into()))?;
            let mut last = self.lost.lock().unwrap_or_else(PoisonError::into_inner);
            *last = Some((record.sequence(), lost));
        }
        self.accounts.record(record)
    }

    fn items(&self) -> Vec<Box<RawValue>> {
        self.accounts.items()
    }
}

impl From<OpenError> for RestoreError {
    fn from(error: OpenError) -> RestoreError {
        match error {
            OpenError::OtherKey { found } => RestoreError::OtherKey { found },
            error => RestoreError::Open(error),
        }
    }
}
