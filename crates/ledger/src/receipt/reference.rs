//! A receipt's reference: what an answer's header says about its record, in one word.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::format::checkpoint::{Checkpoint, Head};
use crate::format::hash::{Hash, LogId};
use crate::format::note_key::VerifyingKey;
use crate::proof::ProofFault;

/// Names a record and the checkpoint that covers it; at most 231 bytes, safe in an HTTP header.
///
/// Signed are size and root only. That the record is under them is shown by a proof or the log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The first bytes of the log's identity.
    pub log_id_prefix: [u8; 8],
    /// Place of the record in the log, from 0.
    pub sequence: u64,
    /// The record's hash.
    pub record_hash: Hash,
    /// A checkpoint that covers it.
    pub checkpoint: Checkpoint,
}

impl Reference {
    pub(crate) fn new(
        log_id: LogId,
        sequence: u64,
        record_hash: Hash,
        checkpoint: Checkpoint,
    ) -> Self {
        let [a, b, c, d, e, f, g, h, ..] = log_id.0;
        Self { log_id_prefix: [a, b, c, d, e, f, g, h], sequence, record_hash, checkpoint }
    }

    /// Checks the signature, and that the record is within the size that is signed.
    pub fn verify(&self, key: &VerifyingKey) -> Result<(), ProofFault> {
        if self.sequence >= self.checkpoint.head.size {
            return Err(ProofFault::Size);
        }
        if self.checkpoint.is_signed_by(key) { Ok(()) } else { Err(ProofFault::Signature) }
    }
}

/// `v1.<log id>.<sequence>.<record hash>.<size>.<root>.<signature>` (`FORMAT.md` §9).
impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { log_id_prefix, sequence, record_hash, checkpoint } = self;
        let Head { size, root } = checkpoint.head;
        let text = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        let (log, record, root) = (text(log_id_prefix), text(&record_hash.0), text(&root.0));
        let signature = text(&checkpoint.signature);
        write!(f, "v1.{log}.{sequence}.{record}.{size}.{root}.{signature}")
    }
}

impl FromStr for Reference {
    type Err = ProofFault;

    fn from_str(text: &str) -> Result<Self, ProofFault> {
        let mut fields = text.split('.');
        let reference = (fields.next() == Some("v1")).then(|| read(&mut fields)).flatten();
        reference.filter(|_| fields.next().is_none()).ok_or(ProofFault::Reference)
    }
}

fn read<'a>(fields: &mut impl Iterator<Item = &'a str>) -> Option<Reference> {
    let log_id_prefix = bytes(fields.next()?)?;
    let sequence = number(fields.next()?)?;
    let record_hash = Hash(bytes(fields.next()?)?);
    let head = Head { size: number(fields.next()?)?, root: Hash(bytes(fields.next()?)?) };
    let checkpoint = Checkpoint { head, signature: bytes(fields.next()?)? };
    Some(Reference { log_id_prefix, sequence, record_hash, checkpoint })
}

fn bytes<const N: usize>(text: &str) -> Option<[u8; N]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

/// Decimal in its one spelling: no sign, no leading zero.
fn number(digits: &str) -> Option<u64> {
    digits.parse().ok().filter(|number: &u64| number.to_string() == digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn longest() -> Reference {
        let head = Head { size: u64::MAX, root: Hash([0xfe; 32]) };
        let checkpoint = Checkpoint { head, signature: [0xfd; 64] };
        Reference::new(LogId([0xfc; 32]), u64::MAX - 1, Hash([0xfb; 32]), checkpoint)
    }

    #[test]
    fn the_longest_reference_fits_a_header_and_reads_back() {
        let text = longest().to_string();
        assert_eq!(text.len(), 231);
        assert!(text.bytes().all(|b| b.is_ascii_alphanumeric() || b"._-".contains(&b)));
        assert_eq!(text.parse(), Ok(longest()));
    }

    #[test]
    fn other_spellings_are_no_reference() {
        let text = longest().to_string();
        let size = u64::MAX.to_string();
        for other in [
            text.replacen("v1", "v2", 1),
            text.replacen(&size, &format!("+{size}"), 1),
            text.replacen(&size, &format!("0{size}"), 1),
            text.replacen(&size, &format!("{size}0"), 1),
            format!("{text}."),
            format!("{text}="),
            text[..text.len() - 1].to_owned(),
            text.rsplit_once('.').unwrap().0.to_owned(),
            String::new(),
        ] {
            assert_eq!(other.parse::<Reference>(), Err(ProofFault::Reference), "{other}");
        }
    }
}
