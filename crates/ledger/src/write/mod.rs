//! The one writer: from the gate that lets an entry in to the receipt that its commit gives out.
//!
//! ```text
//! gate ─► (content: large, into files) ─► appender ─► batch ─► journal ─► committed, answers
//! ```

pub(crate) mod answers;
pub(crate) mod appender;
pub(crate) mod batch;
pub(crate) mod clock;
pub(crate) mod content;
pub(crate) mod error;
pub(crate) mod gate;
pub(crate) mod group;
pub(crate) mod journal;
pub(crate) mod own;
pub(crate) mod pace;
pub(crate) mod pending;
pub(crate) mod space;
pub(crate) mod step;
pub(crate) mod time;
