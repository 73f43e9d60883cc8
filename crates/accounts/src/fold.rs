//! Keys and balances folded from ledger records, in order: the ledger is the database.
//!
//! An outcome costs what it says. An intent whose outcome never came is charged at its hold once
//! its run is over, because a provider may have been paid. Of a key that was destroyed the tag is
//! kept, in case its file is still there.

use std::collections::{BTreeMap, HashMap};

use inferlayer_ledger::{Kind, Record, RequestId, TenantTag};
use serde::Deserialize;

use crate::budget::Account;
use crate::money::NanoUsd;
use crate::name::TenantName;
use crate::record::{KeyEvent, Shred};

/// What records say so far.
#[derive(Clone, Default)]
pub struct Fold {
    pub(crate) events: Vec<KeyEvent>,
    pub(crate) spent: HashMap<TenantName, NanoUsd>,
    pub(crate) open: HashMap<RequestId, Open>,
    pub(crate) shredded: HashMap<TenantName, Vec<TenantTag>>,
}

/// An intent that waits for its outcome.
#[derive(Clone)]
pub(crate) struct Open {
    pub(crate) tenant: TenantName,
    pub(crate) hold: NanoUsd,
    /// Its run is over.
    pub(crate) cut: bool,
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
    /// Takes the next record. A snapshot says all that the records before it said.
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
                let IntentMoney { tenant, hold_nano_usd: hold } = serde_json::from_slice(json)?;
                let request = request.ok_or_else(|| wrong("the intent has no request id"))?;
                // An id is used once; a log that repeats one hides no money by it.
                let open = Open { tenant, hold, cut: false };
                if let Some(Open { tenant, hold, .. }) = self.open.insert(request, open) {
                    charge(&mut self.spent, tenant, hold);
                }
            }
            Kind::Outcome => {
                let OutcomeMoney { tenant, cost_nano_usd } = serde_json::from_slice(json)?;
                request.map(|request| self.open.remove(&request));
                charge(&mut self.spent, tenant, cost_nano_usd);
            }
            Kind::KeyEvent => self.events.push(serde_json::from_slice(json)?),
            Kind::Shred => self.shred(&serde_json::from_slice(json)?)?,
            Kind::Open | Kind::Close => self.open.values_mut().for_each(|open| open.cut = true),
            Kind::Snapshot => self.restore(&serde_json::from_slice(json)?)?,
            _ => {}
        }
        Ok(())
    }

    fn shred(&mut self, shred: &Shred<'_>) -> serde_json::Result<()> {
        let tag = hex(&shred.tenant_tag).ok_or_else(|| wrong("the tag is not one"))?;
        self.shredded.entry(shred.tenant.clone()).or_default().push(TenantTag(tag));
        Ok(())
    }

    /// The tags of keys that were destroyed, by tenant.
    pub fn shredded(&self) -> impl Iterator<Item = (&TenantName, &[TenantTag])> {
        self.shredded.iter().map(|(tenant, tags)| (tenant, tags.as_slice()))
    }

    /// Intents that have no outcome so far, and the sum of their holds.
    pub fn unfinished(&self) -> (usize, NanoUsd) {
        let sum = self.open.values().fold(NanoUsd::ZERO, |sum, open| sum.saturating_add(open.hold));
        (self.open.len(), sum)
    }

    /// What stands against each tenant's limit: intents that were cut have spent their hold, those
    /// of a run that is not over hold it.
    pub fn balances(&self) -> BTreeMap<TenantName, Account> {
        let settled = |(tenant, spent): (&TenantName, &NanoUsd)| {
            (tenant.clone(), Account { spent: *spent, held: NanoUsd::ZERO })
        };
        let mut balances: BTreeMap<_, _> = self.spent.iter().map(settled).collect();
        for Open { tenant, hold, cut } in self.open.values() {
            let account = balances.entry(tenant.clone()).or_default();
            let sum = if *cut { &mut account.spent } else { &mut account.held };
            *sum = sum.saturating_add(*hold);
        }
        balances
    }

    /// What each tenant has spent, unfinished intents at their hold, and the keys' history.
    pub fn finish(self) -> (Vec<KeyEvent>, HashMap<TenantName, NanoUsd>) {
        let mut spent = self.spent;
        for Open { tenant, hold, .. } in self.open.into_values() {
            charge(&mut spent, tenant, hold);
        }
        (self.events, spent)
    }
}

pub(crate) fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
    let (pairs, []) = text.as_bytes().as_chunks::<2>() else { return None };
    let digit = |byte: u8| char::from(byte).to_digit(16);
    let mut bytes = [0; N];
    if pairs.len() != bytes.len() {
        return None;
    }
    for (byte, [high, low]) in bytes.iter_mut().zip(pairs) {
        *byte = u8::try_from(digit(*high)? * 16 + digit(*low)?).ok()?;
    }
    Some(bytes)
}

pub(crate) fn wrong(what: &str) -> serde_json::Error {
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
    fn an_intent_is_held_while_its_run_lasts_and_spent_when_it_is_over() {
        let intent = (Kind::Intent, 1, r#"{"tenant":"a","hold_nano_usd":"100"}"#);
        let outcome = (Kind::Outcome, 1, r#"{"tenant":"a","cost_nano_usd":"7"}"#);
        let balance = |records: &[_]| {
            let Account { spent, held } = fold(records).balances().into_values().next().unwrap();
            (spent.nano(), held.nano())
        };
        assert_eq!(balance(&[intent]), (0, 100));
        for over in [(Kind::Open, 0, "{}"), (Kind::Close, 0, "{}")] {
            assert_eq!(balance(&[intent, over]), (100, 0));
            assert_eq!(balance(&[intent, over, outcome]), (7, 0), "it may come in a later run");
        }
        assert_eq!(balance(&[intent, outcome]), (7, 0));
    }

    #[test]
    fn the_tags_of_destroyed_keys_are_kept() {
        let shred = |tag: &str| {
            format!(r#"{{"event":"shred","tenant":"a","tenant_tag":"{tag}","reason":"r"}}"#)
        };
        let mut fold = fold(&[(Kind::Shred, 0, &shred(&"0a".repeat(16)))]);
        let tags: Vec<_> = fold.shredded().map(|(name, tags)| (name.as_str(), tags)).collect();
        assert_eq!(tags, [("a", [TenantTag([10; 16])].as_slice())]);
        assert!(fold.metadata(Kind::Shred, None, shred("0a").as_bytes()).is_err());
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
