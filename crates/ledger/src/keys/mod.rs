//! Keys in files: one that signs, one for each tenant.

pub(crate) mod error;
pub(crate) mod key_file;
pub(crate) mod keyring;
pub(crate) mod tenant_keys;
