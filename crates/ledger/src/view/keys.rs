//! How the keys of the store are laid out: a prefix, then numbers in the order of bytes.

use crate::format::hash::TenantTag;

const BLOCK_PREFIX: u8 = b'b';
const TENANT_PREFIX: u8 = b'n';

/// Of a block of rows: the sequence of its first.
pub(super) fn block_key(sequence: u64) -> [u8; 9] {
    let mut key = [BLOCK_PREFIX; 9];
    key.iter_mut().skip(1).zip(sequence.to_be_bytes()).for_each(|(to, from)| *to = from);
    key
}

/// Of a tenant in a block of rows: the time of the block's last row, the sequence of its first.
pub(super) fn tenant_key(tag: TenantTag, last_time_us: u64, first_sequence: u64) -> [u8; 33] {
    let mut key = [TENANT_PREFIX; 33];
    let numbers = [last_time_us, first_sequence].into_iter().flat_map(u64::to_be_bytes);
    let bytes = tag.0.into_iter().chain(numbers);
    key.iter_mut().skip(1).zip(bytes).for_each(|(to, from)| *to = from);
    key
}

/// The sequence number that a key ends in.
pub(super) fn last_u64(key: &[u8]) -> Option<u64> {
    key.last_chunk().map(|last| u64::from_be_bytes(*last))
}
