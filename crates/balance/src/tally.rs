//! Failures in a row, by who met them, and whom they are proof enough for.

use std::sync::Arc;
use std::time::{Duration, Instant};

use crate::caller::{Caller, Scope};
use crate::settings::HealthSettings;

/// The failures of one model since it last answered.
#[derive(Debug, Default)]
pub(crate) struct Tally(Vec<Row>);

#[derive(Debug)]
struct Row {
    caller: Caller,
    /// In a row, of this caller.
    own: u32,
    /// Of this caller, since anybody was answered.
    recent: u32,
    /// When the first of them was, and the last.
    since: Instant,
    last: Instant,
}

/// With so many callers failing there is proof enough without one more.
const CALLERS_MAX: usize = 64;
/// Failures that have nothing to do with one another are no row.
const ROW_MAX: Duration = Duration::from_secs(600);

impl Tally {
    pub(crate) fn failed(&mut self, caller: &Caller, now: Instant) {
        self.0.retain(|row| now.saturating_duration_since(row.last) < ROW_MAX);
        let known = self.0.iter_mut().find(|row| row.caller == *caller);
        if let Some(row) = known {
            row.own = row.own.saturating_add(1);
            row.recent = row.recent.saturating_add(1);
            row.last = now;
        } else if self.0.len() < CALLERS_MAX {
            let caller = caller.clone();
            self.0.push(Row { caller, own: 1, recent: 1, since: now, last: now });
        }
    }

    /// An answer to a request that was let in at `admitted`. It says nothing of failures of
    /// requests that came after it.
    pub(crate) fn succeeded(&mut self, caller: &Caller, admitted: Instant) {
        for row in self.0.iter_mut().filter(|row| row.since <= admitted) {
            row.recent = 0;
            if row.caller == *caller {
                row.own = 0;
            }
        }
        self.0.retain(|row| row.own > 0 || row.recent > 0);
    }

    /// Forgets what has led to an open circuit, but not what it proves for wider ones.
    pub(crate) fn settle(&mut self, scope: &Scope) {
        let covered = self.0.iter_mut().filter(|row| scope.covers(&row.caller));
        covered.for_each(|row| row.own = 0);
        if *scope == Scope::All {
            self.0.clear();
        }
    }

    /// The widest scope that there is proof for, of those that the caller is in.
    pub(crate) fn proves(&self, caller: &Caller, settings: &HealthSettings) -> Option<Scope> {
        let tenant = Scope::Tenant(Arc::clone(&caller.tenant));
        let all = || Some(Scope::All).filter(|_| self.by_tenants(settings));
        let tenants = || Some(tenant.clone()).filter(|tenant| self.by_keys(tenant, settings));
        let own = || {
            let own = self.0.iter().find(|row| row.caller == *caller)?;
            (own.own >= settings.failures).then(|| Scope::Key(caller.clone()))
        };
        all().or_else(tenants).or_else(own)
    }

    fn by_tenants(&self, settings: &HealthSettings) -> bool {
        let mut tenants: Vec<(&str, u32)> = Vec::new();
        for row in self.0.iter().filter(|row| row.recent > 0) {
            match tenants.iter_mut().find(|(name, _)| *name == &*row.caller.tenant) {
                Some((_, count)) => *count = count.saturating_add(row.recent),
                None => tenants.push((&row.caller.tenant, row.recent)),
            }
        }
        enough(tenants.into_iter().map(|(_, count)| count), settings)
    }

    fn by_keys(&self, tenant: &Scope, settings: &HealthSettings) -> bool {
        let own = self.0.iter().filter(|row| row.recent > 0 && tenant.covers(&row.caller));
        enough(own.map(|row| row.recent), settings)
    }
}

/// Whether several parties have failed often enough, none of which counts for more than its share.
fn enough(counts: impl Iterator<Item = u32>, settings: &HealthSettings) -> bool {
    let (mut parties, mut sum) = (0, 0_u32);
    for count in counts {
        parties += 1;
        sum = sum.saturating_add(count.min(settings.share()));
    }
    parties >= 2 && sum >= settings.failures
}
