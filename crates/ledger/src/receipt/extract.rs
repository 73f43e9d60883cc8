//! A record without its content: what a receipt discloses, and enough to recompute its hash.

use std::io::{self, Read};

use crate::format::damage::{Damage, Fault, ReadError};
use crate::format::hash::Hash;
use crate::format::header::{HEADER_BYTES, Header};
use crate::format::json;
use crate::format::record::Record;
use crate::read::place::Place;
use crate::storage::Storage;

/// Header and metadata that belong together.
#[derive(Clone)]
pub(crate) struct Extract {
    pub(crate) header: Header,
    pub(crate) header_bytes: [u8; HEADER_BYTES],
    /// Hash of the record.
    pub(crate) hash: Hash,
    /// A JSON object.
    pub(crate) metadata: String,
}

impl Extract {
    /// Compares the metadata with the header, and answers the hash that the header has.
    pub(crate) fn parse(
        header_bytes: [u8; HEADER_BYTES],
        metadata: String,
    ) -> Result<Self, Damage> {
        let header = Header::decode(&header_bytes)?;
        if Hash::of_metadata(metadata.as_bytes()) != header.metadata_hash {
            return Err(Damage::Metadata);
        }
        if !json::is_object(metadata.as_bytes()) {
            return Err(Damage::NotJson);
        }
        Ok(Self { header, hash: Hash::of_header(&header_bytes), header_bytes, metadata })
    }

    /// That of a record.
    pub(crate) fn of(record: &Record<'_>) -> Result<Self, Damage> {
        let header = record.header().first_chunk().ok_or(Damage::Unfinished)?;
        let metadata = String::from_utf8(record.metadata().to_vec());
        Self::parse(*header, metadata.map_err(|_| Damage::NotJson)?)
    }

    /// Reads the record at `place`, the one whose hash is `expected`. Blocks.
    pub(crate) fn read(
        storage: &dyn Storage,
        place: Place,
        expected: Hash,
    ) -> Result<Self, ReadError> {
        let Place { segment, offset, sequence, .. } = place;
        let fault = |what| Fault { segment, offset, sequence, what };
        let mut file = storage.read(segment, offset)?;
        let mut header = [0; HEADER_BYTES];
        file.read_exact(&mut header)?;
        if Hash::of_header(&header) != expected {
            return Err(fault(Damage::Replaced).into());
        }
        let length = Header::decode(&header).map_err(fault)?.lengths.metadata;
        let metadata = io::read_to_string(file.take(length.into()))?;
        Ok(Self::parse(header, metadata).map_err(fault)?)
    }
}
