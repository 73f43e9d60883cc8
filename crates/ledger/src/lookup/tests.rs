//! Proofs and lookups over every split of a log between what was dropped, the view and memory.

use tempfile::TempDir;
use zeroize::Zeroizing;

use super::*;
use crate::format::checkpoint::Head;
use crate::format::hash::LogId;
use crate::format::note_key::SigningKey;
use crate::format::segment::Segment;
use crate::index::committed::Publisher;
use crate::proof::verify_consistency;

fn record(sequence: u64) -> Hash {
    Hash::of(&[&sequence.to_be_bytes()])
}

/// Three tenants in turn; each request is an intent and, a thousand records later, its outcome.
fn row(sequence: u64) -> Row {
    let (kind, request) = match sequence / 1000 % 2 {
        0 => (Kind::Intent, sequence),
        _ => (Kind::Outcome, sequence - 1000),
    };
    Row {
        sequence,
        segment: Segment(0),
        offset: sequence * 300,
        bytes: 300,
        kind,
        time_us: sequence * 10,
        tenant_tag: Some(tag(sequence)),
        request: Some(id(request)),
        record_hash: record(sequence),
    }
}

fn tag(sequence: u64) -> TenantTag {
    TenantTag([1 + (sequence % 3) as u8; 16])
}

fn id(number: u64) -> RequestId {
    RequestId::new([[7; 8], number.to_be_bytes()].concat().try_into().unwrap()).unwrap()
}

fn tree(size: u64) -> Frontier {
    let mut tree = Frontier::default();
    (0..size).for_each(|sequence| tree.push(record(sequence)));
    tree
}

fn head(size: u64) -> Head {
    Head { size, root: tree(size).root() }
}

fn signed(size: u64) -> (Checkpoint, VerifyingKey) {
    let signing = SigningKey::from_seed(&Zeroizing::new([1; 32])).unwrap();
    let key = signing.verifying_key(&"gw".parse().unwrap()).unwrap();
    (Checkpoint::sign(head(size), key.origin(), &signing).unwrap(), key)
}

/// A lookup, the newest checkpoint and its key.
struct Log {
    _folder: TempDir,
    lookup: Lookup,
    checkpoint: Checkpoint,
    key: VerifyingKey,
}

impl Log {
    /// Of `size` records: a view of `base..indexed`, and the rest in a memory of `max_rows`.
    fn new(base: u64, indexed: u64, size: u64, max_rows: usize) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let view = View::open(folder.path(), LogId([1; 32]), &tree(base)).unwrap();
        let rows: Vec<Row> = (base..size).map(row).collect();
        let (stored, recent) = rows.split_at(usize::try_from(indexed - base).unwrap());
        // Uneven pieces, as commits come.
        stored.chunks(777).for_each(|rows| view.put(rows).unwrap());
        let committed = Committed::new(signed(0).0, signed(0).1, max_rows);
        let (checkpoint, key) = signed(size);
        Publisher(Arc::clone(&committed)).publish(&checkpoint, &key, recent);
        let lookup = Lookup::new(&committed, Some(view));
        Self { _folder: folder, lookup, checkpoint, key }
    }

    /// The proof of a record; making one checks that it leads to the root.
    fn prove(&self, sequence: u64) -> Result<InclusionProof, ProofError> {
        let row = self.lookup.row_to_prove(sequence)?;
        self.lookup.proof(&row, self.checkpoint.clone(), self.key.clone())
    }
}

#[test]
fn records_are_proven_from_tiles_rows_and_memory() {
    // The last has a stored subtree of 65,536 records.
    for (indexed, size) in [(0, 3000), (1500, 3000), (3000, 3000), (66_000, 66_500)] {
        let log = Log::new(0, indexed, size, 1 << 20);
        let sequences = [0, 255, 256, 1499, 1500, 2999, 65_535, 65_536, 65_999, 66_000, 66_499];
        for sequence in sequences.into_iter().filter(|sequence| *sequence < size) {
            let proof = log.prove(sequence).unwrap();
            assert_eq!(proof.record_hash(), record(sequence), "{sequence} with {indexed}");
        }
        assert_eq!(log.prove(size), Err(ProofError::Unknown { size }));
        for from in [1, 256, 1000, 2999, size - 1, size] {
            let hashes = log.lookup.consistency(from, size).unwrap();
            let verified = verify_consistency(head(from), log.checkpoint.head, &hashes);
            assert_eq!(verified, Ok(()), "{from} with {indexed}");
        }
        let unknown = Err(ProofError::Unknown { size });
        assert_eq!(log.lookup.consistency(1, size + 1), unknown);
        assert_eq!(log.lookup.consistency(3, 2), unknown);
    }
}

#[test]
fn a_view_that_begins_late_proves_what_it_has() {
    let log = Log::new(1000, 3000, 3500, 1 << 20);
    assert_eq!(log.lookup.indexed(), 3000);
    for sequence in (1000..3500).step_by(37) {
        assert!(log.prove(sequence).is_ok(), "{sequence}");
    }
    let dropped = ProofError::Dropped { first: 1000 };
    assert_eq!(log.prove(999), Err(dropped.clone()));
    assert_eq!(log.lookup.consistency(999, 3500), Err(dropped));
    let hashes = log.lookup.consistency(1000, 3500).unwrap();
    assert_eq!(verify_consistency(head(1000), head(3500), &hashes), Ok(()));
}

#[test]
fn what_memory_forgot_and_the_view_has_not_yet_is_not_left_out_silently() {
    let log = Log::new(0, 100, 200, 10);
    assert_eq!(log.prove(150), Err(ProofError::NotYet));
    assert_eq!(log.prove(5), Err(ProofError::NotYet), "its siblings are not there");
    assert_eq!(log.lookup.sequences_of(id(5)), Err(ProofError::NotYet));
    assert_eq!(log.lookup.rows_of(tag(0), 0..u64::MAX, 9), Err(ProofError::NotYet));
    assert_eq!(log.lookup.row(199), Some(row(199)));
    assert_eq!(log.lookup.row(150), None);
}

#[test]
fn a_ledger_without_a_view_answers_from_memory_what_it_can() {
    let committed = Committed::new(signed(0).0, signed(0).1, 100);
    let publisher = Publisher(Arc::clone(&committed));
    publisher.publish(&signed(100).0, &signed(100).1, &(0..100).map(row).collect::<Vec<_>>());
    let lookup = Lookup::new(&committed, None);
    let prove = |size| {
        let (checkpoint, key) = signed(size);
        lookup.proof(&row(42), checkpoint, key)
    };
    assert!(prove(100).is_ok());
    assert_eq!(lookup.sequences_of(id(42)), Ok(vec![42]));
    publisher.publish(&signed(101).0, &signed(101).1, &[row(100)]);
    assert_eq!(prove(101), Err(ProofError::NoView));
    assert_eq!(lookup.sequences_of(id(42)), Err(ProofError::NoView));
}

#[test]
fn a_requests_records_are_found_across_view_and_memory() {
    for indexed in [0, 5, 700, 1300, 1400] {
        let log = Log::new(0, indexed, 1400, 1 << 20);
        assert_eq!(log.lookup.sequences_of(id(300)), Ok(vec![300, 1300]), "{indexed}");
        assert_eq!(log.lookup.sequences_of(id(700)), Ok(vec![700]), "{indexed}");
        assert_eq!(log.lookup.sequences_of(id(5000)), Ok(vec![]));
    }
}

#[test]
fn a_tenants_records_are_found_by_time_across_view_and_memory() {
    for indexed in [0, 500, 1000, 1200] {
        let log = Log::new(0, indexed, 1200, 1 << 20);
        let found = |times_us: Range<u64>, limit| {
            let rows = log.lookup.rows_of(tag(2), times_us, limit).unwrap();
            rows.iter().map(|row| row.sequence).collect::<Vec<_>>()
        };
        let own = |span: Range<u64>| span.filter(|n| n % 3 == 2).collect::<Vec<_>>();
        assert_eq!(found(0..u64::MAX, 9999), own(0..1200), "{indexed}");
        assert_eq!(found(2000..11_000, 9999), own(200..1100));
        assert_eq!(found(2001..11_001, 9999), own(201..1101));
        assert_eq!(found(2000..11_000, 3), own(200..209));
        assert!(found(12_000..u64::MAX, 9999).is_empty());
        assert!(found(500..500, 9999).is_empty());
        let other = log.lookup.rows_of(TenantTag([9; 16]), 0..u64::MAX, 9).unwrap();
        assert!(other.is_empty());
    }
}
