//! What an auditor holds from elsewhere: receipts that clients were given, checkpoints that anchors
//! kept. Only they show that more was acknowledged than a log still has, or something else.

use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use thiserror::Error;

use crate::checkpoint::{Checkpoint, Head};
use crate::error::Damage;
use crate::hash::Hash;
use crate::log::Log;
use crate::record::Record;

/// A receipt or a checkpoint.
#[derive(Clone, Debug)]
pub struct Evidence {
    /// Where it was found, for messages.
    pub source: String,
    claim: Claim,
}

#[derive(Clone, Debug)]
enum Claim {
    /// A reference as in `x-inferlayer-receipt`.
    Receipt { log_id: [u8; 8], sequence: u64, record_hash: Hash, checkpoint: Checkpoint },
    /// A signed note.
    Note(Vec<u8>),
}

/// Text that is no evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("neither a receipt's reference nor a signed checkpoint")]
pub struct NoEvidence;

/// What a log shows of the things that evidence speaks of.
#[derive(Clone, Copy, Debug)]
pub(super) enum Found {
    Record { sequence: u64, hash: Hash },
    Head(Head),
}

impl Evidence {
    /// Reads a reference or a signed note.
    pub fn read(source: &str, text: &str) -> Result<Self, NoEvidence> {
        let claim = match text.trim().strip_prefix("v1.") {
            Some(fields) => receipt(fields).ok_or(NoEvidence)?,
            None if text.contains("\n\n") => Claim::Note(text.as_bytes().to_vec()),
            None => return Err(NoEvidence),
        };
        Ok(Self { source: source.to_owned(), claim })
    }

    /// Size of the log that it speaks of; 0 for a note that claims nothing.
    pub(super) fn size(&self) -> u64 {
        match &self.claim {
            Claim::Receipt { checkpoint, .. } => checkpoint.head.size,
            Claim::Note(note) => {
                let text = std::str::from_utf8(note).unwrap_or_default();
                text.lines().nth(1).and_then(|size| u64::from_str(size).ok()).unwrap_or(0)
            }
        }
    }

    /// Whether `log`, of which `found` was seen, is the one that this speaks of.
    pub(super) fn judge(&self, log: &Log, found: &[Found]) -> Result<(), Damage> {
        let head = self.head_signed_by(log)?;
        let ours = log.chain.next_sequence();
        if log.story.admits_loss_of(head.size) || head.size <= log.story.first_sequence {
            return Ok(());
        }
        if head.size > ours {
            let (held, log) = (head.size, ours);
            return Err(match self.claim {
                Claim::Receipt { .. } => Damage::CutTail { held, log },
                Claim::Note(_) => Damage::RolledBack { held, log },
            });
        }
        let same = |found: &Found| matches!(found, Found::Head(seen) if *seen == head);
        if !found.iter().any(same) {
            return Err(Damage::Fork { size: head.size });
        }
        self.judge_record(found)
    }

    fn judge_record(&self, found: &[Found]) -> Result<(), Damage> {
        let Claim::Receipt { sequence: of, record_hash, .. } = &self.claim else {
            return Ok(());
        };
        let stands = found.iter().any(|found| match found {
            Found::Record { sequence, hash } => sequence == of && hash == record_hash,
            Found::Head(_) => false,
        });
        if stands { Ok(()) } else { Err(Damage::ForeignReceipt) }
    }

    /// The head it states, if one of the log's keys signed it.
    fn head_signed_by(&self, log: &Log) -> Result<Head, Damage> {
        let mut keys = log.story.keys().map(|(key, _)| key);
        match &self.claim {
            Claim::Receipt { log_id, checkpoint, .. } => {
                let ours = log.chain.log_id().0.starts_with(log_id);
                let signed = ours && keys.any(|key| checkpoint.is_signed_by(key));
                signed.then_some(checkpoint.head).ok_or(Damage::ForeignReceipt)
            }
            Claim::Note(note) => keys
                .find_map(|key| Checkpoint::from_note(note, key).ok())
                .map(|checkpoint| checkpoint.head)
                .ok_or(Damage::ForeignReceipt),
        }
    }
}

impl Found {
    /// The record, if a receipt speaks of its place.
    pub(super) fn record(evidence: &[Evidence], record: &Record<'_>) -> Option<Self> {
        let (sequence, hash) = (record.sequence(), record.record_hash());
        let speaks = |evidence: &Evidence| match &evidence.claim {
            Claim::Receipt { sequence: of, .. } => *of == sequence,
            Claim::Note(_) => false,
        };
        evidence.iter().any(speaks).then_some(Self::Record { sequence, hash })
    }

    /// The head, if any evidence speaks of a log of its size.
    pub(super) fn head(evidence: &[Evidence], head: Head) -> Option<Self> {
        evidence.iter().any(|evidence| evidence.size() == head.size).then_some(Self::Head(head))
    }
}

/// `<log id>.<sequence>.<record hash>.<size>.<root>.<signature>`, behind `v1.`.
fn receipt(fields: &str) -> Option<Claim> {
    let mut fields = fields.split('.');
    let mut next = || fields.next();
    let log_id = bytes(next()?)?;
    let sequence = next()?.parse().ok()?;
    let record_hash = Hash(bytes(next()?)?);
    let head = Head { size: next()?.parse().ok()?, root: Hash(bytes(next()?)?) };
    let checkpoint = Checkpoint { head, signature: bytes(next()?)? };
    next().is_none().then_some(Claim::Receipt { log_id, sequence, record_hash, checkpoint })
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}
