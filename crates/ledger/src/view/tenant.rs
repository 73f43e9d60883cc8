//! Rows by tenant and time: one key, without a value, for each block and each tenant in it.
//!
//! The key holds the time of the block's last row. Times never go back from record to record, so
//! the first block of interest is the first key not before the time asked for.

use std::ops::Range;

use super::keys::{last_u64, tenant_key};
use super::store::View;
use crate::format::hash::TenantTag;
use crate::index::row::Row;

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
