//! What the ledger goes through here: three lives of a process over one disk, and all that it was
//! told to be durable.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use inferlayer_ledger::{
    Anchored, Clock, Entry, FoldError, Kind, Ledger, OpenError, Options, Pending, ReadError,
    Receipt, Record, RetainError, SnapshotItems, State, StoreError, Unavailable, VerifyingKey,
};
use serde_json::value::RawValue;

use super::common::{entry, open, options, signing, tenant};
use super::disk::Disk;
use super::fault::Fate;

/// Why a process ended before its time.
pub type Died = Box<dyn std::error::Error>;

/// What happens to the disk when a process has died of a fault.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum After {
    /// The next process starts on the same machine.
    Restart,
    PowerCut(Fate),
}

/// Records that a retention leaves, at least.
const KEPT_RECORDS: u64 = 28;

/// A disk, and what every process so far was told about it.
pub struct Life {
    pub disk: Disk,
    pub receipts: Vec<Receipt>,
    pub deaths: Vec<String>,
    pub state: Counted,
    hands: Arc<Hands>,
    folder: tempfile::TempDir,
}

impl Life {
    pub fn new(disk: Disk) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("journal")).unwrap();
        let hands = Arc::new(Hands { wall_us: AtomicU64::new(1_790_000_000_000_000) });
        let (state, receipts, deaths) = (Counted::default(), Vec::new(), Vec::new());
        Self { disk, receipts, deaths, state, hands, folder }
    }

    /// All three lives; a death leads to the next one.
    pub fn run(&mut self, after: After) {
        for life in [Self::begins, Self::changes, Self::ends] {
            let died = life(self).map_err(|died| self.deaths.push(died.to_string())).is_err();
            let fate = self.disk.power_cut().or(match after {
                After::PowerCut(fate) if died => Some(fate),
                _ => None,
            });
            if let Some(fate) = fate {
                self.disk = self.disk.crash(fate);
            }
        }
    }

    /// Opens the ledger, which has to contain everything that was ever acknowledged.
    pub fn open(&mut self) -> Result<Ledger, OpenError> {
        let opened = open(self.options());
        match opened {
            Err(OpenError::Store(StoreError::Io { source, .. })) if is_shortage(&source) => {
                open(self.options())
            }
            opened => opened,
        }
        .map(|(ledger, _)| ledger)
    }

    pub fn append(&mut self, ledger: &Ledger, count: u64) -> Result<(), Died> {
        for number in 0..count {
            self.record(ledger, || ledger.append(entry(Kind::Refusal, number, "refused")))?;
        }
        Ok(())
    }

    /// The key that signed a receipt.
    pub fn key_of(receipt: &Receipt) -> VerifyingKey {
        let keys = [1, 2].map(|seed| signing(seed).verifying_key(&origin()).unwrap());
        keys.into_iter().find(|key| receipt.checkpoint().is_signed_by(key)).unwrap()
    }

    fn begins(&mut self) -> Result<(), Died> {
        let ledger = self.open()?;
        self.append(&ledger, 2)?;
        self.exchange(&ledger, "question")?;
        self.exchange(&ledger, &large())?;
        self.read_back(&ledger);
        self.append(&ledger, 8)
    }

    fn changes(&mut self) -> Result<(), Died> {
        self.hands.step_back();
        let ledger = self.open()?;
        self.append(&ledger, 1)?;
        self.hands.step_back();
        self.append(&ledger, 1)?;
        self.rotate(&ledger)?;
        self.append(&ledger, 3)?;
        self.retain(&ledger)?;
        self.append(&ledger, 1)?;
        ledger.close().map_err(Died::from)
    }

    fn ends(&mut self) -> Result<(), Died> {
        let ledger = self.open()?;
        self.append(&ledger, 5)?;
        self.exchange(&ledger, &large())?;
        self.retain(&ledger)?;
        self.append(&ledger, 4)?;
        ledger.close().map_err(Died::from)
    }

    fn options(&mut self) -> Options {
        self.state = Counted::default();
        let mut options = options(self.folder.path());
        options.public_key_file = None;
        options.segment_bytes = 2500;
        options.min_free_bytes = 0;
        options.next_signing = Some(signing(2));
        options.state = Box::new(self.state.clone());
        options.clock = Arc::clone(&self.hands) as Arc<dyn Clock>;
        options.storage = Arc::new(self.disk.clone());
        options.anchored = self.receipts.last().map(anchored).into_iter().collect();
        options
    }

    /// An inference: its outcome is lost when there is no room for it, and no other is.
    fn exchange(&mut self, ledger: &Ledger, content: &str) -> Result<(), Died> {
        let mut slot = None;
        self.record(ledger, || {
            ledger.begin(entry(Kind::Intent, 1, content)).map(|(pending, outcome)| {
                slot = Some(outcome);
                pending
            })
        })?;
        let outcome = slot.unwrap().commit(entry(Kind::Outcome, 1, content)).wait_blocking();
        match outcome {
            Err(Unavailable::DiskFull | Unavailable::NoDescriptors) => {}
            outcome => self.receipts.push(self.believe(ledger, outcome)?),
        }
        Ok(())
    }

    /// Reads what was told last; a disk that cannot be read is no harm to the ledger.
    fn read_back(&self, ledger: &Ledger) {
        let receipt = self.receipts.last().unwrap();
        match ledger.read(receipt.place(), receipt.record_hash()) {
            Ok(record) => drop(record.open(&tenant(1)).unwrap()),
            Err(ReadError::Io(_)) => {}
            Err(other) => panic!("{other}"),
        }
    }

    fn rotate(&mut self, ledger: &Ledger) -> Result<(), Died> {
        let receipt = loop {
            match ledger.rotate(signing(2)) {
                Err(Unavailable::DiskFull | Unavailable::NoDescriptors) => wait_for_room(ledger),
                rotated => break self.believe(ledger, rotated)?,
            }
        };
        self.receipts.push(receipt);
        Ok(())
    }

    fn retain(&mut self, ledger: &Ledger) -> Result<(), Died> {
        let before = ledger.head().size.saturating_sub(KEPT_RECORDS);
        loop {
            match ledger.retain(before, "a test") {
                Err(RetainError::Unavailable(
                    Unavailable::DiskFull | Unavailable::NoDescriptors,
                )) => wait_for_room(ledger),
                // What is left goes at the next start.
                Err(RetainError::Read(_)) => return Ok(()),
                retained => {
                    self.receipts.extend(retained?);
                    return Ok(());
                }
            }
        }
    }

    /// Records until there is room.
    fn record(
        &mut self,
        ledger: &Ledger,
        mut begin: impl FnMut() -> Result<Pending, Unavailable>,
    ) -> Result<(), Died> {
        self.hands.go_on();
        loop {
            match begin().and_then(Pending::wait_blocking) {
                Err(Unavailable::DiskFull | Unavailable::NoDescriptors) => wait_for_room(ledger),
                recorded => {
                    let receipt = self.believe(ledger, recorded)?;
                    self.receipts.push(receipt);
                    return Ok(());
                }
            }
        }
    }

    /// A ledger that failed takes nothing more.
    fn believe(
        &self,
        ledger: &Ledger,
        recorded: Result<Receipt, Unavailable>,
    ) -> Result<Receipt, Died> {
        if recorded.is_err() {
            assert!(!ledger.is_available());
            let again = Entry::system(Kind::Config, b"{}".to_vec());
            assert!(ledger.append(again).is_err(), "taken after a failure");
        }
        recorded.map_err(Died::from)
    }
}

fn origin() -> inferlayer_ledger::Origin {
    "gw-1.example".parse().unwrap()
}

fn anchored(receipt: &Receipt) -> Anchored {
    let note = receipt.checkpoint().note(&Life::key_of(receipt)).into_bytes();
    Anchored { source: "the last receipt".into(), note }
}

fn wait_for_room(ledger: &Ledger) {
    while !ledger.is_available() {
        thread::sleep(Duration::from_millis(1));
    }
}

fn is_shortage(error: &std::io::Error) -> bool {
    error.kind() == std::io::ErrorKind::StorageFull || error.raw_os_error().is_some()
}

/// More than a segment takes.
fn large() -> String {
    "x".repeat(300_000)
}

/// A clock that a test moves.
struct Hands {
    wall_us: AtomicU64,
}

impl Hands {
    fn go_on(&self) {
        self.wall_us.fetch_add(1000, Ordering::SeqCst);
    }

    fn step_back(&self) {
        self.wall_us.fetch_sub(10_000_000, Ordering::SeqCst);
    }
}

impl Clock for Hands {
    fn now_us(&self) -> u64 {
        self.wall_us.load(Ordering::SeqCst)
    }
}

/// Counts the records that are no snapshots.
#[derive(Clone, Default)]
pub struct Counted(Arc<Mutex<u64>>);

impl Counted {
    pub fn count(&self) -> u64 {
        *self.0.lock().unwrap()
    }
}

impl State for Counted {
    fn record(&mut self, record: &Record<'_>) -> Result<(), FoldError> {
        let mut count = self.0.lock().unwrap();
        *count = match record.kind() {
            Kind::Snapshot => snapshot_count(record.metadata()),
            _ => *count + 1,
        };
        Ok(())
    }

    fn items(&self) -> Vec<Box<RawValue>> {
        vec![RawValue::from_string(self.count().to_string()).unwrap()]
    }
}

/// The count that a snapshot states.
pub fn snapshot_count(metadata: &[u8]) -> u64 {
    let items: SnapshotItems<'_> = serde_json::from_slice(metadata).unwrap();
    items.state[0].get().parse().unwrap()
}
