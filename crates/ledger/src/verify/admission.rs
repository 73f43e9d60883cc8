//! What a log says of itself that it lacks, and who said so: records that a retention dropped, and
//! sizes that a restore declares lost.

use serde::Serialize;

use crate::format::kind::Kind;
use crate::format::record::Record;
use crate::log::{Log, stated};

/// A gap that the log admits.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Admission {
    /// `retention`, `restore`, or `snapshot` for a restore that only the first snapshot speaks of.
    pub by: &'static str,
    /// Of the record that says so.
    pub sequence: u64,
    /// When it was recorded: microseconds since 1970-01-01 UTC.
    pub time_us: u64,
    /// Why, in the words of whoever had it recorded.
    pub reason: Option<String>,
    /// The first record that is dropped or lost.
    pub from: u64,
    /// The log goes on with this record; as far as anyone knew when it was restored.
    pub until: u64,
    /// Pieces of evidence that prove nothing because of it.
    pub silences: usize,
    /// Pieces of evidence that contradict the log, and would not if it had not happened.
    pub explains: usize,
}

impl Admission {
    /// Of a retention or a restore.
    pub(super) fn of(record: &Record<'_>) -> Option<Self> {
        let (from, until) = match record.kind() {
            Kind::Retention => (0, stated::retention(record)?.first_sequence),
            Kind::Restore => {
                let gap = stated::restore(record)?;
                (gap.lost_from, gap.lost_until)
            }
            _ => return None,
        };
        Some(Self {
            by: record.kind().name(),
            sequence: record.sequence(),
            time_us: record.time_us(),
            reason: stated::reason(record),
            from,
            until,
            silences: 0,
            explains: 0,
        })
    }

    /// Those that the log's first snapshot speaks of, whose records are not there any more.
    pub(super) fn claimed(began: &Log) -> impl Iterator<Item = Self> {
        let (sequence, time_us) = (began.chain.next_sequence(), began.chain.time_us());
        began.story.gaps.iter().map(move |gap| Self {
            by: Kind::Snapshot.name(),
            sequence,
            time_us,
            reason: None,
            from: gap.lost_from,
            until: gap.lost_until,
            silences: 0,
            explains: 0,
        })
    }

    /// Whether evidence of `size` may be of records that were lost.
    pub(super) fn has_lost(&self, size: u64) -> bool {
        self.by != Kind::Retention.name() && self.from < size && size <= self.until
    }

    /// Whether the record is there that says so.
    pub(super) fn is_recorded(&self) -> bool {
        self.by != Kind::Snapshot.name()
    }

    /// Whether it drops the records up to `size`, which are not there.
    pub(super) fn has_dropped(&self, size: u64) -> bool {
        self.by == Kind::Retention.name() && size < self.until
    }
}
