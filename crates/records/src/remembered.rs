//! Answers that the ledger holds and the cache may give again, remembered while the records are
//! replayed, so that the cache survives a restart.

use std::collections::VecDeque;

use inferlayer_ledger::{Hash, Kind, Place, Record};
use serde::Deserialize;

use crate::hex::unhex;
use crate::name::TenantName;
use crate::record::{Cached, Shred};

/// Kept answers that are remembered at most; older ones are forgotten first.
const MAX_REMEMBERED: usize = 100_000;

/// Which answers were kept, the oldest first.
#[derive(Default)]
pub struct Memory(VecDeque<Remembered>);

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
    /// What the wall clock showed when it was recorded: microseconds since 1970-01-01 UTC.
    pub time_us: u64,
    /// How long it may be given from then on.
    pub ttl_seconds: u64,
}

#[derive(Deserialize)]
struct Outcome<'a> {
    tenant: TenantName,
    #[serde(borrow)]
    cache: Option<Cached<'a>>,
    wall_time_us: Option<u64>,
}

/// Times of records are so far apart from the wall clock's without telling.
const UNTOLD_US: u64 = 1_000_000;

impl Memory {
    /// Takes the next record, which stands at `place`. One that cannot be read keeps no answer.
    pub fn record(&mut self, place: Place, record: &Record<'_>) {
        match record.kind() {
            Kind::Outcome => {
                let (hash, time_us) = (record.record_hash(), record.time_us());
                self.outcome(place, hash, time_us, record.metadata());
            }
            Kind::Shred => self.shred(record.metadata()),
            _ => {}
        }
    }

    /// Gives up what is at `now_us` still fresh, the oldest first. What was recorded in the future
    /// was recorded while the clock was wrong: nobody knows how old it is.
    pub fn fresh(self, now_us: u64) -> Vec<Remembered> {
        self.0.into_iter().filter(|kept| kept.is_fresh(now_us)).collect()
    }

    fn outcome(&mut self, place: Place, record_hash: Hash, time_us: u64, json: &[u8]) {
        let Ok(outcome) = serde_json::from_slice::<Outcome<'_>>(json) else { return };
        let Outcome { tenant, cache: Some(cached), wall_time_us } = outcome else { return };
        let time_us = wall_time_us.unwrap_or(time_us);
        // A key that is none costs the entry, not the start: the cache can do without it.
        let Some(key) = unhex(&cached.key) else { return };
        if self.0.len() >= MAX_REMEMBERED {
            self.0.pop_front();
        }
        let ttl_seconds = cached.ttl_seconds;
        self.0.push_back(Remembered { tenant, key, place, record_hash, time_us, ttl_seconds });
    }

    /// What was sealed under the key can be given to nobody any more.
    fn shred(&mut self, json: &[u8]) {
        if let Ok(shred) = serde_json::from_slice::<Shred<'_>>(json) {
            self.0.retain(|kept| kept.tenant != shred.tenant);
        }
    }
}

impl Remembered {
    fn is_fresh(&self, now_us: u64) -> bool {
        let until = self.time_us.saturating_add(self.ttl_seconds.saturating_mul(1_000_000));
        now_us < until && self.time_us <= now_us.saturating_add(UNTOLD_US)
    }
}

#[cfg(test)]
mod tests {
    use inferlayer_ledger::{Entry, Ledger, Options, SigningKey};

    use super::*;

    #[test]
    fn what_was_kept_before_a_shred_is_forgotten() {
        let (mut memory, place) = (Memory::default(), place());
        let cache = format!(r#","cache":{{"key":"{}","ttl_seconds":10}}"#, "00".repeat(32));
        keep(&mut memory, place, 0, &cache);
        let tag = "0a".repeat(16);
        let shred =
            format!(r#"{{"event":"shred","tenant":"a","tenant_tag":"{tag}","reason":"r"}}"#);
        memory.shred(shred.as_bytes());
        keep(&mut memory, place, 1, &cache);
        let kept: Vec<_> = memory.fresh(0).iter().map(|kept| kept.time_us).collect();
        assert_eq!(kept, [1]);
    }

    /// Takes an outcome of tenant `a` with these further metadata, as if it stood at `place`.
    fn keep(memory: &mut Memory, place: Place, time_us: u64, further: &str) {
        let json = format!(r#"{{"tenant":"a","cost_nano_usd":"7"{further}}}"#);
        memory.outcome(place, Hash([1; 32]), time_us, json.as_bytes());
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
        let (mut memory, place) = (Memory::default(), place());
        let cache = |key: &str, ttl| format!(r#","cache":{{"key":"{key}","ttl_seconds":{ttl}}}"#);
        keep(&mut memory, place, 0, &cache(&"Ab".repeat(32), 10));
        keep(&mut memory, place, 5_000_000, &cache(&"cd".repeat(32), 10));
        keep(&mut memory, place, 0, &cache(&"ef".repeat(32), u64::MAX));
        for none in ["", "zz", &"a".repeat(63), &"aé".repeat(21), &"+1".repeat(32)] {
            keep(&mut memory, place, 9_000_000, &cache(none, 10));
        }
        keep(&mut memory, place, 9_000_000, "");
        let kept = memory.fresh(10_000_000);
        assert_eq!(kept.iter().map(|k| k.key[0]).collect::<Vec<_>>(), [0xcd, 0xef]);
        assert_eq!((kept[0].tenant.as_str(), kept[0].place), ("a", place));
    }

    #[test]
    fn what_the_wall_clock_showed_counts_and_a_future_is_not_remembered() {
        let (mut memory, place) = (Memory::default(), place());
        let cache = |key: &str, wall: &str| {
            format!(r#","cache":{{"key":"{}","ttl_seconds":10}}{wall}"#, key.repeat(32))
        };
        keep(&mut memory, place, 50_000_000, &cache("aa", ""));
        keep(&mut memory, place, 50_000_000, &cache("bb", r#","wall_time_us":99000000"#));
        keep(&mut memory, place, 99_000_000, &cache("cc", r#","wall_time_us":50000000"#));
        keep(&mut memory, place, 99_000_000, &cache("dd", ""));
        let kept = memory.fresh(51_000_000);
        assert_eq!(kept.iter().map(|k| k.key[0]).collect::<Vec<_>>(), [0xaa, 0xcc]);
    }

    #[test]
    fn the_newest_are_remembered() {
        let (mut memory, place) = (Memory::default(), place());
        let cache = format!(r#","cache":{{"key":"{}","ttl_seconds":10}}"#, "00".repeat(32));
        for time in 0..=MAX_REMEMBERED as u64 {
            keep(&mut memory, place, time, &cache);
        }
        let kept = memory.fresh(0);
        assert_eq!((kept.len(), kept[0].time_us), (MAX_REMEMBERED, 1));
    }
}
