//! Prints `stored <sequence> <record hash> <plain content bytes>` for each record of a journal, to
//! be compared with what was acknowledged and with receipts.
//!
//! Content is opened, not only counted, when the data folder's keys are there: a record whose key
//! was lost is lost. Without a tenant's key, or for a record without content, `-` stands there.
//!
//! ```text
//! stored DATA-FOLDER [TENANT]
//! ```

use std::env;
use std::error::Error;
use std::io::{self, BufWriter, Write};
use std::path::PathBuf;

use inferlayer_ledger::read::{ContentError, Contents, Reader};
use inferlayer_ledger::{Keyring, Record, SealError, TenantSeal, Trust};

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = env::args().skip(1);
    let data: PathBuf = words.next().ok_or("which data folder?")?.into();
    let tenant = match words.next() {
        Some(name) => Some(Keyring::open(&data.join("keys"))?.tenant(&name)?),
        None => None,
    };
    let contents = Contents::at(&data);
    let mut reader = Reader::open(&data, Trust::FirstUse)?;
    let mut out = BufWriter::new(io::stdout().lock());
    while let Some(record) = reader.next()? {
        let content = plain_bytes(&contents, &record, tenant.as_ref())?;
        let content = content.map_or_else(|| "-".to_owned(), |bytes| bytes.to_string());
        writeln!(out, "stored {} {} {content}", record.sequence(), record.record_hash())?;
    }
    Ok(out.flush()?)
}

fn plain_bytes(
    contents: &Contents,
    record: &Record<'_>,
    tenant: Option<&TenantSeal>,
) -> Result<Option<usize>, String> {
    let Some(tenant) = tenant else {
        return Ok(None);
    };
    match contents.open(record, tenant) {
        Ok(plain) => Ok(Some(plain.len())),
        Err(ContentError::Seal(SealError::NotSealed)) => Ok(None),
        Err(error) => Err(format!("record {}: {error}", record.sequence())),
    }
}
