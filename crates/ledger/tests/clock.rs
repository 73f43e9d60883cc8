//! A clock that is wrong for a moment, under a whole ledger: nothing of it lasts.
#![allow(clippy::unwrap_used)]

mod common;

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use common::*;
use inferlayer_ledger::read::{Contents, Reader};
use inferlayer_ledger::verify::verify;
use inferlayer_ledger::{Clock, Kind, Ledger, Options, Trust};
use serde_json::Value;

const SECOND: u64 = 1_000_000;
const DAY: u64 = 24 * 3600 * SECOND;
const YEAR: u64 = 365 * DAY;
const NOW: u64 = 1_790_000_000 * SECOND;

struct Hands {
    wall: AtomicU64,
    monotonic: AtomicU64,
}

impl Clock for Hands {
    fn now_us(&self) -> u64 {
        self.wall.load(Ordering::SeqCst)
    }
    fn monotonic_us(&self) -> Option<u64> {
        Some(self.monotonic.load(Ordering::SeqCst))
    }
}

impl Hands {
    fn at(wall: u64) -> Arc<Self> {
        Arc::new(Self { wall: wall.into(), monotonic: AtomicU64::new(0) })
    }
    fn pass(&self, time_us: u64) {
        self.wall.fetch_add(time_us, Ordering::SeqCst);
        self.monotonic.fetch_add(time_us, Ordering::SeqCst);
    }
    fn set(&self, wall: u64) {
        self.wall.store(wall, Ordering::SeqCst);
    }
}

fn with(data: &Path, hands: &Arc<Hands>) -> Options {
    let mut options = options(data);
    options.clock = Arc::clone(hands) as Arc<dyn Clock>;
    options
}

/// Time, kind, and wall time of every record.
fn times(data: &Path) -> Vec<(u64, Kind, Option<u64>)> {
    let mut reader = Reader::open(data, Trust::FirstUse).unwrap();
    let mut times = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        let metadata: Value = serde_json::from_slice(record.metadata()).unwrap();
        times.push((record.time_us(), record.kind(), metadata["wall_time_us"].as_u64()));
    }
    times
}

#[test]
fn records_of_a_false_future_keep_their_time_and_say_what_the_wall_clock_showed() {
    let (data, hands) = (tempfile::tempdir().unwrap(), Hands::at(NOW));
    let (ledger, _) = open(with(data.path(), &hands)).unwrap();
    append_singly(&ledger, 1);
    hands.pass(SECOND);
    hands.set(NOW + YEAR);
    let (pending, slot) = ledger.begin(entry(Kind::Intent, 1, &"x".repeat(300_000))).unwrap();
    let intent = pending.wait_blocking().unwrap();
    hands.pass(SECOND);
    hands.set(NOW + 2 * SECOND);
    slot.commit(entry(Kind::Outcome, 1, "y")).wait_blocking().unwrap();
    append_singly(&ledger, 1);
    ledger.close().unwrap();

    let times = times(data.path());
    let of = |kind: Kind| times.iter().find(|(_, found, _)| *found == kind).copied().unwrap();
    assert_eq!(of(Kind::Intent), (NOW + SECOND, Kind::Intent, Some(NOW + YEAR)));
    assert_eq!(of(Kind::Outcome), (NOW + 2 * SECOND, Kind::Outcome, None));
    let steps = times.iter().filter(|(_, kind, _)| *kind == Kind::Clock).count();
    assert_eq!(steps, 2, "there and back");
    verify(data.path(), Trust::FirstUse).unwrap();
    // Large content is bound to metadata, wall time included.
    let stored = ledger.read(intent.place(), intent.record_hash()).unwrap();
    let contents = Contents::at(&data.path().join("journal"));
    drop(contents);
    assert_eq!(stored.open(&tenant(1)).map(|content| content.len()).unwrap(), 300_000);
}

#[test]
fn one_start_in_a_false_future_moves_no_later_time() {
    let data = tempfile::tempdir().unwrap();
    let life = |wall: u64| -> Ledger {
        let (ledger, _) = open(with(data.path(), &Hands::at(wall))).unwrap();
        append_singly(&ledger, 2);
        ledger.close().unwrap();
        ledger
    };
    life(NOW);
    life(NOW + 10 * YEAR);
    life(NOW + DAY);
    let times = times(data.path());
    assert!(times.iter().all(|(time, ..)| *time <= NOW + DAY), "{times:?}");
    assert_eq!(times.last().unwrap().0, NOW + DAY);
    let told: Vec<_> = times.iter().filter_map(|(_, _, wall)| *wall).collect();
    assert!(told.len() >= 4 && told.iter().all(|wall| *wall == NOW + 10 * YEAR), "{times:?}");
    verify(data.path(), Trust::FirstUse).unwrap();
}

#[test]
fn nothing_is_old_enough_to_drop_because_the_clock_says_so() {
    let data = tempfile::tempdir().unwrap();
    let (hands, keep) = (Hands::at(NOW), 3650 * DAY);
    let (ledger, _) = open(with(data.path(), &hands)).unwrap();
    append_singly(&ledger, 1);
    ledger.close().unwrap();
    drop(ledger);
    for turn in 0..2 {
        // Twice in a row, as a service that is restarted in a wrong moment.
        let hands = Hands::at(NOW + 10 * YEAR + turn * 3 * 3600 * SECOND);
        let (ledger, _) = open(with(data.path(), &hands)).unwrap();
        append_singly(&ledger, 1);
        assert!(ledger.times().trusted_us.saturating_sub(keep) < NOW);
        hands.pass(2 * 3600 * SECOND);
        append_singly(&ledger, 1);
        assert_eq!(ledger.times().ordered_us, ledger.times().wall_us, "settled");
        assert!(ledger.times().trusted_us.saturating_sub(keep) < NOW, "and yet unconfirmed");
        ledger.close().unwrap();
    }
    let hands = Hands::at(NOW + 10 * YEAR + DAY);
    let (ledger, _) = open(with(data.path(), &hands)).unwrap();
    assert!(ledger.times().trusted_us < NOW + DAY, "over restarts too");
    ledger.confirm_time(NOW + 10 * YEAR + DAY);
    assert_eq!(ledger.times().trusted_us, NOW + 10 * YEAR + DAY);
}

#[test]
fn what_is_unconfirmed_is_carried_from_segment_to_segment() {
    let (data, hands) = (tempfile::tempdir().unwrap(), Hands::at(NOW));
    let small = |hands: &Arc<Hands>| {
        let mut options = with(data.path(), hands);
        options.segment_bytes = 1500;
        options
    };
    let (ledger, _) = open(small(&hands)).unwrap();
    append_singly(&ledger, 1);
    hands.set(NOW + DAY);
    append_singly(&ledger, 1);
    hands.pass(2 * 3600 * SECOND);
    append_singly(&ledger, 40);
    ledger.close().unwrap();
    drop(ledger);
    let hands = Hands::at(NOW + DAY + 3 * 3600 * SECOND);
    let (ledger, _) = open(small(&hands)).unwrap();
    let times = ledger.times();
    assert_eq!(times.ordered_us, times.wall_us);
    assert!(times.trusted_us <= NOW + 2 * 3600 * SECOND, "{times:?}");
    verify(data.path(), Trust::FirstUse).unwrap();
}
