//! Content in files of its own: read whole, or compared with what its record says of it.

use std::io;

use crate::format::damage::Damage;
use crate::format::entry::External;
use crate::format::frame::Stop;
use crate::format::hash::Hash;
use crate::storage::Storage;

/// Read at a time when a file is checked.
const CHUNK_BYTES: usize = 64 << 10;

impl External {
    /// All stored bytes, if they are those that the record speaks of.
    pub(crate) fn read(&self, storage: &dyn Storage) -> Result<Vec<u8>, Stop> {
        let mut bytes = Vec::new();
        let mut file = open(storage, self.hash)?;
        // One byte more tells a file that is too long.
        let limit = self.bytes.saturating_add(1);
        io::Read::read_to_end(&mut io::Read::take(&mut file, limit), &mut bytes)?;
        if bytes.len() as u64 != self.bytes || Hash::of_content(&bytes) != self.hash {
            return Err(Damage::Content.into());
        }
        Ok(bytes)
    }

    /// Whether the stored bytes are those that the record speaks of, without holding them.
    pub(crate) fn check(&self, storage: &dyn Storage) -> Result<(), Stop> {
        let mut file = open(storage, self.hash)?;
        let mut digest = Hash::content_digest();
        let mut chunk = vec![0; CHUNK_BYTES];
        let mut length = 0;
        // What is longer than the record says is not read to its end.
        while length <= self.bytes {
            let read = file.read(&mut chunk)?;
            if read == 0 {
                break;
            }
            length += read as u64;
            digest.update(chunk.get(..read).unwrap_or_default());
        }
        if length != self.bytes || digest.finish() != self.hash {
            return Err(Damage::Content.into());
        }
        Ok(())
    }
}

fn open(storage: &dyn Storage, name: Hash) -> Result<Box<dyn io::Read + Send>, Stop> {
    storage.read_content(name).map_err(|error| match error.kind() {
        io::ErrorKind::NotFound => Damage::ContentMissing.into(),
        _ => error.into(),
    })
}
