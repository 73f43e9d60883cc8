//! Room on the disk, and descriptors to open files with. New work is refused before there are none
//! left, so that what was begun can still be recorded, and taken again later: a shortage is no
//! fault of the store.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::{info, warn};

use crate::storage::Storage;
use crate::write::error::Shortage;
use crate::write::gate::Gate;

/// How often the disk is asked, at most.
pub(crate) const INTERVAL: Duration = Duration::from_millis(200);

/// Watches the room that is left.
pub(crate) struct Space {
    storage: Arc<dyn Storage>,
    gate: Arc<Gate>,
    min_free_bytes: u64,
    asked: Option<Instant>,
    /// What was left when asked, less what the journal has written since.
    left_bytes: u64,
}

impl Space {
    /// Asks nothing yet.
    pub(crate) fn new(storage: Arc<dyn Storage>, gate: Arc<Gate>, min_free_bytes: u64) -> Self {
        Self { storage, gate, min_free_bytes, asked: None, left_bytes: u64::MAX }
    }

    /// Asks again, unless it was asked just now, and opens or closes the gate for new work.
    pub(crate) fn look(&mut self) {
        if self.asked.is_none_or(|asked| asked.elapsed() >= INTERVAL) {
            self.ask();
        }
    }

    /// So many bytes more were written. A fast writer fills a disk between two looks, so what it
    /// writes counts.
    pub(crate) fn wrote(&mut self, bytes: u64) {
        self.set_left(self.left_bytes.saturating_sub(bytes));
        if self.left_bytes < self.min_free_bytes && self.gate.shortage().is_none() {
            self.ask();
        }
    }

    fn set_left(&mut self, bytes: u64) {
        self.left_bytes = bytes;
        self.gate.set_spare_bytes(bytes.saturating_sub(self.min_free_bytes));
    }

    fn ask(&mut self) {
        self.asked = Some(Instant::now());
        // A file system that cannot tell is believed to have room until a write fails.
        let free = self.storage.free_bytes().ok().flatten().unwrap_or(u64::MAX);
        self.set_left(free);
        // Even without a guard a single byte must be left to try again.
        let full = free < self.min_free_bytes.max(1);
        let room = full.then_some(Shortage::Room);
        let descriptors = || self.storage.refill().is_err().then_some(Shortage::Descriptors);
        self.tell(room.or_else(descriptors));
    }

    /// A step failed for want of something.
    pub(crate) fn ran_out(&mut self, shortage: Shortage) {
        self.asked = Some(Instant::now());
        if shortage == Shortage::Room {
            self.set_left(0);
        }
        self.tell(Some(shortage));
    }

    fn tell(&self, shortage: Option<Shortage>) {
        if !self.gate.set_shortage(shortage) {
            return;
        }
        let (free_bytes, min_free_bytes) = (self.left_bytes, self.min_free_bytes);
        match shortage {
            Some(Shortage::Room) => {
                warn!(free_bytes, min_free_bytes, "the disk is full: no new work");
            }
            Some(Shortage::Descriptors) => {
                warn!("no file descriptors are left: no new work; raise the limit (ulimit -n)");
            }
            None => info!(free_bytes, "the ledger has room and descriptors: work is taken"),
        }
    }
}
