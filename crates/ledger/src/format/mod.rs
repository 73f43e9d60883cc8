//! What stands in the bytes of a journal, as `FORMAT.md` describes it: records and their headers,
//! hashes, notes and keys, seals. Nothing here reads or writes a file.

pub(crate) mod binding;
pub(crate) mod checkpoint;
pub(crate) mod cosignature;
pub(crate) mod damage;
pub(crate) mod entry;
pub(crate) mod fields;
pub(crate) mod frame;
pub(crate) mod hash;
pub(crate) mod header;
pub(crate) mod json;
pub(crate) mod kind;
pub(crate) mod note_key;
pub(crate) mod randomness;
pub(crate) mod record;
pub(crate) mod seal;
pub(crate) mod segment;
pub(crate) mod time;
pub(crate) mod tree;
pub(crate) mod window;
