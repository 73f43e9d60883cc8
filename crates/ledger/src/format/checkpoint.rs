//! Checkpoints: C2SP signed notes over size and root of the log, one at the end of each commit.
//!
//! One signature covers every record of the commit and all before, so signing costs a commit, not
//! a record. `FORMAT.md` §5.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::format::damage::Damage;
use crate::format::frame::{CHECKPOINT_HEADER_BYTES, CHECKPOINT_MAGIC, MAX_NOTE_BYTES};
use crate::format::hash::Hash;
use crate::format::note_key::{Origin, SigningKey, VerifyingKey};

/// Size and root of a log.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Head {
    /// Number of records.
    pub size: u64,
    /// Root of the RFC 6962 tree over their hashes.
    pub root: Hash,
}

/// A head signed by the log's key.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Checkpoint {
    /// What is signed.
    pub head: Head,
    /// Ed25519 over the note's text.
    pub signature: [u8; 64],
}

impl Checkpoint {
    pub(crate) fn sign(head: Head, origin: &Origin, key: &SigningKey) -> Option<Self> {
        let signature = key.sign(text(origin, head).as_bytes())?;
        Some(Self { head, signature })
    }

    /// Whether `key` has made the signature, under its origin.
    pub fn is_signed_by(&self, key: &VerifyingKey) -> bool {
        key.verifies(text(key.origin(), self.head).as_bytes(), &self.signature)
    }

    /// The whole signed note.
    pub fn note(&self, key: &VerifyingKey) -> String {
        format!("{}\n{}", text(key.origin(), self.head), self.signature_line(key))
    }

    /// The line of a note that holds the signature by `key`.
    pub(crate) fn signature_line(&self, key: &VerifyingKey) -> String {
        let mut signed = key.key_id().to_vec();
        signed.extend_from_slice(&self.signature);
        format!("\u{2014} {} {}\n", key.origin(), STANDARD.encode(signed))
    }

    /// Appends the frame of a signed note.
    pub(crate) fn encode(note: &str, out: &mut Vec<u8>) {
        // An origin has at most 128 bytes, so a note has far less than 4 GiB.
        let length = u32::try_from(note.len()).unwrap_or(u32::MAX);
        out.extend_from_slice(&CHECKPOINT_MAGIC);
        out.extend_from_slice(&length.to_be_bytes());
        out.extend_from_slice(note.as_bytes());
    }

    /// Reads a whole frame and verifies its signature; says nothing yet of size and root.
    pub(crate) fn decode(frame: &[u8], key: &VerifyingKey) -> Result<Self, Damage> {
        let note = frame.get(CHECKPOINT_HEADER_BYTES..).ok_or(Damage::Unfinished)?;
        Self::from_note(note, key)
    }

    /// What a note claims, whoever signed it.
    pub(crate) fn claimed(note: &[u8], origin: &Origin) -> Option<Head> {
        let (text, _) = std::str::from_utf8(note).ok()?.split_once("\n\n")?;
        parse_text(text, origin)
    }

    /// Reads a signed note and verifies its signature; says nothing yet of size and root.
    pub(crate) fn from_note(note: &[u8], key: &VerifyingKey) -> Result<Self, Damage> {
        let note = std::str::from_utf8(note).map_err(|_| Damage::Checkpoint)?;
        let (text, signatures) = note.split_once("\n\n").ok_or(Damage::Checkpoint)?;
        let head = parse_text(text, key.origin()).ok_or(Damage::Checkpoint)?;
        if !signatures.ends_with('\n') {
            return Err(Damage::Checkpoint);
        }
        // Signed is the text with its last newline, not the blank line.
        let signed = note.get(..=text.len()).ok_or(Damage::Checkpoint)?.as_bytes();
        // Not `lines`, which would forgive a carriage return.
        let mut ours = signatures.split('\n').filter_map(|line| parse_signature(line, key));
        let signature = ours.find(|signature| key.verifies(signed, signature));
        Ok(Self { head, signature: signature.ok_or(Damage::Signature)? })
    }

    /// Whether a note over more than `size` records, signed by `key`, lies anywhere in `bytes`.
    ///
    /// Found by its first line, so that a damaged frame header does not hide it.
    pub(crate) fn any_later(bytes: &[u8], key: &VerifyingKey, size: u64) -> bool {
        let first_line = format!("{}\n", key.origin());
        let starts = bytes.windows(first_line.len()).enumerate();
        starts
            .filter(|(_, window)| *window == first_line.as_bytes())
            .filter_map(|(start, _)| bytes.get(start..))
            .filter_map(|rest| Self::from_note(note_at_front(rest)?.as_bytes(), key).ok())
            .any(|found| found.head.size > size)
    }
}

/// The signed text: origin, size, root, each on its line.
fn text(origin: &Origin, head: Head) -> String {
    format!("{origin}\n{}\n{}\n", head.size, STANDARD.encode(head.root.0))
}

fn parse_text(text: &str, origin: &Origin) -> Option<Head> {
    let mut lines = text.split('\n');
    let (name, size, root) = (lines.next()?, lines.next()?, lines.next()?);
    let head =
        Head { size: size.parse().ok()?, root: Hash(STANDARD.decode(root).ok()?.try_into().ok()?) };
    // Only one spelling of a number is a checkpoint: no sign, no leading zero.
    let canonical = size == head.size.to_string();
    (name == origin.as_str() && canonical && lines.next().is_none()).then_some(head)
}

/// The signature on a line `— <origin> <base64>`, if `key` claims to have made it.
fn parse_signature(line: &str, key: &VerifyingKey) -> Option<[u8; 64]> {
    let (name, signed) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
    let signed = STANDARD.decode(signed).ok()?;
    let (id, signature) = signed.split_first_chunk()?;
    if name != key.origin().as_str() || *id != key.key_id() {
        return None;
    }
    signature.try_into().ok()
}

/// All whole lines at the front of `bytes` that a note could have. What is not UTF-8 among them is
/// damage, and hides no signature on another line.
fn note_at_front(bytes: &[u8]) -> Option<String> {
    let lines = bytes.get(..MAX_NOTE_BYTES as usize).unwrap_or(bytes);
    let end = lines.iter().rposition(|byte| *byte == b'\n')?;
    Some(String::from_utf8_lossy(lines.get(..=end)?).into_owned())
}

#[cfg(test)]
mod tests {
    use zeroize::Zeroizing;

    use super::*;

    fn keys(seed: u8) -> (SigningKey, VerifyingKey) {
        let key = SigningKey::from_seed(&Zeroizing::new([seed; 32])).unwrap();
        let public = key.verifying_key(&"gw".parse().unwrap()).unwrap();
        (key, public)
    }

    fn frame(seed: u8, size: u64) -> Vec<u8> {
        let (key, public) = keys(seed);
        let head = Head { size, root: Hash([9; 32]) };
        let mut out = Vec::new();
        let signed = Checkpoint::sign(head, public.origin(), &key).unwrap();
        Checkpoint::encode(&signed.note(&public), &mut out);
        out
    }

    #[test]
    fn a_checkpoint_reads_back_and_every_flipped_bit_is_refused() {
        let (_, key) = keys(1);
        let frame = frame(1, 12);
        assert_eq!(Checkpoint::decode(&frame, &key).unwrap().head.size, 12);
        for index in CHECKPOINT_HEADER_BYTES..frame.len() {
            for bit in 0..8 {
                let mut flipped = frame.clone();
                flipped[index] ^= 1 << bit;
                assert!(Checkpoint::decode(&flipped, &key).is_err(), "byte {index} bit {bit}");
            }
        }
    }

    #[test]
    fn another_key_and_another_origin_are_refused() {
        let (signer, key) = keys(1);
        let other = signer.verifying_key(&"other".parse().unwrap()).unwrap();
        assert_eq!(Checkpoint::decode(&frame(2, 1), &key), Err(Damage::Signature));
        assert_eq!(Checkpoint::decode(&frame(1, 1), &other), Err(Damage::Checkpoint));
    }

    #[test]
    fn one_of_many_signature_lines_has_to_hold_and_others_may_be_anything() {
        let (_, key) = keys(1);
        let note = String::from_utf8(frame(1, 3)[CHECKPOINT_HEADER_BYTES..].to_vec()).unwrap();
        let (text, line) = note.split_once("\n\n").unwrap();
        let wrong = Checkpoint {
            signature: [0; 64],
            ..Checkpoint::from_note(note.as_bytes(), &key).unwrap()
        };
        let wrong = wrong.note(&key).rsplit_once("\n\n").unwrap().1.to_owned();
        let with = |lines: &str| {
            Checkpoint::from_note(format!("{text}\n\n{lines}").as_bytes(), &key).err()
        };
        assert_eq!(with(&format!("{wrong}{line}\u{1}\n\nwitness\n")), None);
        assert_eq!(with(&wrong), Some(Damage::Signature));
        assert_eq!(with(&line.replace('\n', "\r\n")), Some(Damage::Signature));
        assert_eq!(with(&line.replace('=', "")), Some(Damage::Signature));
        assert_eq!(with(&line.replace('\n', "")), Some(Damage::Checkpoint));
        let extended = note.replacen("\n\n", "\nextension\n\n", 1);
        assert_eq!(Checkpoint::from_note(extended.as_bytes(), &key), Err(Damage::Checkpoint));
        let latin = [note.as_bytes(), b"\xff\n"].concat();
        assert_eq!(Checkpoint::from_note(&latin, &key), Err(Damage::Checkpoint));
    }

    #[test]
    fn a_later_checkpoint_is_found_behind_damage() {
        let (_, key) = keys(1);
        let mut bytes = b"gw\ngw\njunk".to_vec();
        bytes.extend_from_slice(&frame(1, 5));
        bytes.extend_from_slice(b"more");
        assert!(Checkpoint::any_later(&bytes, &key, 4));
        assert!(!Checkpoint::any_later(&bytes, &key, 5));
        assert!(!Checkpoint::any_later(&frame(2, 5), &key, 4), "signed by someone else");
        let own = frame(1, 5);
        let line = own.windows(2).rposition(|pair| pair == b"\n\n").unwrap() + 2;
        let witnessed = [&own[..line], b"\xe2\x80\x94 w AAAA\n\xff\n", &own[line..]].concat();
        assert!(Checkpoint::any_later(&witnessed, &key, 4), "behind damaged lines of others");
        assert!(!Checkpoint::any_later(&own[..own.len() - 1], &key, 4), "without its last newline");
    }
}
