//! A stored record: the header, and the bytes it speaks for, borrowed from their segment.
//!
//! Metadata and content are hashed as stored and never re-serialised.

use zeroize::Zeroizing;

use crate::format::binding::Binding;
use crate::format::damage::Damage;
use crate::format::entry::{External, RequestId};
use crate::format::hash::{Hash, LogId, RunId, TenantTag};
use crate::format::header::{Flags, HEADER_BYTES, Header, PROLOGUE_BYTES};
use crate::format::json;
use crate::format::kind::Kind;
use crate::format::seal::{SealError, TenantSeal};

/// A parsed record, borrowed from the bytes of its segment.
#[derive(Clone, Copy)]
pub struct Record<'a> {
    pub(crate) header: Header,
    pub(crate) hash: Hash,
    pub(crate) bytes: &'a [u8],
}

impl<'a> Record<'a> {
    /// Reads one whole record. Does not compare metadata and content with their hashes:
    /// see [`Record::check_metadata`] and [`Record::check_inline`].
    pub(crate) fn parse(bytes: &'a [u8]) -> Result<Self, Damage> {
        let header_bytes = bytes.get(..HEADER_BYTES).ok_or(Damage::Unfinished)?;
        Self::with_hash(bytes, Hash::of_header(header_bytes))
    }

    /// As [`Record::parse`], for a record whose hash is known already.
    pub(crate) fn with_hash(bytes: &'a [u8], hash: Hash) -> Result<Self, Damage> {
        let header = Header::decode(bytes)?;
        if bytes.len() as u64 != header.lengths.record_bytes() {
            return Err(Damage::Length);
        }
        Ok(Self { header, hash, bytes })
    }

    /// Compares the metadata with their hash; they have to be JSON.
    pub(crate) fn check_metadata(&self) -> Result<(), Damage> {
        if Hash::of_metadata(self.metadata()) != self.header.metadata_hash {
            return Err(Damage::Metadata);
        }
        if !json::is_object(self.metadata()) {
            return Err(Damage::NotJson);
        }
        Ok(())
    }

    /// Compares the content that stands in the segment with its hash.
    pub(crate) fn check_inline(&self) -> Result<(), Damage> {
        if Hash::of_content(self.content()) != self.header.content_hash {
            return Err(Damage::Content);
        }
        Ok(())
    }

    /// Where content of its own file lies, if it does.
    pub(crate) fn external(&self) -> Option<External> {
        let Header { lengths, content_hash, .. } = self.header;
        let external = External { hash: content_hash, bytes: lengths.content };
        lengths.flags.contains(Flags::EXTERNAL).then_some(external)
    }

    /// What happened.
    pub fn kind(&self) -> Kind {
        self.header.lengths.kind
    }

    /// Flags of the content.
    pub fn flags(&self) -> Flags {
        self.header.lengths.flags
    }

    /// Whether a reader that does not know what it tells of passes over it: by that it says to
    /// change nothing that such a reader comes to.
    pub fn is_skippable(&self) -> bool {
        self.flags().contains(Flags::SKIPPABLE)
    }

    /// Position in the log, from 0.
    pub fn sequence(&self) -> u64 {
        self.header.sequence
    }

    /// Microseconds since 1970-01-01 UTC; never smaller than that of the record before.
    pub fn time_us(&self) -> u64 {
        self.header.time_us
    }

    /// The log it belongs to.
    pub fn log_id(&self) -> LogId {
        self.header.log_id
    }

    /// The run of the writer that recorded it.
    pub fn run_id(&self) -> RunId {
        self.header.run_id
    }

    /// The request it belongs to.
    pub fn request_id(&self) -> Option<RequestId> {
        RequestId::new(self.header.request_id)
    }

    /// The tenant's pseudonym; `None` for records of the system.
    pub fn tenant_tag(&self) -> Option<TenantTag> {
        (self.header.tenant_tag.0 != [0; 16]).then_some(self.header.tenant_tag)
    }

    /// The header's 216 bytes, which the record hash is over.
    pub fn header(&self) -> &'a [u8] {
        self.bytes.get(..HEADER_BYTES).unwrap_or_default()
    }

    /// Hash of the content as it is stored, wherever that is; also when there is none.
    pub fn content_hash(&self) -> Hash {
        self.header.content_hash
    }

    /// Length of the content as it is stored, sealed; 0 when there is none.
    pub fn content_bytes(&self) -> u64 {
        self.header.lengths.content
    }

    /// Bytes that it takes on the disk, content in a file of its own included.
    pub fn disk_bytes(&self) -> u64 {
        self.bytes.len() as u64 + self.external().map_or(0, |external| external.bytes)
    }

    /// Hash of the record before.
    pub fn previous_hash(&self) -> Hash {
        self.header.previous_hash
    }

    /// Hash of this record's header, and through it of everything in the record.
    pub fn record_hash(&self) -> Hash {
        self.hash
    }

    /// The metadata as stored: a UTF-8 JSON object.
    pub fn metadata(&self) -> &'a [u8] {
        let end = HEADER_BYTES + self.header.lengths.metadata as usize;
        self.bytes.get(HEADER_BYTES..end).unwrap_or_default()
    }

    /// The content as it stands in the segment, sealed; empty when there is none here.
    pub fn content(&self) -> &'a [u8] {
        let start = HEADER_BYTES + self.header.lengths.metadata as usize;
        self.bytes.get(start..).unwrap_or_default()
    }

    /// The plaintext of the content that stands in the segment. What lies in a file of its own is
    /// opened by [`StoredRecord::open`].
    pub fn open(&self, seal: &TenantSeal) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let prologue = self.bytes.get(..PROLOGUE_BYTES).ok_or(SealError::NotSealed)?;
        if self.content().is_empty() {
            return Err(SealError::NotSealed);
        }
        seal.open(self.content(), prologue)
    }

    /// The plaintext of `stored`, which lies in a file of its own.
    pub(crate) fn open_external(
        &self,
        stored: &[u8],
        seal: &TenantSeal,
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let Header { lengths, log_id, run_id, request_id, tenant_tag, metadata_hash, .. } =
            self.header;
        let bound =
            Binding { kind: lengths.kind, log_id, run_id, request_id, tenant_tag, metadata_hash };
        seal.open(stored, &bound.encode())
    }
}

impl Record<'_> {
    /// Bytes of the whole record.
    pub(crate) fn stored_bytes(&self) -> u32 {
        // Metadata and content are bounded far below 4 GiB.
        u32::try_from(self.bytes.len()).unwrap_or(u32::MAX)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::format::header::Lengths;

    fn bytes() -> Vec<u8> {
        let header = Header {
            lengths: Lengths { kind: Kind::Config, flags: Flags::NONE, metadata: 2, content: 0 },
            sequence: 7,
            time_us: 9,
            log_id: LogId([1; 32]),
            run_id: RunId([2; 16]),
            request_id: [3; 16],
            tenant_tag: TenantTag([0; 16]),
            previous_hash: Hash([5; 32]),
            metadata_hash: Hash::of_metadata(b"{}"),
            content_hash: Hash::of_content(b""),
        };
        let mut out = Vec::new();
        header.encode_prologue(&mut out);
        out.extend_from_slice(&header.content_hash.0);
        out.extend_from_slice(b"{}");
        out
    }

    #[test]
    fn fields_stand_at_the_documented_offsets() {
        let bytes = bytes();
        assert_eq!(bytes.len(), HEADER_BYTES + 2);
        for (offset, expected) in
            [(24, 0u8), (31, 7), (39, 9), (40, 1), (72, 2), (88, 3), (104, 0), (120, 5)]
        {
            assert_eq!(bytes[offset], expected, "offset {offset}");
        }
        assert_eq!(bytes[152..184], Hash::of_metadata(b"{}").0);
    }

    #[test]
    fn a_record_reads_back_and_edits_are_seen() {
        let mut bytes = bytes();
        let record = Record::parse(&bytes).unwrap();
        assert_eq!(record.sequence(), 7);
        assert_eq!(record.tenant_tag(), None);
        assert_eq!(record.metadata(), b"{}");
        assert_eq!(record.check_metadata(), Ok(()));
        assert_eq!(record.check_inline(), Ok(()));
        *bytes.last_mut().unwrap() = b' ';
        assert_eq!(Record::parse(&bytes).unwrap().check_metadata(), Err(Damage::Metadata));
    }

    #[test]
    fn later_versions_kinds_and_flags_are_named() {
        let damaged = |offset: usize, value: u8| {
            let mut bytes = bytes();
            bytes[offset] = value;
            Record::parse(&bytes).err()
        };
        assert_eq!(damaged(0, b'X'), Some(Damage::Magic));
        assert_eq!(damaged(5, 2), Some(Damage::Version(2)));
        assert_eq!(damaged(7, 99), Some(Damage::Kind(99)));
        assert_eq!(damaged(11, 16), Some(Damage::Flags(16)));
        assert_eq!(damaged(11, 1), Some(Damage::Flags(1)), "sealed without content");
        assert_eq!(damaged(11, 2), Some(Damage::Flags(2)), "reserved");
        assert_eq!(damaged(23, 88), Some(Damage::Flags(0)), "content that is not sealed");
        assert_eq!(damaged(12, 0xff), Some(Damage::Length));
        let sealed = |content_len: u8| {
            let mut bytes = bytes();
            (bytes[11], bytes[23]) = (1, content_len);
            Record::parse(&bytes).err()
        };
        assert_eq!(sealed(87), Some(Damage::Flags(1)), "shorter than sealing makes it");
        assert_eq!(sealed(88), Some(Damage::Length), "which these bytes are not");
    }

    #[test]
    fn only_what_may_be_unknown_may_be_passed_over() {
        let with = |kind: u16, flags: u8| {
            let mut bytes = bytes();
            bytes[6..8].copy_from_slice(&kind.to_be_bytes());
            bytes[11] = flags;
            Record::parse(&bytes).map(|record| (record.kind(), record.is_skippable()))
        };
        for (kind, _) in Kind::ALL {
            let number = kind.number();
            assert_eq!(with(number, 0), Ok((kind, false)));
            match kind {
                Kind::KeyEvent => assert_eq!(with(number, 8), Ok((kind, true))),
                _ => assert_eq!(with(number, 8), Err(Damage::Flags(8)), "{kind} would be hidden"),
            }
        }
        for number in [14, 17, 0x8000, u16::MAX] {
            assert_eq!(with(number, 8), Ok((Kind::from(number), true)));
            assert_eq!(with(number, 12), Ok((Kind::from(number), true)), "content withheld");
            assert_eq!(with(number, 9), Err(Damage::Flags(9)), "sealed without content");
            assert_eq!(with(number, 0), Err(Damage::Kind(number)));
            assert_eq!(with(number, 24), Err(Damage::Flags(24)));
        }
    }
}
