//! A journal taken apart into frames, and put together again by somebody who knows the format.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::signature::Ed25519KeyPair;
use sha2::{Digest, Sha256};

use super::common::{CHECKPOINT, frame_starts, signing};

type Hash = [u8; 32];

/// Segments by the sequence number in their names, each a row of frames.
#[derive(Clone)]
pub struct Journal(pub BTreeMap<u64, Vec<Vec<u8>>>);

impl Journal {
    /// Reads the journal of a data folder.
    pub fn read(data: &Path) -> Self {
        let files = fs::read_dir(data.join("journal")).unwrap().map(|file| file.unwrap().path());
        let segments = files.filter(|file| file.extension().is_some_and(|is| is == "ilj"));
        let read = |file: std::path::PathBuf| {
            let bytes = fs::read(&file).unwrap();
            let starts = frame_starts(&bytes);
            let frames = starts.windows(2).map(|ends| bytes[ends[0]..ends[1]].to_vec());
            (file.file_stem().unwrap().to_str().unwrap().parse().unwrap(), frames.collect())
        };
        Self(segments.map(read).collect())
    }

    /// Writes the segments into `folder`.
    pub fn write(&self, folder: &Path) {
        fs::create_dir_all(folder).unwrap();
        for (sequence, frames) in &self.0 {
            fs::write(folder.join(format!("{sequence:020}.ilj")), frames.concat()).unwrap();
        }
    }

    /// The frames of the first segment.
    pub fn first(&mut self) -> &mut Vec<Vec<u8>> {
        self.0.first_entry().unwrap().into_mut()
    }

    /// The frames of the last segment.
    pub fn last(&mut self) -> &mut Vec<Vec<u8>> {
        self.0.last_entry().unwrap().into_mut()
    }

    /// Numbers the records of the first segment anew and computes every hash in them, as anybody
    /// can.
    pub fn rehash(&mut self) {
        let mut before: Option<Hash> = None;
        let records = self.first().iter_mut().filter(|frame| !is_checkpoint(frame));
        for (sequence, record) in records.enumerate() {
            let metadata_end = 216 + u32_at(record, 12) as usize;
            let metadata = hash(&[b"inferlayer/metadata/v1\0", &record[216..metadata_end]]);
            let content = hash(&[b"inferlayer/content/v1\0", &record[metadata_end..]]);
            record[24..32].copy_from_slice(&(sequence as u64).to_be_bytes());
            if let Some(before) = before {
                record[120..152].copy_from_slice(&before);
            }
            record[152..184].copy_from_slice(&metadata);
            record[184..216].copy_from_slice(&content);
            before = Some(record_hash(record));
        }
    }

    /// Makes every checkpoint of the first segment anew with this key, as only its owner can.
    pub fn sign(&mut self, seed: u8) {
        let mut leaves = Vec::new();
        for frame in self.first() {
            match is_checkpoint(frame) {
                true => *frame = checkpoint(leaves.len(), &root(&leaves), seed),
                false => leaves.push(hash(&[&[0], &record_hash(frame)])),
            }
        }
    }
}

pub fn is_checkpoint(frame: &[u8]) -> bool {
    frame.starts_with(CHECKPOINT)
}

/// The same checkpoint, signed by another key.
pub fn sign_again(frame: &[u8], seed: u8) -> Vec<u8> {
    let note = std::str::from_utf8(&frame[8..]).unwrap();
    let (text, _) = note.split_once("\n\n").unwrap();
    signed(&format!("{text}\n"), seed)
}

fn checkpoint(size: usize, root: &Hash, seed: u8) -> Vec<u8> {
    signed(&format!("gw-1.example\n{size}\n{}\n", STANDARD.encode(root)), seed)
}

fn signed(text: &str, seed: u8) -> Vec<u8> {
    let key = signing(seed).verifying_key(&"gw-1.example".parse().unwrap()).unwrap().to_string();
    let id = u32::from_str_radix(key.split('+').nth(1).unwrap(), 16).unwrap();
    let pair = Ed25519KeyPair::from_seed_unchecked(&[seed; 32]).unwrap();
    let line = [&id.to_be_bytes()[..], pair.sign(text.as_bytes()).as_ref()].concat();
    let note = format!("{text}\n\u{2014} gw-1.example {}\n", STANDARD.encode(line));
    let length = u32::try_from(note.len()).unwrap().to_be_bytes();
    [CHECKPOINT, &length, note.as_bytes()].concat()
}

/// RFC 6962 §2.1.
fn root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => hash(&[]),
        [leaf] => *leaf,
        _ => {
            let split = leaves.len().next_power_of_two() / 2;
            let (left, right) = leaves.split_at(split);
            hash(&[&[1], &root(left), &root(right)])
        }
    }
}

fn record_hash(record: &[u8]) -> Hash {
    hash(&[b"inferlayer/record/v1\0", &record[..216]])
}

fn hash(parts: &[&[u8]]) -> Hash {
    parts.iter().fold(Sha256::new(), |digest, part| digest.chain_update(part)).finalize().into()
}

fn u32_at(bytes: &[u8], at: usize) -> u32 {
    u32::from_be_bytes(bytes[at..at + 4].try_into().unwrap())
}
