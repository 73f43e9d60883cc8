//! One row of the view: where a record lies, and what one asks for without opening it.

use crate::format::entry::RequestId;
use crate::format::fields::Fields;
use crate::format::hash::{Hash, TenantTag};
use crate::format::kind::Kind;
use crate::format::record::Record;
use crate::format::segment::Segment;
use crate::read::place::Place;

/// Bytes of a stored row.
pub(crate) const ROW_BYTES: usize = 94;

/// Where a record lies in the journal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Row {
    /// Place in the log, from 0.
    pub sequence: u64,
    /// The segment that holds it.
    pub segment: Segment,
    /// Offset of its first byte in the segment.
    pub offset: u64,
    /// Length of the whole record.
    pub bytes: u32,
    /// What happened.
    pub kind: Kind,
    /// Microseconds since 1970-01-01 UTC.
    pub time_us: u64,
    /// Whose it is.
    pub tenant_tag: Option<TenantTag>,
    /// The request it belongs to.
    pub request: Option<RequestId>,
    /// Its hash; whoever reads the record by this row compares it.
    pub record_hash: Hash,
}

impl Row {
    pub(crate) fn of(record: &Record<'_>, segment: Segment, offset: u64, bytes: u32) -> Self {
        Self {
            sequence: record.sequence(),
            segment,
            offset,
            bytes,
            kind: record.kind(),
            time_us: record.time_us(),
            tenant_tag: record.tenant_tag(),
            request: record.request_id(),
            record_hash: record.record_hash(),
        }
    }

    /// Where the record stands, for [`Ledger::read`](crate::Ledger::read).
    pub fn place(&self) -> Place {
        let Self { segment, offset, bytes, sequence, .. } = *self;
        Place { segment, offset, bytes, sequence }
    }

    /// Offset of what follows the record in its segment.
    pub(crate) fn end(&self) -> u64 {
        self.offset + u64::from(self.bytes)
    }

    /// Appends the stored form, which has no sequence: its place in a block tells it.
    pub(crate) fn encode(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(&self.segment.0.to_be_bytes());
        out.extend_from_slice(&self.offset.to_be_bytes());
        out.extend_from_slice(&self.bytes.to_be_bytes());
        out.extend_from_slice(&self.kind.number().to_be_bytes());
        out.extend_from_slice(&self.time_us.to_be_bytes());
        out.extend_from_slice(&self.tenant_tag.map_or([0; 16], |tag| tag.0));
        out.extend_from_slice(&self.request.map_or([0; 16], |request| request.bytes()));
        out.extend_from_slice(&self.record_hash.0);
    }

    /// Reads what [`Row::encode`] wrote for the record `sequence`.
    pub(crate) fn decode(bytes: &[u8], sequence: u64) -> Option<Self> {
        let mut fields = Fields(bytes);
        Some(Self {
            sequence,
            segment: Segment(fields.u64()?),
            offset: fields.u64()?,
            bytes: fields.u32()?,
            kind: fields.u16()?.into(),
            time_us: fields.u64()?,
            tenant_tag: Some(fields.next()?).filter(|tag| *tag != [0; 16]).map(TenantTag),
            request: RequestId::new(fields.next()?),
            record_hash: Hash(fields.next()?),
        })
    }
}
