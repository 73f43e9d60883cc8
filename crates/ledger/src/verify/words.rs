//! A report in words: one line for each thing that an auditor asks, also for what a log alone
//! cannot show.

use std::fmt;

use super::admission::Admission;
use super::report::{Compared, Conclusion, Piece, Report};
use crate::format::time::rfc3339;

/// Pieces of evidence that are named, of each kind; the rest is counted.
const MAX_NAMED: usize = 20;

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { records, root, log_id, .. } = self;
        writeln!(f, "{}", self.headline())?;
        let integrity = match self.chain_only {
            true => "every header and every signature is as written; the rest was left out",
            false => "every record, its content and every signature is as written",
        };
        writeln!(f, "integrity {integrity}")?;
        writeln!(f, "order     {}", self.order())?;
        writeln!(f, "complete  {}", self.completeness())?;
        write!(f, "{}", self.evidence)?;
        self.admissions.iter().try_for_each(|admission| writeln!(f, "admits    {admission}"))?;
        writeln!(f, "root      {root} of size {records}")?;
        writeln!(f, "log       {log_id}")?;
        writeln!(f, "key       {}", self.trust())?;
        writeln!(f, "kinds     {}", self.kinds())?;
        self.skipped.iter().try_for_each(|(kind, records)| {
            writeln!(f, "skipped   {records} records of kind {kind}, which changes nothing")
        })?;
        let (cut, open) = (self.intents_cut, self.intents_open);
        writeln!(
            f,
            "intents   {cut} without outcome in runs that are over, {open} in the last run"
        )?;
        writeln!(f, "outcomes  {} without an intent", self.outcomes_unannounced)?;
        writeln!(f, "tail      {} bytes never acknowledged", self.unacknowledged_bytes)
    }
}

impl Report {
    fn headline(&self) -> String {
        let Self { records, commits, segments, runs, evidence, .. } = self;
        let stored = records - self.first_sequence;
        let log =
            format!("{stored} records in {commits} commits, {segments} segments, {runs} runs");
        let (contradicted, all) = (evidence.contradicted, evidence.pieces.len());
        match self.conclusion() {
            Conclusion::Holds => format!("HOLDS: {log}"),
            Conclusion::Unconfirmed => {
                format!("HOLDS, AND NO EVIDENCE CONFIRMS IT: {log}; {all} pieces were given")
            }
            Conclusion::Contradicted => format!(
                "DOES NOT HOLD: {contradicted} of {all} pieces of evidence contradict it, though \
                 it agrees with itself: {log}"
            ),
        }
    }

    fn order(&self) -> String {
        match self.first_sequence {
            0 => "none deleted, inserted or moved since the first record".to_owned(),
            first => format!(
                "none deleted, inserted or moved since record {first}; those before were dropped, \
                 and a signed record says so"
            ),
        }
    }

    fn completeness(&self) -> String {
        match (self.complete_to, self.evidence.confirmed) {
            (0, _) => "not shown: only a receipt or a checkpoint from elsewhere (--evidence) can \
                       tell whether the end was cut off"
                .to_owned(),
            (size, 1) => format!("{}, by a receipt or checkpoint from elsewhere", self.up_to(size)),
            (size, several) => {
                let size = self.up_to(size);
                format!("{size}, by {several} receipts and checkpoints from elsewhere")
            }
        }
    }

    fn up_to(&self, size: u64) -> String {
        format!("to size {size} at {}", rfc3339(self.complete_time_us))
    }

    fn trust(&self) -> String {
        let trust = match self.key_on_first_use {
            true => "taken from the log itself: pass --key with a key you got elsewhere",
            false => "given",
        };
        let rotated = match self.keys.len() {
            0 | 1 => String::new(),
            keys => format!(", one of {keys} that signed in turn"),
        };
        format!("{} ({trust}{rotated})", self.key)
    }

    fn kinds(&self) -> String {
        let kinds = self.kinds.iter().map(|(kind, count)| format!("{kind} {count}"));
        kinds.collect::<Vec<_>>().join(", ")
    }
}

/// Nothing when nothing was given.
impl fmt::Display for Compared {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Compared { confirmed, contradicted, not_comparable, pieces } = self;
        if pieces.is_empty() {
            return Ok(());
        }
        writeln!(
            f,
            "evidence  {confirmed} confirmed, {contradicted} contradicted, \
             {not_comparable} not comparable"
        )?;
        for standing in ["contradicted", "not_comparable"] {
            let mut of_it = pieces.iter().filter(|piece| piece.standing == standing);
            for piece in of_it.by_ref().take(MAX_NAMED) {
                writeln!(f, "          {piece}")?;
            }
            match of_it.count() {
                0 => {}
                more => writeln!(f, "          and {more} more: --json names all")?,
            }
        }
        Ok(())
    }
}

/// With control characters left out: a terminal might obey them.
impl fmt::Display for Piece {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { source, form, size, standing, verdict, reason } = self;
        let source = source.replace(char::is_control, "");
        write!(f, "{}: {source} ({form} of size {size})", standing.replace('_', " "))?;
        verdict.map_or(Ok(()), |verdict| write!(f, " [{verdict}]"))?;
        reason.as_ref().map_or(Ok(()), |reason| write!(f, ": {reason}"))
    }
}

impl fmt::Display for Admission {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { by, sequence, time_us, from, until, silences, explains, .. } = self;
        let reason = match &self.reason {
            Some(reason) => format!("\"{}\"", reason.replace(char::is_control, "")),
            None => "no reason given".to_owned(),
        };
        write!(f, "record {sequence} ({by}, {}, {reason}): ", rfc3339(*time_us))?;
        match (*by, until - from) {
            ("retention", _) => write!(f, "the records before {until} may be dropped")?,
            (_, 0) => write!(f, "restored at size {from}, nothing is known to be lost")?,
            _ => write!(f, "restored at size {from}, known to have been of {until}")?,
        }
        write!(f, "; {silences} pieces of evidence prove nothing by it")?;
        match explains {
            0 => Ok(()),
            _ => write!(f, ", {explains} contradict the log where it says so"),
        }
    }
}
