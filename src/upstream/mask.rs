//! What a provider sends, without our key. A provider may repeat the key it was called with in any
//! header and any body, whole or split over packets, as it is or in an encoding. What stands in its
//! place has as many bytes, so that no length that was told before has to change.
//!
//! Bytes in which nothing is found pass uncopied.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use bytes::{Bytes, BytesMut};
use inferlayer_records::hex;
use memchr::memchr_iter;
use memchr::memmem::Finder;
use zeroize::Zeroizing;

/// Less is no secret but a word such as `none`, which an answer may well say.
pub(super) const SECRET_MIN_BYTES: usize = 8;

/// Servers that want no key are given a word, such as `anything`, that answers may well say.
const WORD_MAX_BYTES: usize = 15;

/// What stands where the key stood, filled up with stars.
const MASK: &[u8] = b"[provider key]";
const FILL: u8 = b'*';

/// How a key may be written. Has no `Debug`; lives as long as the header that the key is sent in.
#[derive(Default)]
pub(crate) struct Forms {
    finders: Vec<Finder<'static>>,
    provider: Box<str>,
    /// Somebody was told that it came back.
    told: AtomicBool,
}

/// A body on its way, with the end of what came held back while it may be the beginning of a key.
pub(crate) struct Window {
    forms: Arc<Forms>,
    held: Bytes,
}

/// Whether a key is one, and no placeholder.
pub(super) fn is_secret(key: &[u8]) -> bool {
    let is_word = key.len() <= WORD_MAX_BYTES && key.iter().all(u8::is_ascii_lowercase);
    key.len() >= SECRET_MIN_BYTES && !is_word
}

impl Forms {
    /// Of a key: as it is, in base64 wherever in a text it stood, in hexadecimal, and as URLs and
    /// JSON write it.
    pub(crate) fn of(provider: &str, key: &[u8]) -> Forms {
        let mut forms: Vec<Zeroizing<Vec<u8>>> = Vec::new();
        let mut add = |form: Vec<u8>| {
            let form = Zeroizing::new(form);
            if form.len() >= SECRET_MIN_BYTES && !forms.iter().any(|known| **known == *form) {
                forms.push(form);
            }
        };
        if is_secret(key) {
            add(key.to_vec());
            (0..3).for_each(|before| add(base64(&STANDARD, before, key)));
            (0..3).for_each(|before| add(base64(&URL_SAFE, before, key)));
            add(hex(key).into_bytes());
            add(hex(key).to_ascii_uppercase().into_bytes());
            add(escaped(key, is_unreserved, |b| format!("%{b:02X}")));
            add(escaped(key, |b| b != b'/', |_| "\\/".to_owned()));
            add(escaped(key, is_plain_in_json, |b| format!("\\u{b:04X}")));
            add(escaped(key, is_plain_in_json, |b| format!("\\u{b:04x}")));
        }
        let finders = forms.iter().map(|form| Finder::new(form.as_slice()).into_owned());
        let (finders, told) = (finders.collect(), AtomicBool::new(false));
        Forms { finders, provider: provider.into(), told }
    }

    /// Whether one of them stands in these bytes. The first time that is so the log says it: an
    /// operator wants to know where the key goes, and nobody wants a line for each.
    pub(crate) fn are_in(&self, bytes: &[u8]) -> bool {
        let found = self.finders.iter().any(|form| form.find(bytes).is_some());
        if found && !self.told.swap(true, Ordering::Relaxed) {
            let provider = &*self.provider;
            tracing::warn!(provider, "repeats the key that it is called with; it is taken out");
        }
        found
    }

    /// All that came, without any of them.
    pub(crate) fn masked(&self, bytes: Bytes) -> Bytes {
        if !self.are_in(&bytes) {
            return bytes;
        }
        let mut masked = BytesMut::from(bytes);
        for form in &self.finders {
            let mut from = 0;
            while let Some(at) = masked.get(from..).and_then(|rest| form.find(rest)) {
                let end = from + at + form.needle().len();
                masked.get_mut(from + at..end).into_iter().for_each(mask);
                from = end;
            }
        }
        masked.freeze()
    }

    /// How many of the last bytes may be the beginning of one.
    fn begun(&self, bytes: &[u8]) -> usize {
        self.finders.iter().map(|form| begun(bytes, form.needle())).max().unwrap_or(0)
    }
}

fn mask(found: &mut [u8]) {
    found.fill(FILL);
    if let Some(place) = found.get_mut(..MASK.len()) {
        place.copy_from_slice(MASK);
    }
}

impl Window {
    pub(crate) fn new(forms: Arc<Forms>) -> Window {
        Window { forms, held: Bytes::new() }
    }

    /// What may go on of all that came so far; perhaps nothing yet.
    pub(crate) fn pass(&mut self, bytes: Bytes) -> Bytes {
        let bytes = match self.held.is_empty() {
            true => bytes,
            false => [&*std::mem::take(&mut self.held), &*bytes].concat().into(),
        };
        let mut masked = self.forms.masked(bytes);
        let held = self.forms.begun(&masked);
        self.held = masked.split_off(masked.len() - held);
        masked
    }

    /// What was held back, at the end of a body: it was no key.
    pub(crate) fn finish(&mut self) -> Bytes {
        std::mem::take(&mut self.held)
    }
}

/// The length of the longest end of `bytes` that `text` begins with, but is not all of.
pub(super) fn begun(bytes: &[u8], text: &[u8]) -> usize {
    let Some(first) = text.first() else { return 0 };
    let from = bytes.len().saturating_sub(text.len().saturating_sub(1));
    let end = bytes.get(from..).unwrap_or_default();
    let mut places = memchr_iter(*first, end).filter_map(|at| end.get(at..));
    places.find(|rest| text.starts_with(rest)).map_or(0, <[u8]>::len)
}

/// What of a key's base64 is the same whatever stands around it, with `before` bytes of a group of
/// three before it.
fn base64(engine: &impl Engine, before: usize, key: &[u8]) -> Vec<u8> {
    let group = Zeroizing::new([&[0; 2][..before.min(2)], key].concat());
    let whole = (group.len() * 4) / 3;
    let mut text = engine.encode(&*group).into_bytes();
    text.truncate(whole);
    text.drain(..(before * 4).div_ceil(3).min(text.len()));
    text
}

fn escaped(key: &[u8], plain: impl Fn(u8) -> bool, escape: impl Fn(u8) -> String) -> Vec<u8> {
    let mut text = Vec::with_capacity(key.len() * 3);
    for byte in key {
        match plain(*byte) {
            true => text.push(*byte),
            false => text.extend_from_slice(escape(*byte).as_bytes()),
        }
    }
    text
}

fn is_unreserved(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"-._~".contains(&byte)
}

/// What careful writers of JSON leave as it is, for it may end up in HTML.
fn is_plain_in_json(byte: u8) -> bool {
    !b"+/=&<>'\"\\`".contains(&byte)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KEY: &[u8] = b"sk-canary/with+all=of it";

    fn forms() -> Forms {
        Forms::of("p", KEY)
    }

    fn through(pieces: &[&[u8]]) -> Vec<u8> {
        let mut window = Window::new(Arc::new(forms()));
        let mut out = Vec::new();
        pieces.iter().for_each(|piece| out.extend(window.pass(Bytes::copy_from_slice(piece))));
        out.extend(window.finish());
        out
    }

    #[test]
    fn a_placeholder_is_no_key() {
        for word in ["none", "anything", "changeme"] {
            assert!(!is_secret(word.as_bytes()), "{word}");
        }
        for key in ["sk-secret", "abcdefghijklmnop", "Anything", "passw0rd"] {
            assert!(is_secret(key.as_bytes()), "{key}");
        }
    }

    #[test]
    fn no_form_of_the_key_is_left_and_no_length_changes() {
        for around in ["", "x", "xy", "user:"] {
            let text = [around.as_bytes(), KEY, b" behind"].concat();
            for said in [
                text.clone(),
                STANDARD.encode(&text).into_bytes(),
                URL_SAFE.encode(&text).into_bytes(),
                b"sk-canary\\/with+all=of it".to_vec(),
                b"sk-canary%2Fwith%2Ball%3Dof%20it".to_vec(),
                b"sk-canary\\u002Fwith\\u002Ball\\u003Dof it".to_vec(),
                KEY.iter().flat_map(|b| format!("{b:02x}").into_bytes()).collect(),
            ] {
                let masked = forms().masked(said.clone().into());
                assert_eq!(masked.len(), said.len());
                assert!(memchr::memmem::find(&masked, MASK).is_some(), "{said:?}");
                assert!(!forms().are_in(&masked));
            }
        }
    }

    #[test]
    fn a_key_is_found_wherever_packets_are_cut() {
        let text = [b"before ", KEY, KEY, b" sk-can"].concat();
        let whole = forms().masked(text.clone().into());
        for cut in 0..=text.len() {
            let (a, b) = text.split_at(cut);
            assert_eq!(through(&[a, b]), whole, "cut at {cut}");
        }
        let single: Vec<&[u8]> = text.chunks(1).collect();
        assert_eq!(through(&single), whole);
    }

    #[test]
    fn what_has_no_key_passes_uncopied_and_whole() {
        let bytes = Bytes::from_static(b"data: nothing of it\n\n");
        let mut window = Window::new(Arc::new(forms()));
        assert_eq!(window.pass(bytes.clone()).as_ptr(), bytes.as_ptr());
        assert_eq!(window.finish(), "");
        assert_eq!(
            through(&[b"a sk-", b"canary bird", b" sk-canary/"]),
            b"a sk-canary bird sk-canary/"
        );
    }

    #[test]
    fn a_word_is_no_secret() {
        assert!(!Forms::of("p", b"none").are_in(b"none of these"));
    }
}
