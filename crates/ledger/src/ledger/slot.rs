//! The place of an outcome, reserved with its intent: what was sent to a provider can be recorded.

use std::sync::Arc;

use inferlayer_share::Permit;

use crate::format::entry::Entry;
use crate::ledger::enqueue::Way;
use crate::ledger::shared::Shared;
use crate::write::error::Unavailable;
use crate::write::pending::Pending;

/// The reserved place of an outcome. Dropping it unused gives the place back and leaves the intent
/// without an outcome, for the auditor to see.
#[must_use = "an intent without an outcome looks like a crash"]
pub struct OutcomeSlot {
    pub(crate) shared: Arc<Shared>,
    pub(crate) place: Permit,
    /// That of the intent, which must not be overtaken.
    pub(crate) way: Way,
}

impl OutcomeSlot {
    /// Enqueues the outcome. Never refused for want of room.
    pub fn commit(self, mut outcome: Entry) -> Pending {
        let Self { shared, place, way } = self;
        shared.stamp(&mut outcome);
        let admitted = outcome.check().map_err(Unavailable::from);
        if let Err(why) = admitted.and_then(|()| shared.gate.check()) {
            return Pending::refused(why);
        }
        let held = shared.gate.enter_at(place, outcome.tenant.as_ref(), outcome.queued_bytes());
        let way = way.max(shared.way_of(&outcome));
        shared.send(way, outcome, held)
    }
}
