//! A record on its own: all its bytes, wherever its content lies.

use zeroize::Zeroizing;

use crate::format::damage::Damage;
use crate::format::frame::Stop;
use crate::format::hash::Hash;
use crate::format::header::Header;
use crate::format::record::Record;
use crate::format::seal::{SealError, TenantSeal};
use crate::storage::Storage;

/// A record on its own: read from its place, and what its hash says it is.
pub struct StoredRecord {
    header: Header,
    hash: Hash,
    bytes: Vec<u8>,
    /// Content that lies in a file of its own.
    external: Option<Vec<u8>>,
}

impl StoredRecord {
    /// Reads one whole record; `expected` is the hash it must have, and by that its metadata and
    /// content are checked.
    pub(crate) fn parse(
        bytes: Vec<u8>,
        expected: Hash,
        storage: &dyn Storage,
    ) -> Result<Self, Stop> {
        let record = Record::parse(&bytes)?;
        if record.record_hash() != expected {
            return Err(Damage::Replaced.into());
        }
        record.check_metadata()?;
        let external = record.external().map(|external| external.read(storage)).transpose()?;
        if external.is_none() {
            record.check_inline()?;
        }
        Ok(Self { header: record.header, hash: record.hash, bytes, external })
    }

    /// The record.
    pub fn record(&self) -> Record<'_> {
        Record { header: self.header, hash: self.hash, bytes: &self.bytes }
    }

    /// The metadata as stored: a UTF-8 JSON object.
    pub fn metadata(&self) -> &[u8] {
        self.record().metadata()
    }

    /// The plaintext of the content.
    pub fn open(&self, seal: &TenantSeal) -> Result<Zeroizing<Vec<u8>>, SealError> {
        match &self.external {
            Some(stored) => self.record().open_external(stored, seal),
            None => self.record().open(seal),
        }
    }
}
