//! Proofs against the recursive definitions of RFC 6962 §2.1, for every leaf and every two sizes.

use std::ops::Range;

use zeroize::Zeroizing;

use super::*;
use crate::format::checkpoint::Head;
use crate::format::note_key::SigningKey;
use crate::format::tree::{Frontier, join, leaf};

const MOST: u64 = 70;

/// A log from `base` on: the leaves behind it, and the peaks of what was before.
pub(super) struct Log {
    base: Frontier,
    pub(super) record_hashes: Vec<Hash>,
}

impl Log {
    pub(super) fn new(base: u64, size: u64) -> Self {
        let mut frontier = Frontier::default();
        (0..base).for_each(|sequence| frontier.push(record(sequence)));
        Self { base: frontier, record_hashes: (0..size).map(record).collect() }
    }
}

impl Nodes for Log {
    fn base(&self) -> &Frontier {
        &self.base
    }

    fn complete(&self, level: u32, index: u64) -> Option<Hash> {
        let start = usize::try_from(index << level).unwrap();
        assert!(start as u64 >= self.base.size(), "asked for what was dropped");
        let leaves = self.record_hashes.get(start..start + (1 << level))?;
        fold(leaves.iter().map(|hash| leaf(*hash)).collect())
    }
}

fn record(sequence: u64) -> Hash {
    Hash::of(&[&[u8::try_from(sequence).unwrap()]])
}

fn records(size: u64) -> Vec<Hash> {
    (0..size).map(record).collect()
}

pub(super) fn head(size: u64) -> Head {
    Head { size, root: defined::root(&records(size)) }
}

/// MTH, PATH and PROOF as RFC 6962 writes them.
mod defined {
    use super::*;

    fn halves(leaves: &[Hash]) -> (&[Hash], &[Hash]) {
        leaves.split_at(leaves.len().next_power_of_two() / 2)
    }

    pub(super) fn root(leaves: &[Hash]) -> Hash {
        match leaves {
            [] => Hash::of(&[]),
            [one] => leaf(*one),
            _ => join(root(halves(leaves).0), root(halves(leaves).1)),
        }
    }

    pub(super) fn path(m: usize, leaves: &[Hash]) -> Vec<Hash> {
        if leaves.len() == 1 {
            return Vec::new();
        }
        let (left, right) = halves(leaves);
        let (mut hashes, sibling) = match m < left.len() {
            true => (path(m, left), root(right)),
            false => (path(m - left.len(), right), root(left)),
        };
        hashes.push(sibling);
        hashes
    }

    pub(super) fn proof(m: usize, leaves: &[Hash], known: bool) -> Vec<Hash> {
        if m == leaves.len() {
            return if known { Vec::new() } else { vec![root(leaves)] };
        }
        let (left, right) = halves(leaves);
        let (mut hashes, sibling) = match m <= left.len() {
            true => (proof(m, left, known), root(right)),
            false => (proof(m - left.len(), right, false), root(left)),
        };
        hashes.push(sibling);
        hashes
    }
}

/// Every way to spoil a proof a little.
fn spoilt(hashes: &[Hash]) -> Vec<Vec<Hash>> {
    let flipped = (0..hashes.len()).map(|at| {
        let mut hashes = hashes.to_vec();
        hashes[at].0[at % 32] ^= 0x10;
        hashes
    });
    let swapped = (1..hashes.len()).map(|at| {
        let mut hashes = hashes.to_vec();
        hashes.swap(at - 1, at);
        hashes
    });
    let longer = [hashes, &[record(0)]].concat();
    let shorter = hashes.split_last().map(|(_, rest)| rest.to_vec());
    flipped.chain(swapped).chain([longer]).chain(shorter).collect()
}

#[test]
fn inclusion_proofs_are_those_of_the_definition_and_no_others_hold() {
    for size in 1..=MOST {
        let (log, head) = (Log::new(0, size), head(size));
        for sequence in 0..size {
            let hashes = inclusion(&log, sequence, size).unwrap();
            let at = usize::try_from(sequence).unwrap();
            assert_eq!(hashes, defined::path(at, &records(size)), "{sequence} of {size}");
            let verify =
                |of: u64, hashes: &[Hash]| verify_inclusion(record(of), sequence, hashes, head);
            assert_eq!(verify(sequence, &hashes), Ok(()));
            assert_eq!(verify(sequence + 1, &hashes), Err(ProofFault::Root));
            for wrong in spoilt(&hashes) {
                assert!(verify(sequence, &wrong).is_err(), "{sequence} of {size}");
            }
            for other in (0..=size).filter(|other| *other != sequence) {
                let there = verify_inclusion(record(sequence), other, &hashes, head);
                assert!(there.is_err(), "{sequence} shown at {other} of {size}");
            }
        }
        assert_eq!(verify_inclusion(record(0), size, &[], head), Err(ProofFault::Size));
    }
}

#[test]
fn consistency_proofs_are_those_of_the_definition_and_no_others_hold() {
    for to in 1..=MOST {
        let log = Log::new(0, to);
        for from in 1..=to {
            let hashes = consistency(&log, from, to).unwrap();
            let at = usize::try_from(from).unwrap();
            assert_eq!(hashes, defined::proof(at, &records(to), true), "{from} in {to}");
            assert_eq!(verify_consistency(head(from), head(to), &hashes), Ok(()));
            for wrong in spoilt(&hashes) {
                assert!(verify_consistency(head(from), head(to), &wrong).is_err());
            }
            let forked = Head { size: from, root: record(0) };
            assert_eq!(verify_consistency(forked, head(to), &hashes), Err(ProofFault::Root));
            let forked = Head { size: to, root: record(0) };
            assert_eq!(verify_consistency(head(from), forked, &hashes), Err(ProofFault::Root));
        }
    }
    assert_eq!(verify_consistency(head(3), head(2), &[]), Err(ProofFault::Size));
}

#[test]
fn the_empty_log_is_the_beginning_of_every_log() {
    assert_eq!(consistency(&Log::new(0, 7), 0, 7), Some(Vec::new()));
    for to in [0, 1, 7] {
        assert_eq!(verify_consistency(head(0), head(to), &[]), Ok(()));
        let long = verify_consistency(head(0), head(to), &[record(0)]);
        assert_eq!(long, Err(ProofFault::Length));
    }
    let other = Head { size: 0, root: record(0) };
    assert_eq!(verify_consistency(other, head(7), &[]), Err(ProofFault::Root));
    assert_eq!(verify_consistency(head(0), other, &[]), Err(ProofFault::Root));
}

#[test]
fn a_log_without_its_beginning_proves_what_it_still_has() {
    for base in 0..MOST {
        let (log, whole) = (Log::new(base, MOST), Log::new(0, MOST));
        for size in base + 1..=MOST {
            for sequence in base..size {
                let hashes = inclusion(&log, sequence, size);
                assert_eq!(hashes, inclusion(&whole, sequence, size), "{base} {sequence} {size}");
            }
            for from in base..=size {
                let hashes = consistency(&log, from, size);
                assert_eq!(hashes, consistency(&whole, from, size), "{base} {from} {size}");
            }
        }
    }
    assert_eq!(inclusion(&Log::new(8, 20), 3, 20), None);
    assert_eq!(consistency(&Log::new(8, 20), 3, 20), None);
    assert_eq!(inclusion(&Log::new(0, 20), 3, 21), None, "beyond the source");
}

fn signed(head: Head) -> (Checkpoint, VerifyingKey) {
    let signing = SigningKey::from_seed(&Zeroizing::new([1; 32])).unwrap();
    let key = signing.verifying_key(&"gw-1.example".parse().unwrap()).unwrap();
    (Checkpoint::sign(head, key.origin(), &signing).unwrap(), key)
}

fn proof(sequence: u64, size: u64) -> InclusionProof {
    let hashes = inclusion(&Log::new(0, size), sequence, size).unwrap();
    let (checkpoint, key) = signed(head(size));
    InclusionProof::new(sequence, record(sequence), hashes, checkpoint, key).unwrap()
}

#[test]
fn texts_read_back_with_and_without_the_record_they_are_for() {
    for (sequence, size) in [(0, 1), (5, 9), (69, 70)] {
        let proof = proof(sequence, size);
        let (text, key) = (proof.to_text(), proof.key().clone());
        assert_eq!(InclusionProof::parse(&text, None, &key).as_ref(), Ok(&proof));
        let hash = Some(record(sequence));
        assert_eq!(InclusionProof::parse(&text, hash, &key).as_ref(), Ok(&proof));
        let other = InclusionProof::parse(&text, Some(record(99)), &key);
        assert_eq!(other, Err(ProofFault::OtherRecord));
        let bare = without_line(&text, "extra ");
        assert_eq!(InclusionProof::parse(&bare, hash, &key).as_ref(), Ok(&proof));
        assert_eq!(InclusionProof::parse(&bare, None, &key), Err(ProofFault::NoRecord));
        let wrong = InclusionProof::parse(&bare, Some(record(99)), &key);
        assert_eq!(wrong, Err(ProofFault::Root));
    }
}

fn without_line(text: &str, start: &str) -> String {
    let lines = text.split_inclusive('\n').filter(|line| !line.starts_with(start));
    lines.collect()
}

#[test]
fn every_flipped_bit_of_a_text_is_refused() {
    let proof = proof(2, 5);
    let text = proof.to_text();
    for (index, bit) in (0..text.len()).flat_map(|index| (0..8).map(move |bit| (index, bit))) {
        let mut flipped = text.clone().into_bytes();
        flipped[index] ^= 1 << bit;
        if let Ok(flipped) = String::from_utf8(flipped) {
            let read = InclusionProof::parse(&flipped, None, proof.key());
            assert!(read.is_err(), "byte {index} bit {bit}: {flipped}");
        }
    }
}

#[test]
fn other_spellings_are_no_proof() {
    let proof = proof(5, 9);
    let (text, key) = (proof.to_text(), proof.key().clone());
    let hashes: String =
        text.lines().skip(3).take(4).fold(String::new(), |all, line| all + line + "\n");
    for wrong in [
        text.replacen("v1", "v2", 1),
        text.replacen("index 5", "index 05", 1),
        text.replacen("index 5", "index +5", 1),
        text.replacen("index 5\n", "", 1),
        text.replacen("index 5\n", "index 5\r\n", 1),
        text.replacen("\n\n", "\n", 1),
        text.replacen(&hashes, &hashes.repeat(17), 1),
        text.replacen("extra ", "extra  ", 1),
        text.replacen("extra ", "extra AA==\nextra ", 1),
        String::new(),
    ] {
        assert_eq!(InclusionProof::parse(&wrong, None, &key), Err(ProofFault::Form), "{wrong}");
    }
    let long = format!("{text}{}\n", "x".repeat(4096));
    assert_eq!(InclusionProof::parse(&long, None, &key), Err(ProofFault::Checkpoint));
    let witnessed = format!("{text}\u{2014} witness.example AAAA\n");
    assert_eq!(InclusionProof::parse(&witnessed, None, &key), Ok(proof));
}

#[test]
fn a_proof_of_a_million_records_takes_at_most_1_kib() {
    let size = 1_000_000;
    // Any hashes do: the root is made to fit.
    let hashes: Vec<Hash> = (0..20).map(record).collect();
    let root = hashes.iter().fold(leaf(record(0)), |node, sibling| join(node, *sibling));
    let (checkpoint, key) = signed(Head { size, root });
    let proof = InclusionProof::new(0, record(0), hashes, checkpoint, key).unwrap();
    let proof = InclusionProof { sequence: size - 1, ..proof };
    let text = proof.to_text();
    let (path, note) = text.split_once("\n\n").unwrap();
    assert!(path.len() + 2 <= 1024, "{} bytes", path.len() + 2);
    assert!(note.len() <= 512, "{} bytes", note.len());
}

#[test]
fn spans_that_a_proof_asks_for_are_those_of_the_tree() {
    let asked: Vec<Range<u64>> = vec![8..9, 0..8];
    let hashes = asked.iter().map(|span| {
        let leaves: Vec<Hash> = span.clone().map(record).collect();
        defined::root(&leaves)
    });
    assert_eq!(inclusion(&Log::new(0, 10), 9, 10).unwrap(), hashes.collect::<Vec<_>>());
}
