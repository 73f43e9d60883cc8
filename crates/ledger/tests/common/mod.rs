//! What the ledger's tests share: a data folder, entries, and a storage that can fail or stall.
#![allow(dead_code, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::fs;
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use bytes::Bytes;
use inferlayer_ledger::read::Reader;
use inferlayer_ledger::{
    Content, Entry, FileStorage, Hash, Kind, Ledger, OpenError, Opened, Options, Record, RequestId,
    Segment, SegmentFile, SigningKey, Storage, TenantSeal, Trust,
};
use zeroize::Zeroizing;

pub const CHECKPOINT: &[u8] = b"ILCP";

pub fn signing(seed: u8) -> SigningKey {
    SigningKey::from_seed(&Zeroizing::new([seed; 32])).unwrap()
}

pub fn options(data: &Path) -> Options {
    let mut options = Options::new(data, "gw-1.example".parse().unwrap(), signing(1));
    options.view = None;
    options
}

pub fn open(options: Options) -> Result<(Ledger, Opened), OpenError> {
    Ledger::open(options, &mut |_, _| Ok(()))
}

pub fn open_in(data: &Path) -> (Ledger, Opened) {
    open(options(data)).unwrap()
}

pub fn tenant(key: u8) -> TenantSeal {
    TenantSeal::new(Zeroizing::new([key; 32]))
}

pub fn request(number: u64) -> Option<RequestId> {
    let mut bytes = [7; 16];
    bytes[8..].copy_from_slice(&number.to_be_bytes());
    RequestId::new(bytes)
}

pub fn entry(kind: Kind, number: u64, content: &str) -> Entry {
    Entry {
        kind,
        tenant: Some(tenant(1)),
        request: request(number),
        metadata: format!(r#"{{"n":{number}}}"#).into_bytes(),
        content: Content::Sealed(vec![Bytes::copy_from_slice(content.as_bytes())]),
    }
}

/// Appends `count` records, each in a commit of its own.
pub fn append_singly(ledger: &Ledger, count: u64) {
    for number in 0..count {
        let pending = ledger.append(entry(Kind::Refusal, number, "secret")).unwrap();
        pending.wait_blocking().unwrap();
    }
}

/// A log of an open record, `count` refusals and a close record; each a commit of its own.
pub fn finished_log(data: &Path, count: u64) -> PathBuf {
    let (ledger, _) = open_in(data);
    append_singly(&ledger, count);
    ledger.close().unwrap();
    segment(data)
}

pub fn segment(data: &Path) -> PathBuf {
    data.join("journal").join("00000000000000000000.ilj")
}

/// Kind and metadata of every record that a reader shows.
pub fn shown(data: &Path) -> Vec<(Kind, String)> {
    let mut reader = Reader::open(data, Trust::FirstUse).unwrap();
    let mut records = Vec::new();
    while let Some(record) = reader.next().unwrap() {
        records.push((record.kind(), text(&record)));
    }
    records
}

pub fn text(record: &Record<'_>) -> String {
    String::from_utf8(record.metadata().to_vec()).unwrap()
}

/// Offsets at which the frames of a segment start, the end of the file last.
pub fn frame_starts(bytes: &[u8]) -> Vec<usize> {
    let mut starts = vec![0];
    while let Some(at) = starts.last().copied().filter(|at| *at < bytes.len()) {
        let number = |from: usize, to: usize| {
            bytes[at + from..at + to].iter().fold(0, |sum, byte| (sum << 8) | usize::from(*byte))
        };
        let length = if &bytes[at..at + 4] == CHECKPOINT {
            8 + number(4, 8)
        } else {
            let inline = if number(8, 12) & 2 == 0 { number(16, 24) } else { 0 };
            216 + number(12, 16) + inline
        };
        starts.push(at + length);
    }
    starts
}

/// A copy of the journal in `data` with other bytes in its first segment.
pub fn copy_with(data: &Path, bytes: &[u8]) -> tempfile::TempDir {
    let copy = tempfile::tempdir().unwrap();
    fs::create_dir(copy.path().join("journal")).unwrap();
    for file in fs::read_dir(data.join("journal")).unwrap() {
        let file = file.unwrap();
        if file.file_type().unwrap().is_dir() {
            continue;
        }
        fs::copy(file.path(), copy.path().join("journal").join(file.file_name())).unwrap();
    }
    fs::write(segment(copy.path()), bytes).unwrap();
    copy
}

/// Files on disk, with switches that fail the next sync or write, and a gate that stalls syncs.
#[derive(Clone)]
pub struct Switched {
    inner: FileStorage,
    pub switches: Arc<Switches>,
}

#[derive(Default)]
pub struct Switches {
    pub fail_sync: AtomicBool,
    pub fail_append: AtomicBool,
    /// The process may open no further file.
    pub fail_create: AtomicBool,
    /// Room that the disk claims to have.
    pub free_bytes: Mutex<Option<u64>>,
    /// A sync waits while a test holds this.
    pub stall: Mutex<()>,
}

impl Switches {
    fn descriptor(&self) -> io::Result<()> {
        if self.fail_create.load(Ordering::SeqCst) {
            const EMFILE: i32 = 24;
            return Err(io::Error::from_raw_os_error(EMFILE));
        }
        Ok(())
    }
}

impl Switched {
    pub fn new(data: &Path) -> Self {
        let inner = FileStorage::new(&data.join("journal"));
        Self { inner, switches: Arc::default() }
    }

    fn wrap(&self, file: Box<dyn SegmentFile>) -> Box<dyn SegmentFile> {
        Box::new(SwitchedFile { file, switches: Arc::clone(&self.switches) })
    }
}

impl Storage for Switched {
    fn prepare(&self) -> io::Result<()> {
        self.inner.prepare()
    }
    fn displaced(&self) -> Option<PathBuf> {
        self.inner.displaced()
    }
    fn list(&self) -> io::Result<Vec<Segment>> {
        self.inner.list()
    }
    fn read(&self, segment: Segment, offset: u64) -> io::Result<Box<dyn Read + Send>> {
        self.inner.read(segment, offset)
    }
    fn create(&self, segment: Segment) -> io::Result<Box<dyn SegmentFile>> {
        self.switches.descriptor()?;
        self.inner.create(segment).map(|file| self.wrap(file))
    }
    fn open(&self, segment: Segment) -> io::Result<Box<dyn SegmentFile>> {
        self.inner.open(segment).map(|file| self.wrap(file))
    }
    fn sync_directory(&self) -> io::Result<()> {
        self.inner.sync_directory()
    }
    fn remove(&self, segment: Segment) -> io::Result<()> {
        self.inner.remove(segment)
    }
    fn write_content(&self, name: Hash, bytes: &[u8]) -> io::Result<()> {
        self.switches.descriptor()?;
        self.inner.write_content(name, bytes)
    }
    fn read_content(&self, name: Hash) -> io::Result<Box<dyn Read + Send>> {
        self.inner.read_content(name)
    }
    fn remove_content(&self, name: Hash) -> io::Result<()> {
        self.inner.remove_content(name)
    }
    fn free_bytes(&self) -> io::Result<Option<u64>> {
        Ok(self.switches.free_bytes.lock().unwrap().or(self.inner.free_bytes()?))
    }
}

struct SwitchedFile {
    file: Box<dyn SegmentFile>,
    switches: Arc<Switches>,
}

impl SegmentFile for SwitchedFile {
    fn append(&mut self, bytes: &[u8]) -> io::Result<()> {
        if self.switches.fail_append.load(Ordering::SeqCst) {
            // As on a full disk: some of it was written.
            self.file.append(&bytes[..bytes.len() / 2])?;
            return Err(io::ErrorKind::StorageFull.into());
        }
        self.file.append(bytes)
    }
    fn sync(&mut self) -> io::Result<()> {
        drop(self.switches.stall.lock().unwrap());
        // Fails once: a second try must not happen, and would wrongly succeed.
        if self.switches.fail_sync.swap(false, Ordering::SeqCst) {
            return Err(io::Error::other("sync failed"));
        }
        self.file.sync()
    }
    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.file.truncate(length)
    }
    fn displaced(&self, length: u64) -> Option<PathBuf> {
        self.file.displaced(length)
    }
}
