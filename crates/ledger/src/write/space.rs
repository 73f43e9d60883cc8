//! Room on the disk. New work is refused before the disk is full, so that what was begun can still
//! be recorded, and taken again when there is room: a full disk is no fault of the store.

use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::{info, warn};

use crate::storage::Storage;
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
        self.left_bytes = self.left_bytes.saturating_sub(bytes);
        if self.left_bytes < self.min_free_bytes && !self.gate.is_full() {
            self.ask();
        }
    }

    fn ask(&mut self) {
        self.asked = Some(Instant::now());
        // A file system that cannot tell is believed to have room until a write fails.
        let free = self.storage.free_bytes().ok().flatten().unwrap_or(u64::MAX);
        self.left_bytes = free;
        // Even without a guard a single byte must be left to try again.
        self.tell(free < self.min_free_bytes.max(1), free);
    }

    /// A write found no room.
    pub(crate) fn ran_out(&mut self) {
        self.asked = Some(Instant::now());
        self.tell(true, 0);
    }

    fn tell(&self, full: bool, free_bytes: u64) {
        let min_free_bytes = self.min_free_bytes;
        match (self.gate.set_full(full), full) {
            (true, true) => warn!(free_bytes, min_free_bytes, "the disk is full: no new work"),
            (true, false) => info!(free_bytes, "the disk has room again: work is taken"),
            (false, _) => {}
        }
    }
}
