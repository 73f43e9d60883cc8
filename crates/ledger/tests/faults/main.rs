//! Every step of the journal's input and output fails once, in every form: whatever happens then,
//! what was acknowledged is there, and what is there holds.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing)]

#[path = "../common/mod.rs"]
mod common;
mod disk;
mod fault;
mod file;
mod life;

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc::channel;
use std::thread;
use std::time::Duration;

use inferlayer_ledger::verify::{Evidence, Examination, Report};
use inferlayer_ledger::{Kind, Segment, Trust};

use common::{frame_starts, signing};
use disk::Disk;
use fault::{Fate, Form, Step};
use file::Random;
use life::{After, Life, snapshot_count};

/// One run: which steps fail, and what happens when a process dies of it.
#[derive(Clone, Debug)]
struct Case {
    faults: Vec<(usize, Form)>,
    after: After,
    seed: u64,
}

/// What may happen then; which part of what was not synced survives is the seed's choice.
fn afters(seed: usize) -> [After; 3] {
    let some = [Fate::Some, Fate::Everything][seed % 2];
    [After::Restart, After::PowerCut(Fate::Nothing), After::PowerCut(some)]
}

#[test]
fn a_run_without_faults_takes_every_kind_of_step_and_record() {
    let life = clean();
    let report = survives(&life, Fate::Nothing);
    assert!(life.deaths.is_empty(), "{:?}", life.deaths);
    for kind in ["clock", "snapshot", "signing_key_rotation", "retention", "close"] {
        assert!(report.kinds.contains_key(kind), "no {kind}: {report:?}");
    }
    assert!(report.first_sequence > 0);
    let mut seen = life.disk.steps();
    seen.sort_unstable();
    seen.dedup();
    assert_eq!(seen.len(), 13, "{seen:?}");
}

#[test]
fn any_failed_step_leaves_a_log_that_holds_all_that_was_acknowledged() {
    let steps = clean().disk.steps();
    let mut cases = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        for form in step.forms().iter().copied().filter(|form| !form.passes()) {
            cases.extend(afters(number).map(|after| Case {
                faults: vec![(number, form)],
                after,
                seed: number as u64,
            }));
        }
    }
    run_all(cases, |case| {
        let life = live(case);
        assert!(life.deaths.len() <= 1, "died again without a fault: {:?}", life.deaths);
        survives(&life, if case.seed.is_multiple_of(2) { Fate::Nothing } else { Fate::Some });
    });
}

#[test]
fn a_shortage_that_passes_stops_nothing_but_what_met_it() {
    let life = clean();
    let clean = survives(&life, Fate::Nothing);
    let steps = life.disk.steps();
    let mut cases = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        cases.extend(step.forms().iter().filter(|form| form.passes()).map(|form| Case {
            faults: vec![(number, *form)],
            after: After::Restart,
            seed: number as u64,
        }));
    }
    run_all(cases, move |case| {
        let life = live(case);
        assert!(life.deaths.is_empty(), "{:?}", life.deaths);
        let report = survives(&life, Fate::Some);
        assert!(
            report.records + 2 >= clean.records,
            "{} records of {}",
            report.records,
            clean.records
        );
        assert_eq!(report.kinds.get("clock"), clean.kinds.get("clock"), "steps of the clock");
    });
}

#[test]
fn a_power_cut_soon_after_a_full_disk_finds_no_mixture() {
    let steps = clean().disk.steps();
    let writes = [Step::Append, Step::Sync];
    let full = steps.iter().enumerate().filter(|(_, step)| writes.contains(step));
    let cases = full.flat_map(|(number, _)| {
        (1..=4).map(move |later| Case {
            faults: vec![(number, Form::Full), (number + later, Form::Cut(Fate::Mixture))],
            after: After::Restart,
            seed: number as u64,
        })
    });
    run_all(cases.collect(), |case| {
        survives(&live(case), Fate::Nothing);
    });
}

#[test]
fn a_power_cut_after_the_restart_loses_nothing_that_the_restart_believed() {
    let steps = clean().disk.steps();
    let mut random = Random::new(5);
    let mut cases = Vec::new();
    for (number, step) in steps.iter().enumerate() {
        for form in step.forms().iter().copied().filter(|form| !form.passes()) {
            for fate in [Fate::Nothing, Fate::Some] {
                let later = number + 9 + random.below(9);
                cases.push(Case {
                    faults: vec![(number, form), (later, Form::Cut(fate))],
                    after: After::Restart,
                    seed: number as u64,
                });
            }
        }
    }
    run_all(cases, |case| {
        survives(&live(case), Fate::Nothing);
    });
}

#[test]
fn two_failed_steps_are_no_worse_than_one() {
    let steps = clean().disk.steps();
    let mut random = Random::new(7);
    let cases = (0..400).map(|seed| {
        let first = random.below(steps.len());
        // Half of them hit what is done about the first.
        let apart = [12, steps.len()][random.below(2)];
        let second = first + 1 + random.below(apart);
        let mut form = |number: usize| {
            let forms = steps.get(number).copied().unwrap_or(Step::Append).forms();
            forms[random.below(forms.len())]
        };
        let faults = vec![(first, form(first)), (second, form(second))];
        Case { faults, after: afters(random.below(2))[random.below(3)], seed }
    });
    run_all(cases.collect(), |case| {
        survives(&live(case), Fate::Some);
    });
}

#[test]
fn a_disk_that_cannot_tell_its_room_is_believed_to_have_some() {
    let disk = Disk::new(&[], 0);
    disk.go_blind();
    let mut life = Life::new(disk);
    life.run(After::Restart);
    assert!(life.deaths.is_empty(), "{:?}", life.deaths);
    survives(&life, Fate::Nothing);
}

fn clean() -> Life {
    live(&Case { faults: Vec::new(), after: After::Restart, seed: 0 })
}

fn live(case: &Case) -> Life {
    let mut life = Life::new(Disk::new(&case.faults, case.seed));
    life.run(case.after);
    life
}

/// The power is cut, and everything is held against what was acknowledged: by an auditor on the
/// bytes as they lie, then by a start, which goes on, and by an auditor again.
fn survives(life: &Life, fate: Fate) -> Report {
    let disk = life.disk.without_faults().crash(fate);
    if !life.receipts.is_empty() {
        examine(&disk, life);
    }
    let mut next = Life::new(disk.clone());
    next.receipts.clone_from(&life.receipts);
    let ledger = next.open().unwrap();
    let first = disk.segments().keys().next().map_or(0, |segment| segment.0);
    for receipt in next.receipts.iter().filter(|receipt| receipt.sequence() >= first) {
        let stored = ledger.read(receipt.place(), receipt.record_hash()).unwrap();
        drop(stored);
    }
    assert_eq!(next.state.count(), recount(&disk.segments()));
    next.append(&ledger, 1).unwrap();
    ledger.close().unwrap();
    assert_eq!(next.state.count(), recount(&disk.segments()));
    examine(&disk.crash(Fate::Nothing), &next)
}

/// Verifies the log, with every receipt as evidence.
fn examine(disk: &Disk, life: &Life) -> Report {
    let key = signing(1).verifying_key(&"gw-1.example".parse().unwrap()).unwrap();
    let evidence = life.receipts.iter().map(|receipt| {
        let source = format!("receipt of record {}", receipt.sequence());
        Evidence::read(&source, &receipt.reference()).unwrap()
    });
    Examination::over(Arc::new(disk.clone()), Trust::Key(key))
        .threads(1)
        .evidence(evidence.collect())
        .run()
        .unwrap()
}

/// Counts the records that are no snapshots, and holds every snapshot against that.
fn recount(segments: &BTreeMap<Segment, Vec<u8>>) -> u64 {
    let mut count = None;
    for bytes in segments.values() {
        let starts = frame_starts(bytes);
        let frames = starts.windows(2).map(|ends| &bytes[ends[0]..ends[1]]);
        for record in frames.filter(|frame| !frame.starts_with(common::CHECKPOINT)) {
            count = Some(match u16::from_be_bytes([record[6], record[7]]) {
                kind if kind == Kind::Snapshot.number() => {
                    let length = u32::from_be_bytes(record[12..16].try_into().unwrap());
                    let stated = snapshot_count(&record[216..216 + length as usize]);
                    assert_eq!(count.unwrap_or(stated), stated, "a snapshot's count");
                    stated
                }
                _ => count.unwrap_or(0) + 1,
            });
        }
    }
    count.unwrap_or(0)
}

/// Runs every case, several side by side, since a disk that was full is looked at again only after
/// a while. A case that does not end is a failure too.
fn run_all(cases: Vec<Case>, run: impl Fn(&Case) + Send + Sync + 'static) {
    let (cases, run) = (Arc::new(cases), Arc::new(run));
    let next = Arc::new(AtomicUsize::new(0));
    let (send, ended) = channel();
    let workers: Vec<_> = (0..8)
        .map(|_| {
            let (cases, run, next) = (Arc::clone(&cases), Arc::clone(&run), Arc::clone(&next));
            let send = send.clone();
            thread::spawn(move || {
                while let Some(case) = cases.get(next.fetch_add(1, Ordering::SeqCst)) {
                    let failed =
                        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| run(case)));
                    send.send((case.clone(), failed.is_ok())).unwrap();
                }
            })
        })
        .collect();
    drop(send);
    let mut failed = Vec::new();
    for _ in 0..cases.len() {
        let (case, held) = ended.recv_timeout(Duration::from_secs(60)).expect("a case hangs");
        failed.extend((!held).then_some(case));
    }
    workers.into_iter().for_each(|worker| worker.join().unwrap());
    assert!(failed.is_empty(), "{} of {}: {failed:#?}", failed.len(), cases.len());
}
