//! What a log that holds in itself consists of, and what evidence from elsewhere makes of it.

use std::collections::BTreeMap;

use serde::Serialize;

use super::admission::Admission;
use super::evidence::Evidence;
use super::seen::Seen;
use super::standing::{Judge, Standing};

/// What a log that holds consists of. Hashes are in hexadecimal.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Report {
    /// The verifier key whose signatures were checked.
    pub key: String,
    /// The key was taken from the log itself: consistent, but not shown to be anybody's.
    pub key_on_first_use: bool,
    /// Identity of the log.
    pub log_id: String,
    /// Every key that signed, the last one first; `key` is one of them.
    pub keys: Vec<String>,
    /// Metadata and content were not looked at.
    pub chain_only: bool,
    /// The first record that is still there; those before were dropped, and a record says so.
    pub first_sequence: u64,
    /// Number of records, those dropped included.
    pub records: u64,
    /// Root of the tree over all of them.
    pub root: String,
    /// Number of commits, each with its checkpoint verified.
    pub commits: u64,
    /// Number of segments.
    pub segments: u64,
    /// Number of runs of the writer.
    pub runs: u64,
    /// Records by kind.
    pub kinds: BTreeMap<&'static str, u64>,
    /// Records of kinds that are not known and change nothing, by the number of the kind.
    pub skipped: BTreeMap<u16, u64>,
    /// Intents that a crash left without outcome, in runs that are over.
    pub intents_cut: u64,
    /// Intents of the last run without outcome: in flight when it still runs.
    pub intents_open: u64,
    /// Outcomes without an intent before them.
    pub outcomes_unannounced: u64,
    /// Bytes after the last commit, zeros included: as far as the log can tell never acknowledged.
    pub unacknowledged_bytes: u64,
    /// Time of the first record, microseconds since 1970-01-01 UTC.
    pub first_time_us: u64,
    /// Time of the last record.
    pub last_time_us: u64,
    /// What the log admits to lack, in the order of the records that say so.
    pub admissions: Vec<Admission>,
    /// Receipts and checkpoints from elsewhere that the log was held against.
    pub evidence: Compared,
    /// The largest size that one of them confirms: so far the log is shown to be complete.
    pub complete_to: u64,
    /// Time of the last of these records.
    pub complete_time_us: u64,
}

/// Evidence, and how each piece stands to the log.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// Pieces whose root and record the log has.
    pub confirmed: usize,
    /// Pieces that are not of this log.
    pub contradicted: usize,
    /// Pieces that there is nothing to compare with.
    pub not_comparable: usize,
    /// All of them, in the order in which they were given.
    pub pieces: Vec<Piece>,
}

/// One piece.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Piece {
    /// Where it was found.
    pub source: String,
    /// `receipt`, `proof` or `checkpoint`.
    pub form: &'static str,
    /// Number of records that it speaks of.
    pub size: u64,
    /// `confirmed`, `contradicted` or `not_comparable`.
    pub standing: &'static str,
    /// What a contradiction looks like (`FORMAT.md` §8).
    pub verdict: Option<&'static str>,
    /// Why it is not confirmed.
    pub reason: Option<String>,
}

/// What a log that holds in itself comes to beside the evidence.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Conclusion {
    /// Nothing contradicts it; something confirms it, if anything was given.
    Holds,
    /// Evidence was given, and none of it could be compared.
    Unconfirmed,
    /// A piece of evidence contradicts it.
    Contradicted,
}

impl Report {
    /// What the log comes to beside the evidence.
    pub fn conclusion(&self) -> Conclusion {
        match &self.evidence {
            Compared { contradicted: 1.., .. } => Conclusion::Contradicted,
            Compared { confirmed: 0, not_comparable: 1.., .. } => Conclusion::Unconfirmed,
            _ => Conclusion::Holds,
        }
    }

    /// The attack that the first contradiction looks like.
    pub fn verdict(&self) -> Option<&'static str> {
        self.evidence.pieces.iter().find_map(|piece| piece.verdict)
    }
}

impl Compared {
    pub(super) fn all(
        evidence: &[Evidence],
        judge: &Judge<'_>,
        admissions: &mut [Admission],
    ) -> Self {
        let mut compared = Self::default();
        for one in evidence {
            compared.take(one, &judge.judge(one, admissions));
        }
        compared
    }

    fn take(&mut self, evidence: &Evidence, standing: &Standing) {
        let (count, name, verdict, reason) = match standing {
            Standing::Confirmed => (&mut self.confirmed, "confirmed", None, None),
            Standing::Contradicted(damage) => {
                let (verdict, reason) = (Some(damage.verdict()), Some(damage.to_string()));
                (&mut self.contradicted, "contradicted", verdict, reason)
            }
            Standing::NotComparable(silence) => {
                (&mut self.not_comparable, "not_comparable", None, Some(silence.to_string()))
            }
        };
        *count += 1;
        let (source, form, size) = (evidence.source.clone(), evidence.form(), evidence.size());
        self.pieces.push(Piece { source, form, size, standing: name, verdict, reason });
    }

    /// Size and time of the largest log that a piece confirms.
    pub(super) fn furthest(&self, seen: &Seen) -> (u64, u64) {
        let confirmed = self.pieces.iter().filter(|piece| piece.standing == "confirmed");
        let size = confirmed.map(|piece| piece.size).max().unwrap_or(0);
        (size, seen.root(size).map_or(0, |(_, time_us)| time_us))
    }
}
