//! What is known of each committed record without opening it, and the last of it in memory.

pub(crate) mod committed;
pub(crate) mod row;
