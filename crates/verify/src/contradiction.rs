//! What contradicts itself in a log whose chain holds: who signed it said two things, one of them
//! wrong. Each has a name, as attacks on the chain have (`FORMAT.md` §12, Verdicts of money).

use std::fmt;

use inferlayer_ledger::Segment;
use serde::Serialize;

/// Contradictions that are kept; of further ones their number.
const MAX_KEPT: usize = 20;

/// Which rule a record breaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Verdict {
    /// A snapshot states something else than the records before it.
    State,
    /// An amount is not what its tokens and prices come to, or a price is not the price book's.
    Cost,
    /// A record is of another tenant, key or request than what it belongs to.
    Owner,
    /// Metadata that money or keys depend on are not in the form of the document.
    Unreadable,
}

/// One record that breaks a rule.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Contradiction {
    /// Which rule.
    pub verdict: Verdict,
    /// The file that the record lies in.
    pub segment: String,
    /// The record's sequence number.
    pub sequence: u64,
    /// What was found, and what it should be.
    pub what: String,
}

/// The first contradictions of a log, and the number of all.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Contradictions {
    first: Vec<Contradiction>,
    count: u64,
}

impl Verdict {
    /// Its name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Verdict::State => "state",
            Verdict::Cost => "cost",
            Verdict::Owner => "owner",
            Verdict::Unreadable => "unreadable",
        }
    }
}

impl Contradictions {
    /// How many there are.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The first of them, in order of the segments.
    pub fn first(&self) -> &[Contradiction] {
        &self.first
    }

    pub(crate) fn add(&mut self, verdict: Verdict, place: (Segment, u64), what: String) {
        self.count += 1;
        if self.first.len() < MAX_KEPT {
            let (segment, sequence) = (place.0.to_string(), place.1);
            self.first.push(Contradiction { verdict, segment, sequence, what });
        }
    }

    /// Takes those of a later segment, by record.
    pub(crate) fn extend(&mut self, mut other: Contradictions) {
        self.count += other.count;
        other.first.sort_by_key(|found| found.sequence);
        let room = MAX_KEPT.saturating_sub(self.first.len());
        self.first.extend(other.first.into_iter().take(room));
    }
}

impl fmt::Display for Contradiction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Contradiction { verdict, segment, sequence, what } = self;
        write!(f, "[{}] {segment}, record {sequence}: {what}", verdict.name())
    }
}

impl fmt::Display for Contradictions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(
            f,
            "DOES NOT HOLD: the chain holds, and {} of its records contradict",
            self.count
        )?;
        self.first.iter().try_for_each(|found| writeln!(f, "  {found}"))?;
        match self.count - self.first.len() as u64 {
            0 => Ok(()),
            more => writeln!(f, "  and {more} more"),
        }
    }
}
