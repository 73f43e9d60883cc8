//! Logs that the right key signed, yet that break a rule of `FORMAT.md` §2 or §10, which no writer
//! of ours would make: a verifier must not rest on the writer's good behaviour.

use zeroize::Zeroizing;

use crate::format::damage::{Damage, ReadError};
use crate::format::entry::{Content, Entry, RequestId};
use crate::format::hash::RunId;
use crate::format::kind::Kind;
use crate::format::note_key::{SigningKey, VerifyingKey};
use crate::format::segment::Segment;
use crate::log::chain::Chain;
use crate::log::log_id;
use crate::log::trust::Trust;
use crate::verify::{Report, verify};
use crate::write::batch::{Batch, Signer, Stamp};

/// Writes what it is told, in one commit.
struct Writer {
    signing: SigningKey,
    key: VerifyingKey,
    chain: Chain,
    batch: Batch,
}

impl Writer {
    fn new() -> Self {
        let signing = SigningKey::from_seed(&Zeroizing::new([1; 32])).unwrap();
        let key = signing.verifying_key(&"gw".parse().unwrap()).unwrap();
        let mut batch = Batch::default();
        let chain = Chain::new(log_id(&key));
        batch.begin((Segment(0), 0), chain.tree());
        Self { chain, signing, key, batch }
    }

    fn record(mut self, run: u8, kind: Kind, request: u8, metadata: &str) -> Self {
        let request = RequestId::new([request; 16]);
        let metadata = metadata.as_bytes().to_vec();
        let entry = Entry { kind, tenant: None, request, metadata, content: Content::None };
        let stamp = Stamp { run_id: RunId([run; 16]), time_us: 7 };
        self.batch.push_with(&entry, &stamp, &mut self.chain, None).unwrap();
        self
    }

    fn of(self, run: u8, kind: Kind) -> Self {
        self.record(run, kind, 0, "{}")
    }

    fn open(self, run: u8) -> Self {
        let metadata = self.opening(run);
        self.record(run, Kind::Open, 0, &metadata)
    }

    fn opening(&self, run: u8) -> String {
        let (key, run) = (&self.key, RunId([run; 16]));
        format!(r#"{{"event":"open","origin":"gw","public_key":"{key}","run_id":"{run}"}}"#)
    }

    fn verify(mut self) -> Result<Report, Damage> {
        let Self { signing, key, .. } = &self;
        let signer = Signer { signing: signing.clone(), key: key.clone() };
        self.batch.finish(&self.chain, &signer, None).unwrap();
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(Segment(0).to_string()), self.batch.frames()).unwrap();
        verify(folder.path(), Trust::Key(self.key)).map_err(|error| match error {
            ReadError::Fault(fault) => fault.what,
            error => panic!("{error}"),
        })
    }

    fn damage(self) -> Option<Damage> {
        self.verify().err()
    }
}

#[test]
fn a_run_opens_once_and_all_its_records_are_its_own() {
    let new = Writer::new;
    let holds = new().open(1).of(1, Kind::Close).open(2).of(2, Kind::Refusal).open(3);
    assert_eq!(holds.verify().unwrap().runs, 3);
    assert_eq!(new().of(1, Kind::Refusal).damage(), Some(Damage::NoOpen));
    assert_eq!(new().open(1).of(2, Kind::Refusal).damage(), Some(Damage::OtherRun));
    assert_eq!(new().open(1).open(2).of(1, Kind::Refusal).damage(), Some(Damage::OtherRun));
    assert_eq!(new().open(1).open(1).damage(), Some(Damage::RunAgain));
    assert_eq!(new().open(1).open(2).open(1).damage(), Some(Damage::RunAgain));
    let closed = new().open(1).of(1, Kind::Close).of(1, Kind::Refusal);
    assert_eq!(closed.damage(), Some(Damage::OtherRun));
    let twice = new().open(1).of(1, Kind::Close).of(1, Kind::Close);
    assert_eq!(twice.damage(), Some(Damage::OtherRun));
}

#[test]
fn every_open_record_names_the_log_and_its_own_run() {
    let key = Writer::new().key.to_string();
    let other = key.replace("gw+", "gx+");
    for (from, to) in [
        (r#""event":"open""#, r#""event":"opened""#),
        (r#""event":"open","#, ""),
        (r#""origin":"gw""#, r#""origin":"gx""#),
        (&key, &other),
        (&"01".repeat(16), &"02".repeat(16)),
    ] {
        let first = Writer::new();
        let metadata = first.opening(1).replace(from, to);
        assert_ne!(metadata, first.opening(1));
        assert!(first.record(1, Kind::Open, 0, &metadata).damage().is_some(), "{metadata}");
        let second = Writer::new().open(2).record(1, Kind::Open, 0, &metadata);
        assert_eq!(second.damage(), Some(Damage::Open), "{metadata}");
    }
}

#[test]
fn an_escaped_name_is_the_same_name() {
    let log = Writer::new();
    let metadata = log.opening(1).replace(r#""gw""#, r#""\u0067w""#);
    assert_eq!(log.record(1, Kind::Open, 0, &metadata).verify().unwrap().records, 1);
}

#[test]
fn records_of_the_ledgers_own_have_to_say_what_they_are_for() {
    for kind in [Kind::Shred, Kind::Clock] {
        assert_eq!(Writer::new().open(1).of(1, kind).damage(), None, "{kind:?}");
    }
    for (kind, damage) in [
        (Kind::SigningKeyRotation, Damage::Rotation),
        (Kind::Retention, Damage::Retention),
        (Kind::Restore, Damage::Restore),
        (Kind::Snapshot, Damage::Snapshot),
    ] {
        assert_eq!(Writer::new().open(1).of(1, kind).damage(), Some(damage), "{kind:?}");
    }
}

#[test]
fn metadata_that_are_no_json_object_are_named() {
    for metadata in ["[]", "{]", " {}", r#"{"a":NaN}"#, r#"{"a":1,"a":1}"#] {
        let log = Writer::new().open(1).record(1, Kind::Refusal, 0, metadata);
        assert_eq!(log.damage(), Some(Damage::NotJson), "{metadata}");
    }
}

#[test]
fn metadata_that_are_too_short_for_an_object_are_no_record() {
    for metadata in ["", "{"] {
        let log = Writer::new().open(1).record(1, Kind::Refusal, 0, metadata);
        assert_eq!(log.damage(), Some(Damage::Length), "{metadata}");
    }
}

#[test]
fn every_intent_is_answered_at_most_once_and_none_is_hidden() {
    let report = |log: Writer| {
        let report = log.verify().unwrap();
        (report.intents_cut, report.intents_open, report.outcomes_unannounced)
    };
    let intent = |log: Writer, request| log.record(1, Kind::Intent, request, "{}");
    let outcome = |log: Writer, request| log.record(1, Kind::Outcome, request, "{}");
    let open = || Writer::new().open(1);
    assert_eq!(report(outcome(intent(open(), 5), 5)), (0, 0, 0));
    assert_eq!(report(outcome(intent(intent(open(), 5), 5), 5)), (0, 1, 0), "repeated intent");
    assert_eq!(report(outcome(outcome(intent(open(), 5), 5), 5)), (0, 0, 1), "second outcome");
    assert_eq!(report(outcome(intent(open(), 5), 6)), (0, 1, 1), "another request");
    assert_eq!(report(outcome(intent(open(), 0), 0)), (0, 0, 0), "without an id");
    assert_eq!(report(intent(open(), 5).of(1, Kind::Close)), (1, 0, 0), "its run is closed");
    let later = intent(open(), 5).open(2).record(2, Kind::Outcome, 5, "{}");
    assert_eq!(report(later), (0, 0, 0), "answered by a later run");
}
