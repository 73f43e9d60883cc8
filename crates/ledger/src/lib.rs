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

mod anchored;
mod answers;
mod appender;
pub mod backup;
mod batch;
mod blame;
mod chain;
mod checkpoint;
mod clock;
mod commit;
mod committed;
mod content;
mod cosignature;
mod damage;
mod entry;
mod error;
mod fields;
mod frame;
mod gate;
mod hash;
mod header;
mod journal;
mod key_file;
mod keyring;
mod ledger;
mod log;
mod lookup;
mod note_key;
mod options;
mod own;
mod pending;
mod place;
mod proof;
mod queries;
mod randomness;
pub mod read;
mod receipt;
mod record;
mod recovery;
mod retention;
#[cfg(test)]
mod rules;
mod run;
mod scope;
mod seal;
mod snapshot;
mod space;
mod start;
mod state;
mod storage;
mod tenant_keys;
mod time;
mod tree;
mod trust;
#[cfg(test)]
mod vector;
mod verdict;
pub mod verify;
mod view;
mod walk;
mod window;

pub use crate::anchored::Anchored;
pub use crate::checkpoint::{Checkpoint, Head};
pub use crate::clock::{Clock, SystemClock};
pub use crate::cosignature::{Cosignature, WitnessKey};
pub use crate::damage::{Damage, Fault};
pub use crate::entry::{Content, Entry, External, Kind, RequestId};
pub use crate::error::{
    EntryError, FoldError, OpenError, ReadError, RetainError, StoreError, Unavailable,
};
pub use crate::hash::{Hash, LogId, NotAHash, RunId, TenantTag};
pub use crate::header::Flags;
pub use crate::header::MAX_PLAIN_CONTENT_BYTES;
pub use crate::keyring::{KeyError, Keyring};
pub use crate::ledger::{Ledger, OutcomeSlot};
pub use crate::note_key::{KeyFormatError, Origin, SigningKey, VerifyingKey};
pub use crate::options::{Opened, Options, ViewStart};
pub use crate::pending::Pending;
pub use crate::place::Place;
pub use crate::proof::{
    InclusionProof, ProofError, ProofFault, verify_consistency, verify_inclusion,
};
pub use crate::receipt::{
    Receipt, ReceiptError, ReceiptFault, ReceiptFile, ReceiptRecord, RecordFault, Reference, Shown,
    ShownRecord,
};
pub use crate::record::{Record, StoredRecord};
pub use crate::seal::{SealError, TenantSeal};
pub use crate::state::{MAX_ITEM_BYTES, SnapshotItems, State};
pub use crate::storage::{FileStorage, Segment, SegmentFile, Storage};
pub use crate::tenant_keys::TenantKeys;
pub use crate::time::rfc3339;
pub use crate::trust::Trust;
pub use crate::view::{RebuildError, Row, rebuild_view};
