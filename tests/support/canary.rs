//! Looks for texts that must be nowhere: plain, and as what a program may have made of them on the
//! way to a file, a log or an answer.

use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};

/// A text or a key that must be nowhere.
#[derive(Clone)]
pub struct Canary {
    pub name: String,
    forms: Vec<(&'static str, Vec<u8>)>,
}

/// Bytes that were written or sent somewhere.
pub struct Place {
    pub name: String,
    pub bytes: Vec<u8>,
}

impl Canary {
    pub fn new(name: &str, secret: impl AsRef<[u8]>) -> Canary {
        let secret = secret.as_ref();
        assert!(secret.len() >= 12, "{name}: a short one is found everywhere");
        let hex = |upper: bool| -> String {
            let digits = |b: &u8| if upper { format!("{b:02X}") } else { format!("{b:02x}") };
            secret.iter().map(digits).collect()
        };
        let mut forms = vec![
            ("plain", secret.to_vec()),
            ("hex", hex(false).into()),
            ("upper hex", hex(true).into()),
            ("URL-encoded", encoded(secret, b"").into()),
            ("form-encoded", encoded(secret, b"").replace("%20", "+").into()),
            ("URL-encoded path", encoded(secret, b"/:?=&+").into()),
            ("listed", list(secret)),
        ];
        for offset in 0..3 {
            forms.push(("base64", base64(&STANDARD, secret, offset)));
            forms.push(("URL-safe base64", base64(&URL_SAFE, secret, offset)));
        }
        if let Ok(text) = std::str::from_utf8(secret) {
            forms.push(("JSON", json_escaped(text).into()));
            forms.push(("Debug", text.escape_default().to_string().into()));
        }
        forms.sort_by(|(_, a), (_, b)| a.cmp(b));
        forms.dedup_by(|(_, a), (_, b)| a == b);
        Canary { name: name.to_owned(), forms }
    }

    /// Every form of it that stands in the place.
    pub fn found_in(&self, place: &Place) -> Vec<String> {
        let found = self.forms.iter().filter(|(_, form)| contains(&place.bytes, form));
        found.map(|(form, _)| format!("{} ({form}) in {}", self.name, place.name)).collect()
    }
}

impl Place {
    pub fn new(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Place {
        Place { name: name.into(), bytes: bytes.into() }
    }
}

/// All files below a folder, and their names.
pub fn files(folder: &Path) -> Vec<Place> {
    let (mut places, mut folders) = (Vec::new(), vec![folder.to_owned()]);
    while let Some(folder) = folders.pop() {
        for path in std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            let name = path.display().to_string();
            places.push(Place::new(format!("the name {name}"), name.clone()));
            if path.is_dir() {
                folders.push(path);
            } else if let Ok(bytes) = std::fs::read(&path) {
                places.push(Place::new(name, bytes));
            }
        }
    }
    places
}

fn contains(bytes: &[u8], form: &[u8]) -> bool {
    let mut rest = bytes;
    while let Some(at) = rest.iter().position(|byte| *byte == form[0]) {
        rest = &rest[at..];
        if rest.starts_with(form) {
            return true;
        }
        rest = &rest[1..];
    }
    false
}

/// The characters that are the secret's alone, behind so many bytes of something else.
fn base64(alphabet: &impl Engine, secret: &[u8], offset: usize) -> Vec<u8> {
    let encoded = alphabet.encode([&[0; 2][..offset], secret].concat());
    let (first, end) = ((offset * 8).div_ceil(6), (offset + secret.len()) * 8 / 6);
    encoded.as_bytes()[first..end].to_vec()
}

/// A text as it stands in a query.
pub fn percent(text: &str) -> String {
    encoded(text.as_bytes(), b"")
}

fn encoded(secret: &[u8], kept: &[u8]) -> String {
    let one = |byte: &u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => {
            char::from(*byte).to_string()
        }
        byte if kept.contains(byte) => char::from(*byte).to_string(),
        byte => format!("%{byte:02X}"),
    };
    secret.iter().map(one).collect()
}

/// As a list of numbers, the way bytes are printed by `Debug`.
fn list(secret: &[u8]) -> Vec<u8> {
    let numbers: Vec<_> = secret.iter().map(u8::to_string).collect();
    numbers.join(", ").into()
}

fn json_escaped(text: &str) -> String {
    let one = |c: char| if c.is_ascii() { c.to_string() } else { format!("\\u{:04x}", c as u32) };
    text.chars().map(one).collect()
}
