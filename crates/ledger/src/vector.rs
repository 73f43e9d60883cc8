//! The worked example of `FORMAT.md` §11, rebuilt from its inputs: the format cannot drift from
//! its description unnoticed.

use std::fmt::Write;

use bytes::Bytes;
use zeroize::Zeroizing;

use crate::format::checkpoint::Checkpoint;
use crate::format::entry::{Content, Entry, RequestId};
use crate::format::hash::RunId;
use crate::format::kind::Kind;
use crate::format::note_key::{SigningKey, VerifyingKey};
use crate::format::record::Record;
use crate::format::seal::{FreshKeys, TenantSeal};
use crate::format::segment::Segment;
use crate::log::chain::Chain;
use crate::log::log_id;
use crate::log::run::{OPEN, OpenMetadata};
use crate::write::batch::{Batch, Signer, Stamp};

const STORED: &[u8] = include_bytes!("../tests/vectors/v1/00000000000000000000.ilj");
pub(crate) const FORMAT: &str = include_str!("../FORMAT.md");
const FIRST_TIME_US: u64 = 1_790_000_000_000_000;

/// Bytes counting up from `first`.
fn counting<const N: usize>(first: u8) -> [u8; N] {
    std::array::from_fn(|index| first + u8::try_from(index).unwrap())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").unwrap();
        text
    })
}

fn tenant() -> TenantSeal {
    TenantSeal::new(Zeroizing::new(counting(0x60)))
}

fn entries(key: &VerifyingKey, run_id: RunId) -> [Entry; 3] {
    let open = OpenMetadata {
        event: OPEN,
        origin: key.origin().as_str(),
        public_key: key.to_string(),
        run_id: run_id.to_string(),
        software: "inferlayer-ledger 0.1.0",
        truncated_bytes: 0,
        accepted_damage: None,
        extra: None,
    };
    let of_request = |kind, metadata: &str, content| Entry {
        kind,
        tenant: Some(tenant()),
        request: RequestId::new(counting(0x10)),
        metadata: metadata.as_bytes().to_vec(),
        content,
    };
    let answer = vec![Bytes::from_static(b"Gr\xc3\xbc"), Bytes::from_static(b"\xc3\x9fe")];
    [
        Entry::system(Kind::Open, serde_json::to_vec(&open).unwrap()),
        of_request(Kind::Intent, r#"{"model":"gpt-x"}"#, Content::Withheld),
        of_request(Kind::Outcome, r#"{"cost_nano_usd":"1250000"}"#, Content::Sealed(answer)),
    ]
}

/// The commit, its note, and the key that signed it.
fn build() -> (Batch, String, VerifyingKey) {
    let (batch, checkpoint, key) = commit();
    (batch, checkpoint.note(&key), key)
}

/// The commit, its checkpoint, and the key that signed it.
pub(crate) fn commit() -> (Batch, Checkpoint, VerifyingKey) {
    let signing = SigningKey::from_seed(&Zeroizing::new(counting(0))).unwrap();
    let key = signing.verifying_key(&"gw-1.example".parse().unwrap()).unwrap();
    let run_id = RunId(counting(0xa0));
    let mut chain = Chain::new(log_id(&key));
    let mut batch = Batch::default();
    batch.begin((Segment(0), 0), chain.tree());
    let fresh = FreshKeys {
        record_key: counting(0x20),
        wrap_nonce: counting(0x40),
        content_nonce: counting(0x50),
    };
    for (entry, time_us) in entries(&key, run_id).iter().zip(FIRST_TIME_US..) {
        let stamp = Stamp { run_id, time_us };
        batch.push_with(entry, &stamp, &mut chain, Some(&fresh)).unwrap();
    }
    let signer = Signer { signing, key: key.clone() };
    let checkpoint = batch.finish(&chain, &signer, None).unwrap();
    (batch, checkpoint, key)
}

/// `UPDATE_VECTORS=1` rewrites the vector first, after a deliberate change.
#[test]
fn the_stored_vector_is_what_this_code_writes() {
    if std::env::var_os("UPDATE_VECTORS").is_some() {
        write_vector();
    }
    let (batch, _, _) = build();
    assert_eq!(hex(batch.frames()), hex(STORED));
}

#[test]
fn format_md_states_the_vectors_values() {
    let (batch, note, key) = build();
    let mut values = vec![key.to_string(), log_id(&key).to_string(), tenant().tag().to_string()];
    values.extend(batch.rows().iter().map(|row| row.record_hash.to_string()));
    values.extend(note.lines().map(str::to_owned));
    values.push(hex(&STORED[..216]));
    for value in values {
        assert!(FORMAT.contains(&value), "FORMAT.md lacks {value}");
    }
}

#[test]
fn the_vectors_content_opens() {
    let (batch, _, _) = build();
    let row = batch.rows()[2];
    let start = usize::try_from(row.offset).unwrap();
    let record = Record::parse(&STORED[start..start + row.bytes as usize]).unwrap();
    assert_eq!(*record.open(&tenant()).unwrap(), "Grüße".as_bytes());
}

/// Writes the file and prints what belongs into `FORMAT.md`.
fn write_vector() {
    let (batch, note, key) = build();
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/vectors/v1/00000000000000000000.ilj");
    std::fs::write(path, batch.frames()).unwrap();
    println!("key {key}\nlog_id {}\ntag {}", log_id(&key), tenant().tag());
    for row in batch.rows() {
        println!("record {} at {} + {}: {}", row.sequence, row.offset, row.bytes, row.record_hash);
    }
    let end = usize::try_from(batch.rows()[2].end()).unwrap();
    println!("{note}header 0 {}\ncheckpoint at {end}", hex(&batch.frames()[..216]));
    println!("content 2 {}", hex(&batch.frames()[end - 95..end]));
}
