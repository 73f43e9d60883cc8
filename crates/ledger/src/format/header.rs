//! The fixed header of `FORMAT.md` §2: binary, so that a stranger's verifier is a struct and a
//! hash.

use crate::format::damage::Damage;
use crate::format::fields::Fields;
use crate::format::hash::{Hash, LogId, RunId, TenantTag};
use crate::format::kind::Kind;
use crate::format::seal::OVERHEAD_BYTES;

/// Bytes of a header.
pub(crate) const HEADER_BYTES: usize = PROLOGUE_BYTES + 32;
/// The header without its last field, `content_hash`: what sealing authenticates.
pub(crate) const PROLOGUE_BYTES: usize = 184;
/// The part of the header that tells the length of the record.
pub(crate) const LENGTHS_BYTES: usize = 24;

pub(crate) const MAGIC: [u8; 4] = *b"ILAR";
/// An object has two braces.
pub(crate) const MIN_METADATA_BYTES: usize = 2;
pub(crate) const MAX_METADATA_BYTES: usize = 1 << 20;
/// The longest content of one record before it is sealed, in bytes.
pub const MAX_PLAIN_CONTENT_BYTES: usize = 64 << 20;
const MAX_CONTENT_BYTES: u64 = (MAX_PLAIN_CONTENT_BYTES + OVERHEAD_BYTES) as u64;
const VERSION: u16 = 1;

/// The header's fields in order of their offsets; magic and version are constants.
#[derive(Clone, Copy)]
pub(crate) struct Header {
    pub(crate) lengths: Lengths,
    pub(crate) sequence: u64,
    pub(crate) time_us: u64,
    pub(crate) log_id: LogId,
    pub(crate) run_id: RunId,
    /// Zero when none.
    pub(crate) request_id: [u8; 16],
    /// Zero when none.
    pub(crate) tenant_tag: TenantTag,
    pub(crate) previous_hash: Hash,
    pub(crate) metadata_hash: Hash,
    /// Not part of the prologue: written once the content is sealed.
    pub(crate) content_hash: Hash,
}

impl Header {
    /// Appends the prologue; the content hash follows when it is known.
    pub(crate) fn encode_prologue(&self, out: &mut Vec<u8>) {
        self.lengths.encode(out);
        out.extend_from_slice(&self.sequence.to_be_bytes());
        out.extend_from_slice(&self.time_us.to_be_bytes());
        out.extend_from_slice(&self.log_id.0);
        out.extend_from_slice(&self.run_id.0);
        out.extend_from_slice(&self.request_id);
        out.extend_from_slice(&self.tenant_tag.0);
        out.extend_from_slice(&self.previous_hash.0);
        out.extend_from_slice(&self.metadata_hash.0);
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Damage> {
        let lengths = Lengths::decode(bytes)?;
        let rest = bytes.get(LENGTHS_BYTES..).unwrap_or_default();
        Self::decode_rest(lengths, &mut Fields(rest)).ok_or(Damage::Unfinished)
    }

    fn decode_rest(lengths: Lengths, fields: &mut Fields<'_>) -> Option<Self> {
        Some(Self {
            lengths,
            sequence: fields.u64()?,
            time_us: fields.u64()?,
            log_id: LogId(fields.next()?),
            run_id: RunId(fields.next()?),
            request_id: fields.next()?,
            tenant_tag: TenantTag(fields.next()?),
            previous_hash: Hash(fields.next()?),
            metadata_hash: Hash(fields.next()?),
            content_hash: Hash(fields.next()?),
        })
    }
}

/// The first 24 bytes of a header: enough to know how long the record is.
#[derive(Clone, Copy)]
pub(crate) struct Lengths {
    pub(crate) kind: Kind,
    pub(crate) flags: Flags,
    pub(crate) metadata: u32,
    pub(crate) content: u64,
}

impl Lengths {
    fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&MAGIC);
        out.extend_from_slice(&VERSION.to_be_bytes());
        out.extend_from_slice(&self.kind.number().to_be_bytes());
        out.extend_from_slice(&self.flags.0.to_be_bytes());
        out.extend_from_slice(&self.metadata.to_be_bytes());
        out.extend_from_slice(&self.content.to_be_bytes());
    }

    pub(crate) fn decode(bytes: &[u8]) -> Result<Self, Damage> {
        let mut fields = Fields(bytes);
        if fields.next() != Some(MAGIC) {
            return Err(Damage::Magic);
        }
        let version = fields.u16().ok_or(Damage::Unfinished)?;
        if version != VERSION {
            return Err(Damage::Version(version));
        }
        let kind = Kind::from(fields.u16().ok_or(Damage::Unfinished)?);
        let flags = Flags(fields.u32().ok_or(Damage::Unfinished)?);
        flags.let_pass(kind)?;
        let metadata = fields.u32().ok_or(Damage::Unfinished)?;
        let content = fields.u64().ok_or(Damage::Unfinished)?;
        let metadata_bytes = MIN_METADATA_BYTES..=MAX_METADATA_BYTES;
        if !metadata_bytes.contains(&(metadata as usize)) || content > MAX_CONTENT_BYTES {
            return Err(Damage::Length);
        }
        if !flags.fit(content) {
            return Err(Damage::Flags(flags.0));
        }
        Ok(Self { kind, flags, metadata, content })
    }

    /// Bytes of the whole record in its segment.
    pub(crate) fn record_bytes(&self) -> u64 {
        HEADER_BYTES as u64 + u64::from(self.metadata) + self.inline_bytes()
    }

    /// Bytes of content that stand in the segment.
    pub(crate) fn inline_bytes(&self) -> u64 {
        if self.flags.contains(Flags::EXTERNAL) { 0 } else { self.content }
    }
}

/// Flags of a record (`FORMAT.md` §2).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(u32);

impl Flags {
    /// No flag.
    pub const NONE: Self = Self(0);
    /// There is content, and it is sealed.
    pub const SEALED: Self = Self(1);
    /// The content lies in a file of its own, which the content hash names.
    pub const EXTERNAL: Self = Self(2);
    /// The tenant's policy keeps the content out of the ledger.
    pub const WITHHELD: Self = Self(4);
    /// A reader that does not know what the record tells of passes over it.
    pub const SKIPPABLE: Self = Self(8);

    /// Whether all of `flags` are set.
    pub fn contains(self, flags: Self) -> bool {
        self.0 & flags.0 == flags.0
    }

    /// These flags and those.
    pub(crate) const fn and(self, flags: Self) -> Self {
        Self(self.0 | flags.0)
    }

    /// Whether a record of this kind may have them as far as its kind goes. One that is not known
    /// may change what a reader would come to, unless its writer says that it does not; and what is
    /// known is never hidden by saying so.
    fn let_pass(self, kind: Kind) -> Result<(), Damage> {
        match (kind, self.contains(Self::SKIPPABLE)) {
            (Kind::Unknown(_), false) => Err(Damage::Kind(kind.number())),
            (kind, true) if !kind.may_be_skippable() => Err(Damage::Flags(self.0)),
            _ => Ok(()),
        }
    }

    /// Content is always sealed, and as long as sealing makes it; only without any may it be
    /// withheld.
    fn fit(self, content_bytes: u64) -> bool {
        let of_content = Self(self.0 & !Self::SKIPPABLE.0);
        match content_bytes {
            0 => of_content == Self::NONE || of_content == Self::WITHHELD,
            sealed if sealed < OVERHEAD_BYTES as u64 => false,
            _ => of_content == Self::SEALED || of_content == Self::SEALED.and(Self::EXTERNAL),
        }
    }
}
