//! The ledger: an append-only, signed, sealed journal of every inference, and what recomputes it.
//!
//! One journal is the only truth. A single appender thread owns the chain and commits in groups:
//! records, one signed checkpoint, one write, one `fdatasync`, and only then are the callers told.
//! The sled view is an index that can be deleted at any time. `FORMAT.md` describes every byte.
//!
//! ```text
//! Ledger ─ append/begin ─► queue ─► appender: seal, hash, chain, sign, write, sync ─► Receipt
//!                                       └─► view thread: sled index, fed after the commit
//! Ledger ─ proof/receipt_of/records_of ─► memory, then view ─► InclusionProof, ReceiptFile
//! Walker: the one checker of stored bytes, shared by start-up, `read` and `verify`
//! ```
//!
//! `format` what the bytes are · `log` what they say of the log · `walk` the checker · `start` and
//! `write` the writer · `view` and `lookup` the index · `proof`, `receipt`, `verify`, `read`,
//! `backup` what others are shown · `keys` in files.

pub mod backup;
mod format;
mod index;
mod keys;
mod ledger;
mod log;
mod lookup;
mod proof;
pub mod read;
mod receipt;
mod regular;
#[cfg(test)]
mod rules;
mod start;
mod storage;
#[cfg(test)]
mod vector;
pub mod verify;
mod view;
mod walk;
mod write;

pub use crate::format::checkpoint::{Checkpoint, Head};
pub use crate::format::cosignature::{Cosignature, WitnessKey};
pub use crate::format::damage::{Damage, Fault, ReadError};
pub use crate::format::entry::{Content, Entry, EntryError, External, RequestId};
pub use crate::format::hash::{Hash, LogId, NotAHash, RunId, TenantTag};
pub use crate::format::header::{Flags, MAX_PLAIN_CONTENT_BYTES};
pub use crate::format::kind::{Kind, UnknownKind};
pub use crate::format::note_key::{KeyFormatError, Origin, SigningKey, VerifyingKey};
pub use crate::format::record::Record;
pub use crate::format::seal::{ContentMac, Queued, SealError, TenantSeal};
pub use crate::format::segment::Segment;
pub use crate::format::time::{parse_rfc3339, rfc3339};
pub use crate::index::row::Row;
pub use crate::keys::error::KeyError;
pub use crate::keys::keyring::Keyring;
pub use crate::keys::tenant_keys::TenantKeys;
pub use crate::ledger::Ledger;
pub use crate::ledger::slot::OutcomeSlot;
pub use crate::log::state::{FoldError, MAX_ITEM_BYTES, SnapshotItems, State};
pub use crate::log::trust::Trust;
pub use crate::proof::{
    InclusionProof, ProofError, ProofFault, verify_consistency, verify_inclusion,
};
pub use crate::read::place::Place;
pub use crate::read::stored::StoredRecord;
pub use crate::receipt::{
    Receipt, ReceiptError, ReceiptFault, ReceiptFile, ReceiptRecord, RecordFault, Reference, Shown,
    ShownRecord,
};
pub use crate::regular::open_regular;
pub use crate::start::anchored::Anchored;
pub use crate::start::error::{OpenError, RetainError};
pub use crate::start::options::{Opened, Options};
pub use crate::start::rebuild::{RebuildError, rebuild_view};
pub use crate::storage::{FileStorage, SegmentFile, Storage};
pub use crate::view::{ViewStart, records_in as records_in_view};
pub use crate::write::clock::{Clock, SystemClock};
pub use crate::write::error::{StoreError, Unavailable};
pub use crate::write::pending::Pending;
pub use crate::write::time::{ClockLimits, Times};
