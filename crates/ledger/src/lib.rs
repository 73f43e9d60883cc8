//! The ledger: an append-only, signed, sealed journal of every inference, and what recomputes it.
//!
//! One journal is the only truth. A single appender thread owns the chain and commits in groups:
//! records, one signed checkpoint, one write, one `fdatasync`, and only then are the callers told.
//! The sled view is an index that can be deleted at any time. `FORMAT.md` describes every byte.
//!
//! ```text
//! Ledger ─ append/begin ─► queue ─► appender: seal, hash, chain, sign, write, sync ─► Receipt
//!                                       └─► view thread: sled index, fed after the commit
//! Walker: the one checker of stored bytes, shared by start-up, `read` and `verify`
//! ```

mod answers;
mod appender;
mod batch;
mod chain;
mod checkpoint;
mod clock;
mod commit;
mod committed;
mod cosignature;
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
mod lookup;
mod note_key;
mod options;
mod pending;
mod place;
mod proof;
mod queries;
mod randomness;
pub mod read;
mod receipt;
mod record;
mod recovery;
mod reference;
#[cfg(test)]
mod rules;
mod run;
mod seal;
mod start;
mod storage;
mod tree;
mod trust;
#[cfg(test)]
mod vector;
pub mod verify;
mod view;
mod walk;
mod window;

pub use crate::checkpoint::{Checkpoint, Head};
pub use crate::clock::{Clock, SystemClock};
pub use crate::cosignature::{Cosignature, WitnessKey};
pub use crate::entry::{Content, Entry, Kind, RequestId};
pub use crate::error::{
    Damage, EntryError, Fault, FoldError, OpenError, ReadError, StoreError, Unavailable,
};
pub use crate::hash::{Hash, LogId, RunId, TenantTag};
pub use crate::header::Flags;
pub use crate::header::MAX_PLAIN_CONTENT_BYTES;
pub use crate::keyring::{KeyError, Keyring};
pub use crate::ledger::{Ledger, OutcomeSlot};
pub use crate::note_key::{KeyFormatError, Origin, SigningKey, VerifyingKey};
pub use crate::options::{Anchored, Opened, Options, ViewStart};
pub use crate::pending::Pending;
pub use crate::place::Place;
pub use crate::proof::{
    InclusionProof, ProofError, ProofFault, verify_consistency, verify_inclusion,
};
pub use crate::receipt::Receipt;
pub use crate::record::{Record, StoredRecord};
pub use crate::reference::Reference;
pub use crate::seal::{SealError, TenantSeal};
pub use crate::storage::{FileStorage, Segment, SegmentFile, Storage};
pub use crate::trust::Trust;
pub use crate::view::Row;
