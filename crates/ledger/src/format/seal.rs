//! Sealing of content: AES-256-GCM under a fresh key per record, wrapped by the tenant's key.
//!
//! The chain covers ciphertext only, so destroying the tenant's key erases the content for good and
//! the log still verifies. Layout in `FORMAT.md` §6.

use std::sync::Arc;

use bytes::Bytes;
use inferlayer_share::Share;
use ring::aead::{AES_256_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::hmac;
use thiserror::Error;
use zeroize::{Zeroize, ZeroizeOnDrop, Zeroizing};

use crate::format::hash::{Hash, TenantTag};
use crate::format::randomness::Randomness;

/// Bytes that sealing adds: wrap nonce, wrapped key and tag, content nonce, tag.
pub(crate) const OVERHEAD_BYTES: usize = WRAP_BYTES + NONCE_BYTES + TAG_BYTES;

const NONCE_BYTES: usize = 12;
const TAG_BYTES: usize = 16;
const KEY_BYTES: usize = 32;
const WRAP_BYTES: usize = NONCE_BYTES + KEY_BYTES + TAG_BYTES;

/// A tenant's tag and key-encryption key, and what its entries hold of the queue. A cheap clone;
/// the key is zeroized with the last one.
#[derive(Clone)]
pub struct TenantSeal(Arc<Secret>);

struct Secret {
    tag: TenantTag,
    key: Zeroizing<[u8; KEY_BYTES]>,
    queued: Queued,
}

/// What a tenant's entries hold of the queue, places reserved for outcomes included.
#[derive(Default)]
pub struct Queued {
    /// Places.
    pub records: Arc<Share>,
    /// Bytes.
    pub bytes: Arc<Share>,
}

/// The MAC of content that is never held as a whole.
pub struct ContentMac(hmac::Context);

/// Why sealed content does not open.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
pub enum SealError {
    /// The record has no sealed content here.
    #[error("the record has no sealed content")]
    NotSealed,
    /// Sealed for another tenant, moved from another record, or edited.
    #[error("the content does not open with this tenant's key at this place")]
    Refused,
}

impl TenantSeal {
    /// From the tenant's 32-byte key-encryption key.
    pub fn new(key: Zeroizing<[u8; 32]>) -> Self {
        let mac_key = hmac::Key::new(hmac::HMAC_SHA256, key.as_ref());
        let mac = hmac::sign(&mac_key, b"inferlayer/tenant-tag/v1");
        let mut tag = [0; 16];
        tag.iter_mut().zip(mac.as_ref()).for_each(|(to, from)| *to = *from);
        Self(Arc::new(Secret { tag: TenantTag(tag), key, queued: Queued::default() }))
    }

    /// The tenant's pseudonym in record headers.
    pub fn tag(&self) -> TenantTag {
        self.0.tag
    }

    /// What its entries hold of the queue.
    pub fn queued(&self) -> &Queued {
        &self.0.queued
    }

    /// A key for another purpose of the tenant: HMAC-SHA256 of `purpose` under the tenant's key, in
    /// a domain of its own. Equal for as long as the tenant's key is, and gone with it.
    pub fn derive(&self, purpose: &[u8]) -> Zeroizing<[u8; 32]> {
        let mac_key = hmac::Key::new(hmac::HMAC_SHA256, self.0.key.as_ref());
        let mut mac = hmac::Context::with_key(&mac_key);
        mac.update(b"inferlayer/derived-key/v1\0");
        mac.update(purpose);
        let mut derived = Zeroizing::new([0; KEY_BYTES]);
        derived.iter_mut().zip(mac.sign().as_ref()).for_each(|(to, from)| *to = *from);
        derived
    }

    /// What stands for content that is kept out of the ledger: HMAC-SHA256 under a key derived for
    /// that. Who holds the tenant's key can check a text against it; nobody else can guess one.
    pub fn content_hmac(&self, content: &[u8]) -> Hash {
        let mut mac = self.content_mac();
        mac.update(content);
        mac.finish()
    }

    /// [`TenantSeal::content_hmac`] of content that passes piece by piece.
    pub fn content_mac(&self) -> ContentMac {
        let key = self.derive(b"inferlayer/content/v1");
        ContentMac(hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key.as_ref())))
    }

    /// Appends the sealed form of the concatenated `parts` to `out`. Encrypts in place, so that
    /// the plaintext is not left behind in a buffer.
    pub(crate) fn seal(
        &self,
        parts: &[Bytes],
        associated: &[u8],
        fresh: &FreshKeys,
        out: &mut Vec<u8>,
    ) -> Result<(), SealError> {
        out.extend_from_slice(&fresh.wrap_nonce);
        encrypt(&self.0.key, fresh.wrap_nonce, associated, &[&fresh.record_key], out)?;
        out.extend_from_slice(&fresh.content_nonce);
        encrypt(&fresh.record_key, fresh.content_nonce, associated, parts, out)
    }

    /// The plaintext of what [`TenantSeal::seal`] made.
    pub(crate) fn open(
        &self,
        stored: &[u8],
        associated: &[u8],
    ) -> Result<Zeroizing<Vec<u8>>, SealError> {
        let (wrap, rest) = stored.split_at_checked(WRAP_BYTES).ok_or(SealError::Refused)?;
        let record_key = decrypt(self.0.key.as_ref(), wrap, associated)?;
        decrypt(&record_key, rest, associated)
    }
}

impl ContentMac {
    /// Takes in the next piece.
    pub fn update(&mut self, piece: &[u8]) {
        self.0.update(piece);
    }

    /// What [`TenantSeal::content_hmac`] says of all pieces together.
    pub fn finish(self) -> Hash {
        let mut hash = Hash([0; 32]);
        hash.0.iter_mut().zip(self.0.sign().as_ref()).for_each(|(to, from)| *to = *from);
        hash
    }
}

/// The random part of one sealing.
#[derive(Zeroize, ZeroizeOnDrop)]
pub(crate) struct FreshKeys {
    pub(crate) record_key: [u8; KEY_BYTES],
    pub(crate) wrap_nonce: [u8; NONCE_BYTES],
    pub(crate) content_nonce: [u8; NONCE_BYTES],
}

impl FreshKeys {
    /// `None` when the system has no randomness to give.
    pub(crate) fn random(random: &mut Randomness) -> Option<Self> {
        let bytes = random.take::<{ KEY_BYTES + 2 * NONCE_BYTES }>()?;
        let (record_key, nonces) = bytes.split_first_chunk()?;
        let (wrap_nonce, rest) = nonces.split_first_chunk()?;
        let content_nonce = rest.first_chunk()?;
        Some(Self {
            record_key: *record_key,
            wrap_nonce: *wrap_nonce,
            content_nonce: *content_nonce,
        })
    }
}

fn cipher(key: &[u8]) -> Result<LessSafeKey, SealError> {
    let key = UnboundKey::new(&AES_256_GCM, key).map_err(|_| SealError::Refused)?;
    Ok(LessSafeKey::new(key))
}

/// Appends ciphertext and tag of the concatenated `parts`.
fn encrypt(
    key: &[u8; KEY_BYTES],
    nonce: [u8; NONCE_BYTES],
    associated: &[u8],
    parts: &[impl AsRef<[u8]>],
    out: &mut Vec<u8>,
) -> Result<(), SealError> {
    let start = out.len();
    for part in parts {
        out.extend_from_slice(part.as_ref());
    }
    let text = out.get_mut(start..).ok_or(SealError::Refused)?;
    let nonce = Nonce::assume_unique_for_key(nonce);
    let tag = cipher(key)?
        .seal_in_place_separate_tag(nonce, Aad::from(associated), text)
        .map_err(|_| SealError::Refused)?;
    out.extend_from_slice(tag.as_ref());
    Ok(())
}

/// `stored` is nonce, ciphertext, tag.
fn decrypt(key: &[u8], stored: &[u8], associated: &[u8]) -> Result<Zeroizing<Vec<u8>>, SealError> {
    let (nonce, rest) = stored.split_first_chunk().ok_or(SealError::Refused)?;
    let nonce = Nonce::assume_unique_for_key(*nonce);
    let mut text = Zeroizing::new(rest.to_vec());
    let length = cipher(key)?
        .open_in_place(nonce, Aad::from(associated), &mut text)
        .map_err(|_| SealError::Refused)?
        .len();
    text.truncate(length);
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal_of(byte: u8) -> TenantSeal {
        TenantSeal::new(Zeroizing::new([byte; 32]))
    }

    fn sealed(associated: &[u8]) -> Vec<u8> {
        let fresh = FreshKeys::random(&mut Randomness::new()).unwrap();
        let parts = [Bytes::from_static(b"hello "), Bytes::from_static(b"world")];
        let mut out = Vec::new();
        seal_of(1).seal(&parts, associated, &fresh, &mut out).unwrap();
        out
    }

    #[test]
    fn opens_with_the_tenants_key_at_its_place_only() {
        let stored = sealed(b"place");
        assert_eq!(stored.len(), 11 + OVERHEAD_BYTES);
        assert_eq!(*seal_of(1).open(&stored, b"place").unwrap(), b"hello world");
        assert_eq!(seal_of(2).open(&stored, b"place"), Err(SealError::Refused));
        assert_eq!(seal_of(1).open(&stored, b"other"), Err(SealError::Refused));
    }

    #[test]
    fn derived_keys_differ_by_tenant_and_purpose_and_are_not_the_tag() {
        let derived = seal_of(1).derive(b"a");
        assert_eq!(derived, seal_of(1).derive(b"a"));
        assert_ne!(derived, seal_of(2).derive(b"a"));
        assert_ne!(derived, seal_of(1).derive(b"b"));
        assert_ne!(seal_of(1).derive(b"inferlayer/tenant-tag/v1")[..16], seal_of(1).tag().0);
    }

    #[test]
    fn withheld_content_is_told_by_the_tenants_key_alone() {
        let mac = seal_of(1).content_hmac(b"yes");
        assert_eq!(mac, seal_of(1).content_hmac(b"yes"));
        assert_ne!(mac, seal_of(1).content_hmac(b"no"));
        assert_ne!(mac, seal_of(2).content_hmac(b"yes"));
        let mut pieces = seal_of(1).content_mac();
        [&b"y"[..], b"", b"es"].iter().for_each(|piece| pieces.update(piece));
        assert_eq!(pieces.finish(), mac);
        let key = hmac::Key::new(hmac::HMAC_SHA256, &*seal_of(1).derive(b"inferlayer/content/v1"));
        assert_eq!(hmac::sign(&key, b"yes").as_ref(), mac.0, "as FORMAT.md says");
    }

    #[test]
    fn any_flipped_bit_and_any_cut_is_refused() {
        let stored = sealed(b"place");
        for index in 0..stored.len() {
            let mut flipped = stored.clone();
            flipped[index] ^= 1;
            assert!(seal_of(1).open(&flipped, b"place").is_err(), "byte {index}");
            assert!(seal_of(1).open(&stored[..index], b"place").is_err(), "cut {index}");
        }
    }
}
