//! Cosignatures of witnesses (C2SP tlog-cosignature): that somebody else saw a checkpoint, at what
//! time, and found it consistent with all it had seen of the log before.
//!
//! Of the two types in the specification the Ed25519 one, `cosignature/v1`, is known here.

use std::fmt;
use std::str::FromStr;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::signature::{ED25519, UnparsedPublicKey};

use crate::format::note_key::{KeyFormatError, Origin, key_id, parse_key, write_key};

/// Algorithm byte of timestamped Ed25519 cosignatures.
const COSIGNATURE_TYPE: u8 = 0x04;

/// The verifier key of a witness: `<name>+<8 hex digits>+<base64 of 0x04 and the public key>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct WitnessKey {
    name: Origin,
    public: [u8; 32],
}

/// A cosignature that holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cosignature {
    /// When the witness signed, by its own clock: seconds since 1970-01-01 UTC.
    pub time_seconds: u64,
    line: String,
}

impl WitnessKey {
    /// The witness's name.
    pub fn name(&self) -> &Origin {
        &self.name
    }

    /// The first of the signature `lines` that is this witness's and holds over `note`: a
    /// checkpoint's text, the blank line, and any signatures. Lines of others are passed over.
    pub fn find_cosignature(&self, note: &str, lines: &str) -> Option<Cosignature> {
        let (text, _) = note.split_once("\n\n")?;
        lines.split('\n').find_map(|line| self.verify(text, line))
    }

    fn verify(&self, text: &str, line: &str) -> Option<Cosignature> {
        let (name, signed) = line.strip_prefix("\u{2014} ")?.split_once(' ')?;
        let signed = STANDARD.decode(signed).ok()?;
        let (id, signed) = signed.split_first_chunk()?;
        let (time, signature) = signed.split_first_chunk()?;
        let time_seconds = u64::from_be_bytes(*time);
        let ours = name == self.name.as_str() && *id == self.key_id();
        if !ours || time_seconds > i64::MAX.unsigned_abs() {
            return None;
        }
        let message = message(text, time_seconds);
        let key = UnparsedPublicKey::new(&ED25519, &self.public);
        key.verify(message.as_bytes(), signature).ok()?;
        Some(Cosignature { time_seconds, line: line.to_owned() })
    }

    fn key_id(&self) -> [u8; 4] {
        key_id(&self.name, COSIGNATURE_TYPE, &self.public)
    }
}

impl Cosignature {
    /// The note with this cosignature behind its other signatures.
    pub fn append_to(&self, note: &str) -> String {
        format!("{note}{}\n", self.line)
    }
}

/// What is signed: two lines of its own, then the checkpoint's text with its last newline.
fn message(text: &str, time_seconds: u64) -> String {
    format!("cosignature/v1\ntime {time_seconds}\n{text}\n")
}

impl fmt::Display for WitnessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write_key(f, &self.name, COSIGNATURE_TYPE, &self.public)
    }
}

impl FromStr for WitnessKey {
    type Err = KeyFormatError;

    fn from_str(text: &str) -> Result<Self, KeyFormatError> {
        let (name, public) = parse_key(text, COSIGNATURE_TYPE)?;
        Ok(Self { name, public })
    }
}

#[cfg(test)]
mod tests {
    use ring::signature::{Ed25519KeyPair, KeyPair};

    use super::*;

    const NOTE: &str = "gw\n3\nAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n\n\u{2014} gw AAAA\n";

    fn pair() -> Ed25519KeyPair {
        Ed25519KeyPair::from_seed_unchecked(&[7; 32]).unwrap()
    }

    fn key(name: &str) -> WitnessKey {
        let public = pair().public_key().as_ref().try_into().unwrap();
        WitnessKey { name: name.parse().unwrap(), public }
    }

    /// As a witness of that name would sign these bytes.
    fn line(name: &str, time_seconds: u64, message: &str) -> String {
        let mut signed = key(name).key_id().to_vec();
        signed.extend_from_slice(&time_seconds.to_be_bytes());
        signed.extend_from_slice(pair().sign(message.as_bytes()).as_ref());
        format!("\u{2014} {name} {}\n", STANDARD.encode(signed))
    }

    /// Spelled out, not by the function under test.
    fn signed_bytes(time: u64) -> String {
        let root = "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=";
        format!("cosignature/v1\ntime {time}\ngw\n3\n{root}\n")
    }

    #[test]
    fn a_cosignature_is_found_among_lines_of_others_and_kept_behind_the_note() {
        let ours = line("w.example/1", 1_679_315_147, &signed_bytes(1_679_315_147));
        let lines = format!("\u{2014} other AAAA\nnonsense\n{}{ours}", line("other", 1, "x"));
        let found = key("w.example/1").find_cosignature(NOTE, &lines).unwrap();
        assert_eq!(found.time_seconds, 1_679_315_147);
        assert_eq!(found.append_to(NOTE), format!("{NOTE}{ours}"));
    }

    #[test]
    fn what_is_not_signed_as_it_stands_is_no_cosignature() {
        let (key, time) = (key("w"), 1_679_315_147);
        let refused = |line: &str| assert_eq!(key.find_cosignature(NOTE, line), None, "{line}");
        refused(&line("w", time, &signed_bytes(time + 1)));
        refused(&line("w", time, &signed_bytes(time).replace("\n3\n", "\n4\n")));
        refused(&line("w", time, &signed_bytes(time).replace("/v1", "/v2")));
        refused(&line("w", time, signed_bytes(time).trim_end()));
        refused(&line("v", time, &signed_bytes(time)));
        refused(&line("w", 1 << 63, &signed_bytes(1 << 63)));
        let good = line("w", time, &signed_bytes(time));
        assert!(key.find_cosignature(NOTE, &good).is_some());
        refused(&good.replace('\u{2014}', "-"));
        refused(&good.replace('\n', "\r\n"));
        refused(good.get(..good.len() - 5).unwrap());
        assert_eq!(key.find_cosignature("gw\n3\nno blank line\n", &good), None);
    }

    #[test]
    fn verifier_keys_read_back_and_mistakes_are_named() {
        let (key, text) = (key("w.example/1"), key("w.example/1").to_string());
        assert_eq!(text.parse::<WitnessKey>(), Ok(key));
        let renamed = text.replace("/1", "/2");
        assert_eq!(renamed.parse::<WitnessKey>(), Err(KeyFormatError::KeyId));
        assert_eq!("w.example".parse::<WitnessKey>(), Err(KeyFormatError::Form));
        let log = "gw-1.example+1eaa1500+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4";
        assert_eq!(
            log.parse::<WitnessKey>(),
            Err(KeyFormatError::Algorithm { wanted: 4, found: 1 })
        );
    }
}
