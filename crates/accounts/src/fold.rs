//! Keys and balances folded from ledger records, in order: the ledger is the database.
//!
//! An outcome costs what it says. An intent whose outcome never came (its run is dead by the time
//! anyone folds) is charged at its hold, because a provider may have been paid.

use std::collections::HashMap;

use inferlayer_ledger::{Kind, Record, RequestId};
use serde::Deserialize;

use crate::money::NanoUsd;
use crate::name::TenantName;
use crate::record::KeyEvent;

/// What records say so far.
#[derive(Default)]
pub struct Fold {
    events: Vec<KeyEvent>,
    spent: HashMap<TenantName, NanoUsd>,
    open: HashMap<RequestId, (TenantName, NanoUsd)>,
}

/// A record whose metadata is not what its kind promises.
#[derive(Debug, thiserror::Error)]
#[error("metadata of a record of kind {kind:?} cannot be read: {cause}")]
pub struct UnreadableMetadata {
    kind: Kind,
    cause: serde_json::Error,
}

#[derive(Deserialize)]
struct IntentMoney {
    tenant: TenantName,
    hold_nano_usd: NanoUsd,
}

#[derive(Deserialize)]
struct OutcomeMoney {
    tenant: TenantName,
    cost_nano_usd: NanoUsd,
}

impl Fold {
    /// Takes the next record.
    pub fn record(&mut self, record: &Record<'_>) -> Result<(), UnreadableMetadata> {
        let kind = record.kind();
        self.metadata(kind, record.request_id(), record.metadata())
            .map_err(|cause| UnreadableMetadata { kind, cause })
    }

    fn metadata(
        &mut self,
        kind: Kind,
        request: Option<RequestId>,
        json: &[u8],
    ) -> serde_json::Result<()> {
        match kind {
            Kind::Intent => {
                let IntentMoney { tenant, hold_nano_usd } = serde_json::from_slice(json)?;
                let request = request.ok_or_else(|| missing("the intent has no request id"))?;
                // An id is used once; a log that repeats one hides no money by it.
                if let Some((tenant, hold)) = self.open.insert(request, (tenant, hold_nano_usd)) {
                    charge(&mut self.spent, tenant, hold);
                }
            }
            Kind::Outcome => {
                let OutcomeMoney { tenant, cost_nano_usd } = serde_json::from_slice(json)?;
                request.map(|request| self.open.remove(&request));
                charge(&mut self.spent, tenant, cost_nano_usd);
            }
            Kind::KeyEvent => self.events.push(serde_json::from_slice(json)?),
            _ => {}
        }
        Ok(())
    }

    /// Intents that have no outcome so far, and the sum of their holds.
    pub fn unfinished(&self) -> (usize, NanoUsd) {
        let sum =
            self.open.values().fold(NanoUsd::ZERO, |sum, (_, hold)| sum.saturating_add(*hold));
        (self.open.len(), sum)
    }

    /// What each tenant has spent, unfinished intents at their hold, and the keys' history.
    pub fn finish(self) -> (Vec<KeyEvent>, HashMap<TenantName, NanoUsd>) {
        let mut spent = self.spent;
        for (tenant, hold) in self.open.into_values() {
            charge(&mut spent, tenant, hold);
        }
        (self.events, spent)
    }
}

fn missing(what: &str) -> serde_json::Error {
    serde::de::Error::custom(what)
}

fn charge(spent: &mut HashMap<TenantName, NanoUsd>, tenant: TenantName, cost: NanoUsd) {
    let sum = spent.entry(tenant).or_default();
    *sum = sum.saturating_add(cost);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fold(records: &[(Kind, u8, &str)]) -> Fold {
        let mut fold = Fold::default();
        for (kind, request, json) in records {
            fold.metadata(*kind, RequestId::new([*request; 16]), json.as_bytes()).unwrap();
        }
        fold
    }

    #[test]
    fn outcomes_cost_what_they_say_and_unfinished_intents_their_hold() {
        let intent = r#"{"tenant":"a","hold_nano_usd":"100"}"#;
        let outcome = r#"{"tenant":"a","cost_nano_usd":"7"}"#;
        let fold = fold(&[
            (Kind::Intent, 1, intent),
            (Kind::Intent, 2, intent),
            (Kind::Outcome, 1, outcome),
        ]);
        assert_eq!(fold.unfinished(), (1, NanoUsd::from_nano(100)));
        let (_, spent) = fold.finish();
        assert_eq!(spent.values().collect::<Vec<_>>(), [&NanoUsd::from_nano(107)]);
    }

    #[test]
    fn a_record_that_cannot_be_read_is_an_error() {
        for json in ["", "{}", r#"{"tenant":"A B","hold_nano_usd":"1"}"#] {
            let mut fold = Fold::default();
            assert!(
                fold.metadata(Kind::Intent, RequestId::new([1; 16]), json.as_bytes()).is_err(),
                "{json}"
            );
        }
    }
}
