//! The text of an inclusion proof: <https://c2sp.org/tlog-proof>, version 1.
//!
//! The format leaves out what is proven. Ours names the record's hash in the `extra` line, so that
//! a proof says on its own which record it is for; nothing is believed that the path does not show.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{InclusionProof, ProofFault};
use crate::format::checkpoint::Checkpoint;
use crate::format::damage::Damage;
use crate::format::frame::MAX_NOTE_BYTES;
use crate::format::hash::Hash;
use crate::format::note_key::VerifyingKey;

const FIRST_LINE: &str = "c2sp.org/tlog-proof@v1";

impl InclusionProof {
    /// The text, at most 1 KiB before the checkpoint's note up to a million records.
    pub fn to_text(&self) -> String {
        let extra = STANDARD.encode(self.record_hash.0);
        let mut text = format!("{FIRST_LINE}\nextra {extra}\nindex {}\n", self.sequence);
        for hash in &self.hashes {
            text.push_str(&STANDARD.encode(hash.0));
            text.push('\n');
        }
        text.push('\n');
        text.push_str(&self.checkpoint.note(&self.key));
        text
    }

    /// Reads a proof and checks it: the signature by `key`, and the path from the record. Its hash
    /// may be left out when the text names one. Further signatures on the note are ignored.
    pub fn parse(
        text: &str,
        record_hash: Option<Hash>,
        key: &VerifyingKey,
    ) -> Result<Self, ProofFault> {
        let text = ProofText::parse(text).ok_or(ProofFault::Form)?;
        let record_hash = match (record_hash, text.record_hash) {
            (Some(given), Some(named)) if given != named => return Err(ProofFault::OtherRecord),
            (given, named) => given.or(named).ok_or(ProofFault::NoRecord)?,
        };
        if text.note.len() > MAX_NOTE_BYTES as usize {
            return Err(ProofFault::Checkpoint);
        }
        let checkpoint = Checkpoint::from_note(text.note.as_bytes(), key).map_err(fault)?;
        Self::new(text.sequence, record_hash, text.hashes, checkpoint, key.clone())
    }
}

/// The text in its parts; nothing of it is checked yet.
pub(crate) struct ProofText<'a> {
    pub(crate) record_hash: Option<Hash>,
    pub(crate) sequence: u64,
    pub(crate) hashes: Vec<Hash>,
    pub(crate) note: &'a str,
}

impl<'a> ProofText<'a> {
    pub(crate) fn parse(text: &'a str) -> Option<Self> {
        let (path, note) = text.split_once("\n\n")?;
        let mut lines = path.strip_prefix(FIRST_LINE)?.strip_prefix('\n')?.split('\n');
        let mut line = lines.next()?;
        let mut record_hash = None;
        if let Some(extra) = line.strip_prefix("extra ") {
            record_hash = Some(hash(extra)?);
            line = lines.next()?;
        }
        let sequence = number(line.strip_prefix("index ")?)?;
        // No tree of 64-bit size is deeper.
        let hashes: Vec<Hash> = lines.take(65).map(hash).collect::<Option<_>>()?;
        (hashes.len() <= 64).then_some(Self { record_hash, sequence, hashes, note })
    }
}

fn hash(line: &str) -> Option<Hash> {
    Some(Hash(STANDARD.decode(line).ok()?.try_into().ok()?))
}

/// Decimal in its one spelling: no sign, no leading zero.
fn number(digits: &str) -> Option<u64> {
    digits.parse().ok().filter(|number: &u64| number.to_string() == digits)
}

fn fault(damage: Damage) -> ProofFault {
    match damage {
        Damage::Signature => ProofFault::Signature,
        _ => ProofFault::Checkpoint,
    }
}
