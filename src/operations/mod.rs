//! What an operator can do, whoever asks for it: the admin socket beside a running gateway, or the
//! command line where none runs. Each change is a ledger record first and takes effect only when
//! that is durable.

mod keys;
mod one_line;
mod reason;
mod receipts;
mod restore;
mod retain;
pub(crate) mod retention;
mod rotate;
mod shred;
mod spend;

pub(crate) use keys::{CreateKey, CreatedKey, KeyError, Keys};
pub(crate) use one_line::is_one_line;
pub(crate) use reason::Reason;
pub(crate) use receipts::{Proof, Receipts, ReceiptsError};
pub(crate) use restore::{Restored, restore};
pub(crate) use retain::{Dropped, Retain, RetainError, Retainer};
pub(crate) use retention::DAY_US;
pub(crate) use rotate::{RotateError, Rotated, Rotator};
pub(crate) use shred::{Shred, ShredError, Shredded, Shredder};
pub(crate) use spend::{Claimed, Spend};
