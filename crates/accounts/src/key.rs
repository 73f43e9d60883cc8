//! Tenant keys, `il-<id>-<secret>`. The id is public and names the key in logs, lists and records;
//! the secret is shown once and kept only as HMAC-SHA256 under a salt of its own. A secret has 256
//! random bits, so a fast hash is enough: there is nothing to guess.

use inferlayer_records::{KeyHash, KeyId, hex};
use ring::hmac;
use ring::rand::{SecureRandom, SystemRandom};
use zeroize::Zeroizing;

const PREFIX: &str = "il";
const ID_HEX: usize = 12;
const SECRET_HEX: usize = 64;
const SALT_BYTES: usize = 16;

/// A key as a client presents it. Not yet known to be anyone's.
pub struct PresentedKey<'a> {
    id: KeyId,
    secret: &'a [u8],
}

/// A new key: what goes to the ledger, and the only copy of its secret.
pub struct MintedKey {
    /// The public name.
    pub id: KeyId,
    /// What is stored.
    pub hash: KeyHash,
    secret: Zeroizing<String>,
}

/// No key could be made: the operating system gave no randomness.
#[derive(Debug, thiserror::Error)]
#[error("the operating system gave no randomness")]
pub struct NoRandomness;

/// The text is not of the form `il-<id>-<secret>`.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("not of the form il-<id>-<secret>")]
pub struct MalformedKey;

impl MintedKey {
    /// Makes a key from the system's randomness.
    pub fn mint() -> Result<MintedKey, NoRandomness> {
        let id = random::<{ ID_HEX / 2 }>()?;
        let secret = Zeroizing::new(hex(random::<{ SECRET_HEX / 2 }>()?.as_slice()));
        let salt = hex(random::<SALT_BYTES>()?.as_slice());
        let id: KeyId = hex(id.as_slice()).parse().map_err(|_| NoRandomness)?;
        let tag = hmac::sign(&hmac_key(&salt), secret.as_bytes());
        let hash = KeyHash { salt, hmac_sha256: hex(tag.as_ref()) };
        Ok(MintedKey { id, hash, secret })
    }

    /// The whole key, for the one who asked for it, once.
    pub fn reveal(self) -> Zeroizing<String> {
        Zeroizing::new(format!("{PREFIX}-{}-{}", self.id, self.secret.as_str()))
    }
}

impl<'a> PresentedKey<'a> {
    /// Takes a key apart. Constant in what it reads: bad keys are told apart from good ones only
    /// by their form.
    pub fn parse(text: &'a [u8]) -> Result<PresentedKey<'a>, MalformedKey> {
        let mut parts = text.splitn(3, |byte| *byte == b'-');
        let (Some(prefix), Some(id), Some(secret)) = (parts.next(), parts.next(), parts.next())
        else {
            return Err(MalformedKey);
        };
        if prefix != PREFIX.as_bytes() || secret.len() != SECRET_HEX {
            return Err(MalformedKey);
        }
        Ok(PresentedKey { id: KeyId::parse(id).map_err(|_| MalformedKey)?, secret })
    }

    /// The key's public name.
    pub fn id(&self) -> KeyId {
        self.id
    }
}

/// A stored hash, unpacked once so that a check is one HMAC.
pub(crate) struct Verifier {
    key: hmac::Key,
    tag: Vec<u8>,
}

impl Verifier {
    pub(crate) fn new(hash: &KeyHash) -> Option<Verifier> {
        let tag = unhex(&hash.hmac_sha256)?;
        Some(Verifier { key: hmac_key(&hash.salt), tag })
    }

    /// A verifier that accepts nothing, so that an unknown key costs what a known one does.
    pub(crate) fn nobody() -> Verifier {
        Verifier { key: hmac_key(""), tag: vec![0; 32] }
    }

    /// Compares in constant time.
    pub(crate) fn accepts(&self, presented: &PresentedKey<'_>) -> bool {
        hmac::verify(&self.key, presented.secret, &self.tag).is_ok()
    }
}

fn hmac_key(salt: &str) -> hmac::Key {
    hmac::Key::new(hmac::HMAC_SHA256, salt.as_bytes())
}

fn random<const N: usize>() -> Result<Zeroizing<[u8; N]>, NoRandomness> {
    let mut bytes = Zeroizing::new([0; N]);
    SystemRandom::new().fill(bytes.as_mut_slice()).map_err(|_| NoRandomness)?;
    Ok(bytes)
}

fn unhex(text: &str) -> Option<Vec<u8>> {
    if !text.is_ascii() || !text.len().is_multiple_of(2) {
        return None;
    }
    (0..text.len()).step_by(2).map(|i| u8::from_str_radix(text.get(i..i + 2)?, 16).ok()).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_minted_key_is_accepted_and_a_changed_one_is_not() {
        let minted = MintedKey::mint().unwrap();
        let (id, verifier) = (minted.id, Verifier::new(&minted.hash).unwrap());
        let text = minted.reveal();
        let presented = PresentedKey::parse(text.as_bytes()).unwrap();
        assert_eq!(presented.id(), id);
        assert!(verifier.accepts(&presented));

        let mut other = text.as_bytes().to_vec();
        let last = other.last_mut().unwrap();
        *last = if *last == b'0' { b'1' } else { b'0' };
        assert!(!verifier.accepts(&PresentedKey::parse(&other).unwrap()));
        assert!(!Verifier::nobody().accepts(&presented));
    }

    #[test]
    fn two_keys_share_nothing() {
        let (a, b) = (MintedKey::mint().unwrap(), MintedKey::mint().unwrap());
        assert_ne!(a.id, b.id);
        assert_ne!(a.hash.salt, b.hash.salt);
        assert_ne!(a.reveal(), b.reveal());
    }

    #[test]
    fn refuses_other_forms() {
        let secret = "0".repeat(64);
        for text in [
            String::new(),
            "sk-abc".into(),
            format!("il-0123456789ab-{}", &secret[1..]),
            format!("il-0123456789AB-{secret}"),
            format!("il-0123456789a-{secret}"),
            format!("xx-0123456789ab-{secret}"),
            format!("il-0123456789ab_{secret}"),
        ] {
            assert!(PresentedKey::parse(text.as_bytes()).is_err(), "{text}");
        }
    }

    #[test]
    fn the_stored_hash_does_not_hold_the_secret() {
        let minted = MintedKey::mint().unwrap();
        let stored = serde_json::to_string(&minted.hash).unwrap();
        let text = minted.reveal();
        assert!(!stored.contains(&text[16..]));
    }
}
