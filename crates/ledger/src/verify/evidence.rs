//! What an auditor holds from elsewhere: receipts that clients were given, checkpoints that anchors
//! kept. Only they show that more was acknowledged than a log still has, or something else.

use std::str::FromStr;

use thiserror::Error;

use crate::format::checkpoint::{Checkpoint, Head};
use crate::format::hash::Hash;
use crate::format::record::Record;
use crate::log::Log;
use crate::receipt::Reference;
use crate::walk::damage::Damage;

/// A receipt or a checkpoint.
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
    Record {
        sequence: u64,
        hash: Hash,
    },
    /// With the time of the last record under it, in microseconds.
    Head(Head, u64),
}

impl Evidence {
    /// Reads a reference or a signed note.
    pub fn read(source: &str, text: &str) -> Result<Self, NoEvidence> {
        let claim = match text.trim().parse() {
            Ok(reference) => Claim::Receipt(reference),
            Err(_) if text.contains("\n\n") => Claim::Note(text.as_bytes().to_vec()),
            Err(_) => return Err(NoEvidence),
        };
        Ok(Self { source: source.to_owned(), claim })
    }

    /// Size of the log that it speaks of; 0 for a note that claims nothing.
    fn size(&self) -> u64 {
        match &self.claim {
            Claim::Receipt(Reference { checkpoint, .. }) => checkpoint.head.size,
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
                Claim::Receipt(_) => Damage::CutTail { held, log },
                Claim::Note(_) => Damage::RolledBack { held, log },
            });
        }
        let same = |found: &Found| matches!(found, Found::Head(seen, _) if *seen == head);
        if !found.iter().any(same) {
            return Err(Damage::Fork { size: head.size });
        }
        self.judge_record(found)
    }

    fn judge_record(&self, found: &[Found]) -> Result<(), Damage> {
        let Claim::Receipt(reference) = &self.claim else {
            return Ok(());
        };
        let stands = found.iter().any(|found| match found {
            Found::Record { sequence, hash } => {
                *sequence == reference.sequence && *hash == reference.record_hash
            }
            Found::Head(..) => false,
        });
        if stands { Ok(()) } else { Err(Damage::ForeignReceipt) }
    }

    /// The head it states, if one of the log's keys signed it.
    fn head_signed_by(&self, log: &Log) -> Result<Head, Damage> {
        let mut keys = log.story.keys().map(|(key, _)| key);
        match &self.claim {
            Claim::Receipt(reference) => {
                let ours = log.chain.log_id().0.starts_with(&reference.log_id_prefix);
                let signed = ours && keys.any(|key| reference.verify(key).is_ok());
                signed.then_some(reference.checkpoint.head).ok_or(Damage::ForeignReceipt)
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
            Claim::Receipt(reference) => reference.sequence == sequence,
            Claim::Note(_) => false,
        };
        evidence.iter().any(speaks).then_some(Self::Record { sequence, hash })
    }

    /// The head, if any evidence speaks of a log of its size.
    pub(super) fn head(evidence: &[Evidence], log: &Log) -> Option<Self> {
        let head = log.chain.head();
        let speaks = evidence.iter().any(|evidence| evidence.size() == head.size);
        speaks.then_some(Self::Head(head, log.chain.time_us()))
    }

    /// Size and time of the largest log that was seen of those that evidence speaks of.
    pub(super) fn furthest(found: &[Self]) -> Option<(u64, u64)> {
        let heads = found.iter().filter_map(|found| match found {
            Self::Head(head, time_us) => Some((head.size, *time_us)),
            Self::Record { .. } => None,
        });
        heads.max()
    }
}
