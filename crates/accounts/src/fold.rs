//! Keys and balances folded from ledger records, in order: the ledger is the database.
//!
//! An outcome costs what it says. An intent whose outcome never came is charged at its hold once
//! its run is over, because a provider may have been paid. An outcome whose answer is kept in the
//! cache is remembered, so that the cache survives a restart. Of a key that was destroyed the tag
//! is kept, in case its file is still there.

use std::collections::{BTreeMap, HashMap, VecDeque};

use inferlayer_ledger::{Hash, Kind, Place, Record, RequestId, TenantTag};
use serde::Deserialize;

use crate::budget::Account;
use crate::money::NanoUsd;
use crate::name::TenantName;
use crate::record::{Cached, KeyEvent, Shred};

/// Kept answers that are remembered at most; older ones are forgotten first.
const MAX_REMEMBERED: usize = 100_000;

/// What records say so far.
#[derive(Default)]
pub struct Fold {
    events: Vec<KeyEvent>,
    spent: HashMap<TenantName, NanoUsd>,
    open: HashMap<RequestId, Open>,
    remembered: VecDeque<Remembered>,
    shredded: HashMap<TenantName, Vec<TenantTag>>,
}

/// An intent that waits for its outcome.
struct Open {
    tenant: TenantName,
    hold: NanoUsd,
    /// Its run is over.
    cut: bool,
}

/// An answer that the ledger holds and the cache may give again. What it cost and said stands in
/// its record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Remembered {
    /// Whose answer it is; nobody else may get it.
    pub tenant: TenantName,
    /// What its question is found by.
    pub key: [u8; 32],
    /// Where its record stands.
    pub place: Place,
    /// The hash of that record.
    pub record_hash: Hash,
    /// When it was recorded: microseconds since 1970-01-01 UTC.
    pub time_us: u64,
    /// How long it may be given from then on.
    pub ttl_seconds: u64,
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
struct OutcomeMoney<'a> {
    tenant: TenantName,
    cost_nano_usd: NanoUsd,
    #[serde(borrow)]
    cache: Option<Cached<'a>>,
}

/// A kept answer, as far as its metadata tells.
struct Kept {
    tenant: TenantName,
    key: [u8; 32],
    ttl_seconds: u64,
}

impl Fold {
    /// Takes the next record.
    pub fn record(&mut self, record: &Record<'_>) -> Result<(), UnreadableMetadata> {
        self.take(record).map(drop)
    }

    /// Takes the next record, which stands at `place`, and remembers it if its answer is kept.
    pub fn record_at(
        &mut self,
        place: Place,
        record: &Record<'_>,
    ) -> Result<(), UnreadableMetadata> {
        if let Some(kept) = self.take(record)? {
            self.remember(kept, place, record.record_hash(), record.time_us());
        }
        Ok(())
    }

    /// Gives up what is remembered and at `now_us` still fresh, oldest first.
    pub fn remembered(&mut self, now_us: u64) -> Vec<Remembered> {
        let all = std::mem::take(&mut self.remembered);
        all.into_iter().filter(|kept| kept.is_fresh(now_us)).collect()
    }

    fn take(&mut self, record: &Record<'_>) -> Result<Option<Kept>, UnreadableMetadata> {
        let kind = record.kind();
        self.metadata(kind, record.request_id(), record.metadata())
            .map_err(|cause| UnreadableMetadata { kind, cause })
    }

    fn remember(&mut self, kept: Kept, place: Place, record_hash: Hash, time_us: u64) {
        if self.remembered.len() >= MAX_REMEMBERED {
            self.remembered.pop_front();
        }
        let Kept { tenant, key, ttl_seconds } = kept;
        self.remembered.push_back(Remembered {
            tenant,
            key,
            place,
            record_hash,
            time_us,
            ttl_seconds,
        });
    }

    fn metadata(
        &mut self,
        kind: Kind,
        request: Option<RequestId>,
        json: &[u8],
    ) -> serde_json::Result<Option<Kept>> {
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
                let OutcomeMoney { tenant, cost_nano_usd, cache } = serde_json::from_slice(json)?;
                request.map(|request| self.open.remove(&request));
                charge(&mut self.spent, tenant.clone(), cost_nano_usd);
                return Ok(cache.and_then(|cached| Kept::read(tenant, &cached)));
            }
            Kind::KeyEvent => self.events.push(serde_json::from_slice(json)?),
            Kind::Shred => self.shred(&serde_json::from_slice(json)?)?,
            Kind::Open | Kind::Close => self.open.values_mut().for_each(|open| open.cut = true),
            _ => {}
        }
        Ok(None)
    }

    /// What was sealed under the key can be given to nobody any more.
    fn shred(&mut self, shred: &Shred<'_>) -> serde_json::Result<()> {
        let tag = hex(&shred.tenant_tag).ok_or_else(|| wrong("the tag is not one"))?;
        self.shredded.entry(shred.tenant.clone()).or_default().push(TenantTag(tag));
        self.remembered.retain(|kept| kept.tenant != shred.tenant);
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

impl Remembered {
    fn is_fresh(&self, now_us: u64) -> bool {
        let until = self.time_us.saturating_add(self.ttl_seconds.saturating_mul(1_000_000));
        now_us < until
    }
}

impl Kept {
    /// A key that is none costs the entry, not the start: the cache can do without it.
    fn read(tenant: TenantName, cached: &Cached<'_>) -> Option<Kept> {
        let key = hex(&cached.key)?;
        Some(Kept { tenant, key, ttl_seconds: cached.ttl_seconds })
    }
}

fn hex<const N: usize>(text: &str) -> Option<[u8; N]> {
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

fn wrong(what: &str) -> serde_json::Error {
    serde::de::Error::custom(what)
}

fn charge(spent: &mut HashMap<TenantName, NanoUsd>, tenant: TenantName, cost: NanoUsd) {
    let sum = spent.entry(tenant).or_default();
    *sum = sum.saturating_add(cost);
}

#[cfg(test)]
mod tests {
    use inferlayer_ledger::{Entry, Ledger, Options, SigningKey};

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
    fn what_was_kept_before_a_shred_is_forgotten_and_the_tag_is_not() {
        let (mut fold, place) = (Fold::default(), place());
        let cache = format!(r#","cache":{{"key":"{}","ttl_seconds":10}}"#, "00".repeat(32));
        keep(&mut fold, place, 0, &cache);
        let shred = |tag: &str| {
            format!(r#"{{"event":"shred","tenant":"a","tenant_tag":"{tag}","reason":"r"}}"#)
        };
        fold.metadata(Kind::Shred, None, shred(&"0a".repeat(16)).as_bytes()).unwrap();
        keep(&mut fold, place, 1, &cache);
        let kept: Vec<_> = fold.remembered(0).iter().map(|kept| kept.time_us).collect();
        assert_eq!(kept, [1]);
        let tags: Vec<_> = fold.shredded().map(|(name, tags)| (name.as_str(), tags)).collect();
        assert_eq!(tags, [("a", [TenantTag([10; 16])].as_slice())]);
        assert!(fold.metadata(Kind::Shred, None, shred("0a").as_bytes()).is_err());
    }

    /// Takes an outcome of tenant `a` with these further metadata, as if it stood at `place`.
    fn keep(fold: &mut Fold, place: Place, time_us: u64, further: &str) {
        let json = format!(r#"{{"tenant":"a","cost_nano_usd":"7"{further}}}"#);
        let kept = fold.metadata(Kind::Outcome, None, json.as_bytes()).unwrap();
        if let Some(kept) = kept {
            fold.remember(kept, place, Hash([1; 32]), time_us);
        }
    }

    /// Only a ledger makes places.
    fn place() -> Place {
        let data = tempfile::tempdir().unwrap();
        let signing = SigningKey::from_seed(&[1; 32].into()).unwrap();
        let options = Options::new(data.path(), "gw".parse().unwrap(), signing);
        let (ledger, _) = Ledger::open(options, &mut |_, _| Ok(())).unwrap();
        let entry = Entry::system(Kind::Config, b"{}".to_vec());
        ledger.append(entry).unwrap().wait_blocking().unwrap().place()
    }

    #[test]
    fn kept_answers_are_remembered_while_they_are_fresh() {
        let (mut fold, place) = (Fold::default(), place());
        let cache = |key: &str, ttl| format!(r#","cache":{{"key":"{key}","ttl_seconds":{ttl}}}"#);
        keep(&mut fold, place, 0, &cache(&"Ab".repeat(32), 10));
        keep(&mut fold, place, 5_000_000, &cache(&"cd".repeat(32), 10));
        keep(&mut fold, place, 0, &cache(&"ef".repeat(32), u64::MAX));
        for none in ["", "zz", &"a".repeat(63), &"aé".repeat(21), &"+1".repeat(32)] {
            keep(&mut fold, place, 9_000_000, &cache(none, 10));
        }
        keep(&mut fold, place, 9_000_000, "");
        let kept = fold.remembered(10_000_000);
        assert_eq!(kept.iter().map(|k| k.key[0]).collect::<Vec<_>>(), [0xcd, 0xef]);
        assert_eq!((kept[0].tenant.as_str(), kept[0].place), ("a", place));
        assert_eq!(fold.remembered(0), [], "given up once");
    }

    #[test]
    fn the_newest_are_remembered() {
        let (mut fold, place) = (Fold::default(), place());
        let cache = format!(r#","cache":{{"key":"{}","ttl_seconds":10}}"#, "00".repeat(32));
        for time in 0..=MAX_REMEMBERED as u64 {
            keep(&mut fold, place, time, &cache);
        }
        let kept = fold.remembered(0);
        assert_eq!((kept.len(), kept[0].time_us), (MAX_REMEMBERED, 1));
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
