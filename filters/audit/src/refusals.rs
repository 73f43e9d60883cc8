//! Requests that ended before any provider was asked, in the ledger, bounded: those that were
//! refused, and those that a filter answered itself. An authenticated caller's first in a second
//! are recorded singly; the rest, and all of those nobody answers for, become one record a second
//! and cause. None is awaited: they spend nothing.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};
use std::time::Duration;

use serde::Deserialize;

use inferlayer_accounts::{KeyId, TenantName};
use inferlayer_filter::Exchange;
use inferlayer_filter::exchange::Refused;
use inferlayer_ledger::{Content, Entry, Kind, Ledger, RequestId};
use inferlayer_records::{Charged, record};

use crate::client;

/// The code of refusals for want of budget.
const OVER_BUDGET: &str = "insufficient_quota";
/// What a refusal takes on the disk.
const RECORD_BYTES: u64 = 1024;

/// How many refusals of one key are recorded singly in a second.
#[derive(Clone, Copy, Debug, Deserialize)]
#[serde(transparent)]
pub struct PerSecond(u32);

impl Default for PerSecond {
    fn default() -> PerSecond {
        PerSecond(10)
    }
}

/// What has been refused in the current second.
pub(crate) struct Refusals {
    ledger: Ledger,
    second: Mutex<Second>,
}

/// Refusals that are written every second.
pub(crate) struct Running(pub(crate) Arc<Refusals>);

#[derive(Default)]
struct Second {
    singles: HashMap<KeyId, u32>,
    counted: HashMap<Cause, u64>,
}

/// Bounded: one for each key, code and filter, and codes are few.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Cause {
    caller: Option<(TenantName, KeyId)>,
    status: u16,
    code: &'static str,
    by: Option<&'static str>,
}

/// In place of an error code.
const ANSWERED: &str = "answered";

impl Cause {
    /// Why `x` ended; nothing where another record tells it.
    fn of(x: &Exchange) -> Option<Cause> {
        let tenant = x.tenant.peek().map(|tenant| (tenant.name().clone(), tenant.key()));
        let refused_key = || x.refused_key.as_ref().map(|key| (key.tenant.clone(), key.key));
        let (status, code) = match x.refused {
            Some(Refused { status, code, .. }) => (status, code),
            None if x.decided_by.is_some() && x.hit.peek().is_none() => (x.answer.status, ANSWERED),
            None => return None,
        };
        Some(Cause { caller: tenant.or_else(refused_key), status, code, by: x.decided_by })
    }

    /// The budgets that had no room, where that is why.
    fn budgets(&self) -> Vec<Charged<'static>> {
        let caller = self.caller.as_ref().filter(|_| self.code == OVER_BUDGET);
        caller.map(|(tenant, _)| Charged::to_tenant(tenant)).into_iter().collect()
    }
}

impl Refusals {
    /// Starts counting; a thread writes the counts every second until the last handle is gone.
    pub(crate) fn start(ledger: Ledger) -> std::io::Result<Running> {
        let refusals = Arc::new(Refusals { ledger, second: Mutex::default() });
        let weak = Arc::downgrade(&refusals);
        std::thread::Builder::new()
            .name("refusals".to_owned())
            .spawn(move || write_every_second(&weak))?;
        Ok(Running(refusals))
    }

    /// Counts how `x` ended, if that was before any provider was asked.
    pub(crate) fn count(&self, x: &Exchange, singly: PerSecond) {
        let Some(cause) = Cause::of(x) else { return };
        if self.is_single(&cause, singly) && self.has_room(x) {
            return self.write(&cause, Some(x), 1);
        }
        let mut second = self.second.lock().unwrap_or_else(PoisonError::into_inner);
        *second.counted.entry(cause).or_default() += 1;
    }

    /// Whether its tenant may store one more record today.
    fn has_room(&self, x: &Exchange) -> bool {
        let spare_bytes = self.ledger.spare_bytes();
        x.tenant.peek().is_none_or(|tenant| tenant.store(RECORD_BYTES, spare_bytes).is_ok())
    }

    fn is_single(&self, cause: &Cause, singly: PerSecond) -> bool {
        let Some((_, key)) = &cause.caller else { return false };
        let mut second = self.second.lock().unwrap_or_else(PoisonError::into_inner);
        let singles = second.singles.entry(*key).or_default();
        *singles += 1;
        *singles <= singly.0
    }

    /// Writes what was counted.
    pub(crate) fn flush(&self) {
        let second = {
            let mut second = self.second.lock().unwrap_or_else(PoisonError::into_inner);
            std::mem::take(&mut *second)
        };
        for (cause, count) in second.counted {
            self.write(&cause, None, count);
        }
    }

    fn write(&self, cause: &Cause, x: Option<&Exchange>, count: u64) {
        let metadata = record::Refused {
            request: x.map(|x| Cow::from(x.id.to_string())),
            tenant: cause.caller.as_ref().map(|(tenant, _)| Cow::from(tenant.as_str())),
            key: cause.caller.as_ref().map(|(_, key)| *key),
            status: cause.status,
            code: cause.code.into(),
            by: cause.by.map(Cow::from),
            client: x.and_then(|x| Some(client::of(x, x.tenant.peek()?))),
            charged: cause.budgets(),
            count,
        };
        let Ok(metadata) = serde_json::to_vec(&metadata) else { return };
        let tenant = x.and_then(|x| x.tenant.peek()).map(|tenant| tenant.seal().clone());
        let request = x.and_then(|x| RequestId::new(x.id.bytes()));
        let entry =
            Entry { kind: Kind::Refusal, request, tenant, metadata, content: Content::None };
        if self.ledger.append(entry).is_err() {
            // Counted again with the next second, so that a full queue loses none.
            let mut second = self.second.lock().unwrap_or_else(PoisonError::into_inner);
            *second.counted.entry(cause.clone()).or_default() += count;
        }
    }
}

fn write_every_second(refusals: &Weak<Refusals>) {
    loop {
        std::thread::sleep(Duration::from_secs(1));
        match refusals.upgrade() {
            Some(refusals) => refusals.flush(),
            None => return,
        }
    }
}
