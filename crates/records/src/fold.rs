//! Keys and balances folded from ledger records, in order: the ledger is the database.
//!
//! An outcome costs what it says. An intent whose outcome never came is charged at its hold once
//! its run is over, because a provider may have been paid. Of a key that was destroyed the tag is
//! kept, in case its file is still there.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use inferlayer_ledger::{Kind, Record, RequestId, TenantTag};
use serde::Deserialize;

use crate::hex::unhex;
use crate::money::{NanoUsd, Total};
use crate::name::TenantName;
use crate::record::{KeyEvent, Shred};
use crate::state_difference::StateDifference;

/// What records say so far.
#[derive(Clone, Default)]
pub struct Fold {
    pub(crate) events: Vec<KeyEvent>,
    pub(crate) spent: HashMap<TenantName, Total>,
    pub(crate) open: HashMap<RequestId, Open>,
    pub(crate) shredded: HashMap<TenantName, Vec<TenantTag>>,
    /// Whether any record was taken.
    begun: bool,
    /// What the parts so far of a snapshot state.
    pub(crate) stated: Option<Box<Fold>>,
    /// The newest price book, in its canonical form.
    pub(crate) price_book: Option<Arc<str>>,
    /// Key events and items of snapshots that are not known and change nothing.
    pub(crate) skipped: u64,
}

/// What a tenant's records come to, exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Outcomes at their cost; intents that were cut or replaced at their hold.
    pub spent: Total,
    /// Holds of intents whose run is not over.
    pub held: Total,
}

/// Why a record was not folded.
#[derive(Debug, thiserror::Error)]
pub enum NotFolded {
    /// What it says cannot be read.
    #[error(transparent)]
    Unreadable(#[from] UnreadableMetadata),
    /// A snapshot that contradicts the records before it.
    #[error(
        "the snapshot contradicts the records before it: {0}. No balance can be trusted: restore \
         the journal from a backup that verifies"
    )]
    State(#[from] StateDifference),
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

/// What a loaded configuration says of prices.
#[derive(Deserialize)]
struct Priced<'a> {
    #[serde(borrow)]
    price_book: Option<Cow<'a, str>>,
}

impl Fold {
    /// Takes the next record. A snapshot stands for the records before it when it is the first, and
    /// is compared with them when it is not.
    pub fn record(&mut self, record: &Record<'_>) -> Result<(), NotFolded> {
        let (kind, metadata) = (record.kind(), record.metadata());
        if kind == Kind::KeyEvent && record.is_skippable() {
            self.skip(metadata).map_err(|cause| UnreadableMetadata { kind, cause })?;
            self.begun = true;
            return Ok(());
        }
        self.take(kind, record.request_id(), metadata)
    }

    pub(crate) fn take(
        &mut self,
        kind: Kind,
        request: Option<RequestId>,
        json: &[u8],
    ) -> Result<(), NotFolded> {
        let unreadable = |cause| UnreadableMetadata { kind, cause };
        if kind != Kind::Snapshot {
            self.metadata(kind, request, json).map_err(unreadable)?;
            self.begun = true;
            return Ok(());
        }
        let part = serde_json::from_slice(json).map_err(unreadable)?;
        let Some(stated) = self.collect(&part).map_err(unreadable)? else { return Ok(()) };
        match self.begun {
            true => {
                StateDifference::between(self, &stated).map_or(Ok(()), |found| Err(found.into()))
            }
            false => {
                *self = Fold { begun: true, ..stated };
                Ok(())
            }
        }
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
                    add_to(&mut self.spent, tenant, hold.into())?;
                }
            }
            Kind::Outcome => {
                let OutcomeMoney { tenant, cost_nano_usd } = serde_json::from_slice(json)?;
                request.map(|request| self.open.remove(&request));
                add_to(&mut self.spent, tenant, cost_nano_usd.into())?;
            }
            Kind::KeyEvent => self.events.push(serde_json::from_slice(json)?),
            Kind::Shred => self.shred(&serde_json::from_slice(json)?)?,
            Kind::Config => self.config(serde_json::from_slice(json)?),
            Kind::Open | Kind::Close => self.open.values_mut().for_each(|open| open.cut = true),
            _ => {}
        }
        Ok(())
    }

    /// Passes over a key event that says to change nothing. One that is known does change
    /// something.
    fn skip(&mut self, json: &[u8]) -> serde_json::Result<()> {
        #[derive(Deserialize)]
        struct Named<'a> {
            #[serde(borrow)]
            event: Cow<'a, str>,
        }
        let Named { event } = serde_json::from_slice(json)?;
        if KeyEvent::NAMES.contains(&&*event) {
            return Err(wrong("a key event that is known may not be passed over"));
        }
        self.skipped += 1;
        Ok(())
    }

    fn shred(&mut self, shred: &Shred<'_>) -> serde_json::Result<()> {
        let tag = unhex(&shred.tenant_tag).ok_or_else(|| wrong("the tag is not one"))?;
        self.shredded.entry(shred.tenant.clone()).or_default().push(TenantTag(tag));
        Ok(())
    }

    fn config(&mut self, Priced { price_book }: Priced<'_>) {
        self.price_book = price_book.map(Arc::from).or(self.price_book.take());
    }

    /// Key events, and items of the snapshot it began with, that this version does not know: they
    /// say to change nothing.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// The newest price book that the records hold, in its canonical form.
    pub fn price_book(&self) -> Option<&str> {
        self.price_book.as_deref()
    }

    /// The tags of keys that were destroyed, by tenant.
    pub fn shredded(&self) -> impl Iterator<Item = (&TenantName, &[TenantTag])> {
        self.shredded.iter().map(|(tenant, tags)| (tenant, tags.as_slice()))
    }

    /// Intents that have no outcome so far, and the sum of their holds.
    pub fn unfinished(&self) -> (usize, Total) {
        let holds = self.open.values().map(|open| open.hold);
        (self.open.len(), holds.fold(Total::ZERO, add))
    }

    /// What stands against each tenant's limit: intents that were cut have spent their hold, those
    /// of a run that is not over hold it.
    pub fn sums(&self) -> BTreeMap<TenantName, Sums> {
        let settled = |(tenant, spent): (&TenantName, &Total)| {
            (tenant.clone(), Sums { spent: *spent, held: Total::ZERO })
        };
        let mut sums: BTreeMap<_, _> = self.spent.iter().map(settled).collect();
        for Open { tenant, hold, cut } in self.open.values() {
            let sums = sums.entry(tenant.clone()).or_default();
            let sum = if *cut { &mut sums.spent } else { &mut sums.held };
            *sum = add(*sum, *hold);
        }
        sums
    }

    /// What each tenant has spent, unfinished intents at their hold, and the keys' history.
    pub fn finish(self) -> (Vec<KeyEvent>, HashMap<TenantName, Total>) {
        let mut spent = self.spent;
        for Open { tenant, hold, .. } in self.open.into_values() {
            let sum = spent.entry(tenant).or_default();
            *sum = add(*sum, hold);
        }
        (self.events, spent)
    }
}

pub(crate) fn wrong(what: &str) -> serde_json::Error {
    serde::de::Error::custom(what)
}

/// Only a snapshot that was made up comes near the end of 128 bits.
pub(crate) fn add_to(
    spent: &mut HashMap<TenantName, Total>,
    tenant: TenantName,
    amount: Total,
) -> serde_json::Result<()> {
    let sum = spent.entry(tenant).or_default();
    *sum = sum.plus(amount).ok_or_else(|| wrong("what the tenant spent exceeds 128 bits"))?;
    Ok(())
}

fn add(sum: Total, amount: NanoUsd) -> Total {
    sum.plus(amount.into()).unwrap_or(sum)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fold(records: &[(Kind, u8, &str)]) -> Fold {
        let mut fold = Fold::default();
        for (kind, request, json) in records {
            fold.take(*kind, RequestId::new([*request; 16]), json.as_bytes()).unwrap();
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
        assert_eq!(fold.unfinished(), (1, NanoUsd::from_nano(100).into()));
        let (_, spent) = fold.finish();
        assert_eq!(spent.values().map(|sum| sum.nano()).collect::<Vec<_>>(), [107]);
    }

    #[test]
    fn an_intent_is_held_while_its_run_lasts_and_spent_when_it_is_over() {
        let intent = (Kind::Intent, 1, r#"{"tenant":"a","hold_nano_usd":"100"}"#);
        let outcome = (Kind::Outcome, 1, r#"{"tenant":"a","cost_nano_usd":"7"}"#);
        let balance = |records: &[_]| {
            let Sums { spent, held } = fold(records).sums().into_values().next().unwrap();
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
    fn a_snapshot_stands_for_records_that_are_not_there_and_never_for_those_that_are() {
        let part = |part: u32, item: &str| {
            format!(r#"{{"event":"snapshot","part":{part},"parts":2,"state":[{item}]}}"#)
        };
        let spent = |sum: &str| format!(r#"{{"spent":{{"tenant":"a","nano_usd":"{sum}"}}}}"#);
        let outcome = (Kind::Outcome, 1, r#"{"tenant":"a","cost_nano_usd":"7"}"#);
        let (seven, none) =
            ([part(0, ""), part(1, &spent("7"))], [part(0, &spent("0")), part(1, "")]);
        let folded = |records: &[(Kind, u8, &str)]| {
            let mut fold = Fold::default();
            let mut taken = records.iter().map(|(kind, request, json)| {
                fold.take(*kind, RequestId::new([*request; 16]), json.as_bytes())
            });
            taken.by_ref().collect::<Result<(), _>>().map(|()| fold)
        };
        let snapshot = |parts: &'static str| (Kind::Snapshot, 0, parts);
        let [first, last] = seven.map(|json| snapshot(json.leak()));
        let spent = |fold: Fold| fold.finish().1.into_values().next().unwrap().nano();
        assert_eq!(spent(folded(&[first, last, outcome]).unwrap()), 14, "nothing else is known");
        assert_eq!(spent(folded(&[outcome, first, last, outcome]).unwrap()), 14);
        let [first, last] = none.map(|json| snapshot(json.leak()));
        let forged = folded(&[outcome, first, last]).err().unwrap();
        assert!(matches!(forged, NotFolded::State(_)), "{forged}");
        assert!(folded(&[last]).is_err(), "its first part is missing");
    }

    #[test]
    fn two_of_the_largest_amounts_are_summed_and_not_cut() {
        let dear = r#"{"tenant":"a","cost_nano_usd":"18446744073709551615"}"#;
        let fold = fold(&[(Kind::Outcome, 1, dear), (Kind::Outcome, 2, dear)]);
        let sums = fold.sums().into_values().next().unwrap();
        assert_eq!(sums.spent.nano(), 2 * u128::from(u64::MAX));
        assert!(fold.items().iter().any(|item| item.get().contains("36893488147419103230")));
    }

    #[test]
    fn a_key_event_that_is_not_known_is_passed_over_and_a_known_one_never() {
        let mut fold = Fold::default();
        fold.skip(br#"{"event":"key_renamed","id":"0123456789ab","label":"x"}"#).unwrap();
        assert_eq!((fold.skipped(), fold.events.len()), (1, 0));
        for hidden in ["key_created", "key_revoked"] {
            let json = format!(r#"{{"event":"{hidden}","id":"0123456789ab","revoked_at":7}}"#);
            assert!(fold.skip(json.as_bytes()).is_err(), "{hidden}");
            assert!(
                fold.skip(format!(r#"{{"event":"\u006b{}"}}"#, &hidden[1..]).as_bytes()).is_err()
            );
        }
        for none in ["{}", r#"{"event":7}"#] {
            assert!(fold.skip(none.as_bytes()).is_err(), "{none}");
        }
        let unknown = br#"{"event":"key_limited","id":"0123456789ab"}"#;
        assert!(fold.metadata(Kind::KeyEvent, None, unknown).is_err(), "it may change something");
    }

    #[test]
    fn the_names_of_key_events_are_those_that_are_written() {
        let revoked = r#"{"event":"key_revoked","id":"0123456789ab","revoked_at":7}"#;
        let created = concat!(
            r#"{"event":"key_created","id":"0123456789ab","tenant":"a","label":"","#,
            r#""hash":{"salt":"","hmac_sha256":""},"created_at":7}"#,
        );
        for (name, json) in KeyEvent::NAMES.into_iter().zip([created, revoked]) {
            let event: KeyEvent = serde_json::from_str(json).unwrap();
            assert_eq!(serde_json::to_value(&event).unwrap()["event"], name);
        }
    }

    #[test]
    fn the_newest_price_book_is_kept() {
        let config =
            |book: &str| format!(r#"{{"source":"s","config_sha256":"","prices_sha256":""{book}}}"#);
        let records = [r#","price_book":"[1]""#, r#","price_book":"[\"2\"]""#, ""].map(config);
        let records: Vec<_> = records.iter().map(|json| (Kind::Config, 0, json.as_str())).collect();
        assert_eq!(fold(&records).price_book(), Some(r#"["2"]"#));
        assert_eq!(fold(&[(Kind::Config, 0, "{}")]).price_book(), None);
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
