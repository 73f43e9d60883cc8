//! Rows by tenant and time: one key, without a value, for each block and each tenant in it.
//!
//! The key holds the time of the block's last row. Times never go back from record to record, so
//! the first block of interest is the first key not before the time asked for.

use std::ops::Range;

use sled::Batch;

use super::row::Row;
use super::store::{View, last_u64};
use crate::format::hash::TenantTag;

const TENANT_PREFIX: u8 = b'n';

impl View {
    /// The tenant's rows with a time in `times_us`, ascending.
    pub(crate) fn of_tenant(
        &self,
        tag: TenantTag,
        times_us: Range<u64>,
    ) -> impl Iterator<Item = Row> {
        let keys = tenant_key(tag, times_us.start, 0)..=tenant_key(tag, u64::MAX, u64::MAX);
        let blocks = self.db.range(keys).keys().filter_map(Result::ok);
        let rows = blocks.filter_map(|key| self.block(last_u64(&key)?)).flatten();
        let until_us = times_us.end;
        let rows = rows.take_while(move |row| row.time_us < until_us);
        rows.filter(move |row| row.tenant_tag == Some(tag) && times_us.contains(&row.time_us))
    }
}

/// Adds the keys of a block of rows.
pub(super) fn index_tenants(block: &[Row], batch: &mut Batch) {
    let (Some(first), Some(last)) = (block.first(), block.last()) else {
        return;
    };
    let mut tags: Vec<TenantTag> = Vec::new();
    for tag in block.iter().filter_map(|row| row.tenant_tag) {
        if !tags.contains(&tag) {
            tags.push(tag);
            batch.insert(tenant_key(tag, last.time_us, first.sequence).as_slice(), &[]);
        }
    }
}

fn tenant_key(tag: TenantTag, last_time_us: u64, first_sequence: u64) -> [u8; 33] {
    let mut key = [TENANT_PREFIX; 33];
    let numbers = [last_time_us, first_sequence].into_iter().flat_map(u64::to_be_bytes);
    let bytes = tag.0.into_iter().chain(numbers);
    key.iter_mut().skip(1).zip(bytes).for_each(|(to, from)| *to = from);
    key
}
