//! An entry's way into the queue: what the gate has let in is stamped, and waits behind large
//! content where it has some, so that nothing of one request overtakes the rest.

use crate::format::entry::{Content, Entry};
use crate::ledger::shared::Shared;
use crate::write::content::is_large;
use crate::write::gate::Held;
use crate::write::group::Job;
use crate::write::pending::Pending;
use crate::write::step::put_wall_time;

/// Which queue an entry waits in first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    Direct,
    /// That of the thread that stores large content.
    OverContent,
}

impl Shared {
    pub(crate) fn way_of(&self, entry: &Entry) -> Way {
        match &entry.content {
            Content::Sealed(parts) if is_large(parts) => Way::OverContent,
            _ => Way::Direct,
        }
    }

    /// Says what the wall clock shows, where that is not the time of the record. Before anything is
    /// sealed: content files are bound to their record's metadata.
    pub(crate) fn stamp(&self, entry: &mut Entry) {
        if let Some(wall_us) = self.time.now().differing_wall_us() {
            put_wall_time(&mut entry.metadata, wall_us);
        }
    }

    /// The gate has let the entry in.
    pub(crate) fn send(&self, way: Way, entry: Entry, held: Held) -> Pending {
        let (reply, pending) = Pending::new(Some(held));
        let queue = match way {
            Way::Direct => &self.jobs,
            Way::OverContent => &self.large,
        };
        // Without an appender the reply is dropped, and the caller learns of it there. An appender
        // that is gone before the ledger was closed has panicked.
        if queue.send(Job::Append(entry, reply)).is_err() {
            self.gate.fail();
        }
        pending
    }
}
