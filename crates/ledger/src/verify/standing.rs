//! How each piece of evidence stands to the log. Only what was compared and is the same confirms
//! it. A gap that the log admits excuses what there is nothing to compare with; where there is
//! something to compare with, another root is a contradiction whatever the log says of itself.

use super::admission::Admission;
use super::evidence::Evidence;
use super::seen::Seen;
use crate::format::checkpoint::Head;
use crate::format::damage::Damage;
use crate::format::segment::Segment;
use crate::log::Log;

/// What comparing a piece of evidence with the log came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Standing {
    /// The log has that root at that size, and the record.
    Confirmed,
    /// The log is not the one that it was made for.
    Contradicted(Damage),
    /// There is nothing to compare it with.
    NotComparable(Silence),
}

/// Why there is nothing to compare with.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Silence {
    /// It is of a log without records.
    #[error("it speaks of no record")]
    NoRecord,
    /// The records that it speaks of were dropped.
    #[error("the records up to there were dropped, as record {by} admits")]
    Dropped {
        /// The retention.
        by: u64,
    },
    /// Beyond the end of the log, where a restore admits a loss.
    #[error("the log ends before, and record {by} admits that records up to there were lost")]
    Lost {
        /// The restore.
        by: u64,
    },
}

/// The log that evidence is held against.
pub(super) struct Judge<'a> {
    pub(super) log: &'a Log,
    /// The first segment that is there.
    pub(super) first: Segment,
    pub(super) seen: &'a Seen,
}

impl Judge<'_> {
    /// Compares a piece of evidence with the log, and counts it for the gap that matters to it.
    pub(super) fn judge(&self, evidence: &Evidence, admissions: &mut [Admission]) -> Standing {
        let head = match self.signed(evidence) {
            Ok(head) => head,
            Err(damage) => return Standing::Contradicted(damage),
        };
        if head.size == 0 {
            return Standing::NotComparable(Silence::NoRecord);
        }
        let mut lost = admissions.iter_mut().filter(|admission| admission.has_lost(head.size));
        if head.size > self.log.chain.next_sequence() {
            let Some(gap) = lost.find(|gap| gap.is_recorded()) else {
                let damage = evidence.beyond(head.size, self.log.chain.next_sequence());
                return Standing::Contradicted(damage);
            };
            gap.silences += 1;
            return Standing::NotComparable(Silence::Lost { by: gap.sequence });
        }
        if head.size < self.first.0 {
            return dropped(head.size, admissions);
        }
        let standing = self.compare(evidence, head);
        if matches!(standing, Standing::Contradicted(Damage::Fork { .. })) {
            lost.next().into_iter().for_each(|gap| gap.explains += 1);
        }
        standing
    }

    /// What it states, if the log's key signed it and it does not contradict itself.
    fn signed(&self, evidence: &Evidence) -> Result<Head, Damage> {
        let head = evidence.signed(self.log)?;
        let record = evidence.record();
        let stored = |sequence| self.seen.record_hash(sequence);
        let hash = record.as_ref().and_then(|told| told.hash.or_else(|| stored(told.sequence)));
        match evidence.leads_to(head, hash) {
            true => Ok(head),
            false => Err(Damage::ForeignReceipt),
        }
    }

    fn compare(&self, evidence: &Evidence, head: Head) -> Standing {
        if self.seen.root(head.size).is_none_or(|(root, _)| root != head.root) {
            return Standing::Contradicted(Damage::Fork { size: head.size });
        }
        let another = evidence.record().is_some_and(|told| {
            // What was dropped is under a root that is the same, and that is all there is to see.
            told.sequence >= self.first.0
                && told.hash.is_some_and(|hash| self.seen.record_hash(told.sequence) != Some(hash))
        });
        match another {
            true => Standing::Contradicted(Damage::ForeignReceipt),
            false => Standing::Confirmed,
        }
    }
}

fn dropped(size: u64, admissions: &mut [Admission]) -> Standing {
    let by = admissions.iter_mut().find(|admission| admission.has_dropped(size));
    // A log that no retention lets begin here does not hold, so there is one.
    let by = by.map_or(0, |admission| {
        admission.silences += 1;
        admission.sequence
    });
    Standing::NotComparable(Silence::Dropped { by })
}
