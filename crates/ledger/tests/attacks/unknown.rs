//! Records that this version does not know (`FORMAT.md` §10): those that a reader passes over, and
//! what an attacker would make of that.

use inferlayer_ledger::Kind;

use super::cases::Case;
use super::common::{append_singly, entry, open, options};
use super::forge::{Journal, is_checkpoint};

/// A kind of nobody's, and one of a later version.
const PRIVATE: u16 = 0x9C40;
const LATER: u16 = 14;
const SKIPPABLE: u8 = 8;

pub fn cases() -> Vec<Case> {
    let log = with_unknown();
    // What anybody can do, with the bytes alone or with every hash behind them computed anew.
    let changed = |name, verdict, change: fn(&mut Vec<u8>)| {
        let mut journal = log.clone();
        change(unknown(&mut journal));
        Case::new(name, verdict, journal)
    };
    let rehashed = |name, verdict, change: fn(&mut Vec<u8>)| {
        let mut journal = changed(name, verdict, change).journal;
        journal.rehash();
        Case::new(name, verdict, journal)
    };
    // What takes the key.
    let signed = |name, verdict, record: usize, change: fn(&mut Vec<u8>)| {
        let mut journal = log.clone();
        change(records(&mut journal)[record]);
        journal.rehash();
        journal.sign(1);
        Case::new(name, verdict, journal)
    };
    vec![
        Case::new("skippable", "holds", log.clone()),
        changed("skippable_flag_stripped", "corruption", |record| record[11] &= !SKIPPABLE),
        changed("skippable_of_another_kind", "edit", |record| set_kind(record, LATER)),
        rehashed("skippable_of_another_kind_rehashed", "edit", |record| set_kind(record, LATER)),
        signed("skippable_of_a_later_version", "holds", UNKNOWN, |record| set_kind(record, LATER)),
        signed("critical_of_a_later_version", "corruption", UNKNOWN, |record| {
            set_kind(record, LATER);
            record[11] &= !SKIPPABLE;
        }),
        signed("critical_of_nobodys", "corruption", UNKNOWN, |record| record[11] &= !SKIPPABLE),
        signed("refusal_hidden_by_the_flag", "corruption", KNOWN, |record| record[11] |= SKIPPABLE),
        signed("flag_of_no_version", "corruption", UNKNOWN, |record| record[11] |= 16),
    ]
}

/// Among the records: one that is known, and the unknown one.
const KNOWN: usize = 1;
const UNKNOWN: usize = 2;

/// An open record, a refusal, a record of a private kind with content, another refusal, a close.
fn with_unknown() -> Journal {
    let data = tempfile::tempdir().unwrap();
    let (ledger, _) = open(options(data.path())).unwrap();
    append_singly(&ledger, 1);
    let unknown = entry(Kind::from(PRIVATE), 7, "of nobody's");
    ledger.append(unknown).unwrap().wait_blocking().unwrap();
    append_singly(&ledger, 1);
    ledger.close().unwrap();
    Journal::read(data.path())
}

fn records(journal: &mut Journal) -> Vec<&mut Vec<u8>> {
    journal.first().iter_mut().filter(|frame| !is_checkpoint(frame)).collect()
}

fn unknown(journal: &mut Journal) -> &mut Vec<u8> {
    records(journal).remove(UNKNOWN)
}

fn set_kind(record: &mut [u8], kind: u16) {
    record[6..8].copy_from_slice(&kind.to_be_bytes());
}
