//! The place of an outcome, reserved with its intent: what was sent to a provider can be recorded.

use std::sync::Arc;

use crate::error::Unavailable;
use crate::format::entry::Entry;
use crate::ledger::Shared;
use crate::write::pending::Pending;

/// The reserved place of an outcome. Dropping it unused gives the place back and leaves the intent
/// without an outcome, for the auditor to see.
#[must_use = "an intent without an outcome looks like a crash"]
pub struct OutcomeSlot {
    pub(crate) shared: Option<Arc<Shared>>,
    /// That of the intent, which must not be overtaken.
    pub(crate) way: Way,
}

impl OutcomeSlot {
    /// Enqueues the outcome. Never refused for want of room.
    pub fn commit(mut self, mut outcome: Entry) -> Pending {
        let Some(shared) = self.shared.take() else {
            return Pending::refused(Unavailable::Closed);
        };
        shared.stamp(&mut outcome);
        let admitted = outcome.check().map_err(Unavailable::from);
        if let Err(why) = admitted.and_then(|()| shared.gate.check()) {
            shared.gate.free_places(1);
            return Pending::refused(why);
        }
        shared.gate.add_bytes(outcome.queued_bytes());
        let way = self.way.max(shared.way_of(&outcome));
        shared.send(way, outcome)
    }
}

impl Drop for OutcomeSlot {
    fn drop(&mut self) {
        if let Some(shared) = &self.shared {
            shared.gate.free_places(1);
        }
    }
}

/// Which queue an entry waits in first.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Way {
    Direct,
    /// That of the thread that stores large content.
    OverContent,
}
