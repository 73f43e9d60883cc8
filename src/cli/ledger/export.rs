//! `inferlayer ledger export`: records as JSON lines, for whoever wants them elsewhere. Reads
//! journal files alone, one commit at a time, so it works beside a running gateway and on a copy;
//! the same journal gives the same bytes.

mod line;

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use clap::Args;
use inferlayer_accounts::TenantName;
use inferlayer_ledger::Record;
use inferlayer_ledger::read::Reader;

use self::line::{End, Line};
use crate::cli::journal::{trust, unreadable};
use crate::cli::opener::{Opener, tenant_of};
use crate::cli::{Failure, Place, tenant_name, utc};
use crate::data_dir::DataDir;

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    which: Which,
    /// Open the content with the tenants' keys, where they are.
    #[arg(long)]
    content: bool,
    /// A new file, for its owner alone; standard output when absent.
    #[arg(long, value_name = "FILE")]
    out: Option<PathBuf>,
    /// The public key to hold the ledger against: the key itself, or a file with it.
    #[arg(long, value_name = "KEY")]
    key: Option<String>,
}

/// Which records; all of what is given has to fit.
#[derive(Args)]
struct Which {
    /// From this sequence number on.
    #[arg(long, value_name = "NUMBER")]
    from: Option<u64>,
    /// Up to this sequence number, which is included.
    #[arg(long, value_name = "NUMBER")]
    to: Option<u64>,
    /// Those that name this tenant.
    #[arg(long, value_parser = tenant_name)]
    tenant: Option<TenantName>,
    /// From this time on: 2026-11-22, or 2026-11-22T01:10:00Z.
    #[arg(long, value_name = "TIME", value_parser = utc::parse)]
    since: Option<u64>,
    /// Before this time.
    #[arg(long, value_name = "TIME", value_parser = utc::parse)]
    until: Option<u64>,
}

pub(crate) fn run(place: &Place, arguments: Arguments) -> Result<(), Failure> {
    let Arguments { which, content, out, key } = arguments;
    let data_dir = DataDir::at(&place.config()?.data_dir);
    let journal = data_dir.journal();
    let reader = Reader::open(&journal, trust(key.as_deref())?);
    let reader = reader.map_err(|error| unreadable(&journal, error))?;
    let opener = content.then(|| Opener::of(&data_dir));
    match out {
        None => write(&journal, reader, &which, opener.as_ref(), io::stdout().lock()).map(drop),
        Some(path) => {
            let file = write(&journal, reader, &which, opener.as_ref(), create(&path)?)?;
            Ok(file.sync_all()?)
        }
    }
}

fn create(path: &Path) -> Result<File, Failure> {
    let file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path);
    file.map_err(|error| Failure::Usage(format!("--out {}: {error}", path.display())))
}

/// Writes a line for each record that is meant, and one more for the log's end: without that one
/// the export is not complete.
fn write<W: Write>(
    journal: &Path,
    mut reader: Reader,
    which: &Which,
    opener: Option<&Opener>,
    out: W,
) -> Result<W, Failure> {
    let mut out = BufWriter::new(out);
    while let Some(record) = reader.next().map_err(|error| unreadable(journal, error))? {
        if which.is_meant(&record) {
            Line::of(&record, opener)?.write(&mut out)?;
        }
    }
    if let (Some(checkpoint), Some(key)) = (reader.checkpoint(), reader.key()) {
        End::of(checkpoint, key).write(&mut out)?;
    }
    out.into_inner().map_err(|error| error.into_error().into())
}

impl Which {
    fn is_meant(&self, record: &Record<'_>) -> bool {
        let (sequence, time_us) = (record.sequence(), record.time_us());
        self.from.is_none_or(|from| from <= sequence)
            && self.to.is_none_or(|to| sequence <= to)
            && self.since.is_none_or(|since| since <= time_us)
            && self.until.is_none_or(|until| time_us < until)
            && self.tenant.as_ref().is_none_or(|tenant| {
                tenant_of(record).is_some_and(|named| named == tenant.as_str())
            })
    }
}
