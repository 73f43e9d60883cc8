//! Logs whose chain holds and whose money does not: signed by the right key, and wrong. Each is
//! called by its name, by this verifier and by the one in Python.
#![allow(clippy::unwrap_used, clippy::panic, clippy::indexing_slicing, missing_docs)]

#[path = "../../ledger/tests/common/mod.rs"]
mod common;
mod written;

use std::path::Path;

use inferlayer_ledger::Trust;
use inferlayer_ledger::verify::Examination;
use inferlayer_verify::{Verified, verify};

use written::{Forgery, REQUESTS, forgeries, python, write};

fn verified(data: &Path) -> Verified {
    verify(Examination::new(data, Trust::FirstUse)).unwrap()
}

#[test]
fn an_honest_log_is_computed_again_to_the_digit() {
    let data = tempfile::tempdir().unwrap();
    write(data.path(), &Forgery::none());
    let verified = verified(data.path());
    let money = verified.money.as_ref().unwrap();
    assert!(verified.holds(), "{verified}");
    assert!(money.snapshots >= 2, "{verified}");
    assert_eq!((money.amounts.costs, money.amounts.holds), (REQUESTS, REQUESTS));
    let charges: Vec<_> =
        money.amounts.charges.iter().map(|(basis, count)| (*basis, *count)).collect();
    let one_each = REQUESTS / 5;
    let bases = ["claimed", "flat", "own_count", "usage", "worst_case"];
    assert_eq!(charges, bases.map(|basis| (basis, one_each)));
    let sums: Vec<_> =
        money.sums.iter().map(|(name, sums)| (name.as_str(), sums.spent.nano())).collect();
    assert_eq!(sums, written::SPENT);
    let said = python(data.path());
    assert!(said.0 == 0 && said.1.contains("spent by a"), "{said:?}");
}

#[test]
fn what_says_to_change_nothing_is_counted_and_changes_nothing() {
    let data = tempfile::tempdir().unwrap();
    let state = |items: &mut Vec<String>| {
        items.push(r#"{"witness":{"size":7},"skippable":true}"#.to_owned());
    };
    write(data.path(), &Forgery { state, ..Forgery::none() });
    let verified = verified(data.path());
    let money = verified.money.as_ref().unwrap();
    assert!(verified.holds(), "{verified}");
    assert_eq!((money.skipped, money.amounts.costs), (money.snapshots, REQUESTS));
    let sums: Vec<_> =
        money.sums.iter().map(|(name, sums)| (name.as_str(), sums.spent.nano())).collect();
    assert_eq!(sums, written::SPENT);
    let (code, said) = python(data.path());
    let words = format!("{} key events or items of snapshots", money.skipped);
    assert!(code == 0 && said.contains(&words), "{said}");
}

#[test]
fn every_forgery_has_its_name_and_its_record() {
    let mut missed = Vec::new();
    for forgery in forgeries() {
        let data = tempfile::tempdir().unwrap();
        write(data.path(), &forgery);
        let verified = verified(data.path());
        let text = verified.to_string();
        let found = verified.money.as_ref().unwrap().contradictions.first().first().cloned();
        let named = found.as_ref().map(|found| (found.verdict.name(), found.what.as_str()));
        let right = named.is_some_and(|(verdict, what)| {
            verdict == forgery.verdict && what.contains(forgery.what)
        });
        if !right || verified.holds() {
            missed.push(format!("{}: {text}", forgery.name));
        }
        let (code, said) = python(data.path());
        let sequence = found.map_or(0, |found| found.sequence);
        if code != 1
            || !said.contains(&format!("[{}]", forgery.verdict))
            || !said.contains(&format!("record {sequence}"))
        {
            missed.push(format!("Python of {} ({code}): {said}", forgery.name));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n\n"));
}

#[test]
fn segments_side_by_side_find_what_one_thread_finds() {
    for forgery in forgeries().into_iter().chain([Forgery::none()]) {
        let data = tempfile::tempdir().unwrap();
        write(data.path(), &forgery);
        let examine = |threads| {
            let examination = Examination::new(data.path(), Trust::FirstUse).threads(threads);
            verify(examination).unwrap().to_string()
        };
        assert_eq!(examine(1), examine(4), "{}", forgery.name);
    }
}

#[test]
#[ignore = "a measurement: run with --release --nocapture"]
fn what_money_costs_a_verifier() {
    const REQUESTS: u64 = 250_000;
    let data = tempfile::tempdir().unwrap();
    written::write_many(data.path(), REQUESTS);
    let examination = || Examination::new(data.path(), Trust::FirstUse);
    let timed = |verify: &dyn Fn() -> u64| {
        let begun = std::time::Instant::now();
        let records = verify() as f64;
        records / begun.elapsed().as_secs_f64()
    };
    for threads in [1, 2] {
        let chain = timed(&|| examination().threads(threads).run().unwrap().records);
        let both = timed(&|| verify(examination().threads(threads)).unwrap().chain.records);
        eprintln!("{threads} threads: {chain:.0} records/s for the chain, {both:.0} with money");
    }
    let verified = verify(examination()).unwrap();
    assert!(verified.holds() && verified.money.unwrap().amounts.costs == REQUESTS);
}

#[test]
fn what_a_first_snapshot_claims_is_named_as_that() {
    let data = tempfile::tempdir().unwrap();
    write(data.path(), &Forgery { drops: true, ..Forgery::none() });
    let verified = verified(data.path());
    let money = verified.money.as_ref().unwrap();
    assert!(verified.holds() && money.recomputed_from > 0, "{verified}");
    let sums: Vec<_> =
        money.sums.iter().map(|(name, sums)| (name.as_str(), sums.spent.nano())).collect();
    assert_eq!(sums, written::SPENT, "claimed and recomputed together");
    let claimed: u128 = money.claimed.values().map(|sums| sums.spent.nano()).sum();
    assert!(claimed > 0 && claimed < written::SPENT.iter().map(|(_, spent)| spent).sum());
    assert!(verified.to_string().contains("only as the first snapshot claims it"), "{verified}");
    let (code, said) = python(data.path());
    assert!(code == 0 && said.contains("claim"), "{said}");
}
