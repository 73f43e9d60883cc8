//! What an auditor holds from elsewhere: receipts that clients were given, proofs, checkpoints that
//! anchors kept. Only they show that more was acknowledged than a log still has, or something else.

use std::io::{self, Read};
use std::path::Path;
use std::str::FromStr;

use thiserror::Error;

use crate::format::checkpoint::{Checkpoint, Head};
use crate::format::damage::Damage;
use crate::format::hash::Hash;
use crate::format::note_key::VerifyingKey;
use crate::log::Log;
use crate::proof::{ProofText, verify_inclusion};
use crate::receipt::Reference;
use crate::regular::open_regular;

/// A receipt, a proof or a checkpoint.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// Where it was found, for messages.
    pub source: String,
    claim: Claim,
}

#[derive(Clone, Debug)]
enum Claim {
    /// As in `x-inferlayer-receipt`.
    Receipt(Reference),
    /// The text of an inclusion proof.
    Proof(String),
    /// A signed note.
    Note(Vec<u8>),
}

/// Text that is no evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("neither a receipt's reference nor a proof nor a signed checkpoint")]
pub struct NoEvidence;

/// The record that evidence is of.
pub(super) struct Told {
    pub(super) sequence: u64,
    /// `None` in a proof that leaves it to its reader.
    pub(super) hash: Option<Hash>,
}

/// A proof in a log of any size, with a note of the longest.
const MAX_BYTES: u64 = 16 << 10;
const PROOF: &str = "c2sp.org/tlog-proof@";

impl Evidence {
    /// Reads a reference, a proof or a signed note.
    pub fn read(source: &str, text: &str) -> Result<Self, NoEvidence> {
        let claim = match text.trim().parse() {
            Ok(reference) => Claim::Receipt(reference),
            Err(_) if text.starts_with(PROOF) => Claim::Proof(text.to_owned()),
            Err(_) if text.contains("\n\n") => Claim::Note(text.as_bytes().to_vec()),
            Err(_) => return Err(NoEvidence),
        };
        Ok(Self { source: source.to_owned(), claim })
    }

    /// Reads the file that is named, else what stands there itself.
    pub fn given(word: &str) -> io::Result<Self> {
        let stored = Path::new(word).is_file().then(|| read_whole(Path::new(word))).transpose()?;
        let source = if stored.is_some() { word } else { "the evidence given" };
        Self::read(source, stored.as_deref().unwrap_or(word)).map_err(io::Error::other)
    }

    /// What kind of evidence it is, for messages.
    pub fn form(&self) -> &'static str {
        match self.claim {
            Claim::Receipt(_) => "receipt",
            Claim::Proof(_) => "proof",
            Claim::Note(_) => "checkpoint",
        }
    }

    /// Number of records in the log that it speaks of, whoever says so; 0 when it says nothing.
    pub(super) fn size(&self) -> u64 {
        let size_in = |note: &[u8]| {
            let text = std::str::from_utf8(note).unwrap_or_default();
            text.lines().nth(1).and_then(|size| u64::from_str(size).ok()).unwrap_or(0)
        };
        match &self.claim {
            Claim::Receipt(reference) => reference.checkpoint.head.size,
            Claim::Proof(text) => {
                ProofText::parse(text).map_or(0, |it| size_in(it.note.as_bytes()))
            }
            Claim::Note(note) => size_in(note),
        }
    }

    /// The record that it is of; a checkpoint is of none.
    pub(super) fn record(&self) -> Option<Told> {
        match &self.claim {
            Claim::Receipt(Reference { sequence, record_hash, .. }) => {
                Some(Told { sequence: *sequence, hash: Some(*record_hash) })
            }
            Claim::Proof(text) => {
                let ProofText { sequence, record_hash, .. } = ProofText::parse(text)?;
                Some(Told { sequence, hash: record_hash })
            }
            Claim::Note(_) => None,
        }
    }

    /// The head that it states, if one of the log's keys signed it while it was the one to sign.
    pub(super) fn signed(&self, log: &Log) -> Result<Head, Damage> {
        let mut retired = false;
        for (key, sizes) in log.story.signers() {
            match self.signed_by(key, log) {
                Some(head) if sizes.contains(&head.size) || head.size == 0 => return Ok(head),
                signed => retired |= signed.is_some(),
            }
        }
        Err(if retired { Damage::RetiredKey } else { Damage::ForeignReceipt })
    }

    fn signed_by(&self, key: &VerifyingKey, log: &Log) -> Option<Head> {
        match &self.claim {
            Claim::Receipt(reference) => {
                let ours = log.chain.log_id().0.starts_with(&reference.log_id_prefix);
                let signed = ours && reference.verify(key).is_ok();
                signed.then_some(reference.checkpoint.head)
            }
            Claim::Proof(text) => {
                let note = ProofText::parse(text)?.note;
                Some(Checkpoint::from_note(note.as_bytes(), key).ok()?.head)
            }
            Claim::Note(note) => Some(Checkpoint::from_note(note, key).ok()?.head),
        }
    }

    /// Whether its path, if it has one, leads from `record` to the root that it states. Without a
    /// record there is nothing to go from, and it is what its checkpoint is.
    pub(super) fn leads_to(&self, head: Head, record: Option<Hash>) -> bool {
        let Claim::Proof(text) = &self.claim else {
            return true;
        };
        ProofText::parse(text).is_some_and(|proof| {
            let holds = |hash| verify_inclusion(hash, proof.sequence, &proof.hashes, head).is_ok();
            proof.sequence < head.size && record.is_none_or(holds)
        })
    }

    /// What it is when the log has fewer records than it speaks of.
    pub(super) fn beyond(&self, held: u64, log: u64) -> Damage {
        match self.claim {
            Claim::Receipt(_) | Claim::Proof(_) => Damage::CutTail { held, log },
            Claim::Note(_) => Damage::RolledBack { held, log },
        }
    }
}

fn read_whole(path: &Path) -> io::Result<String> {
    let text = io::read_to_string(open_regular(path)?.take(MAX_BYTES + 1))?;
    match text.len() as u64 > MAX_BYTES {
        true => Err(io::ErrorKind::FileTooLarge.into()),
        false => Ok(text),
    }
}
