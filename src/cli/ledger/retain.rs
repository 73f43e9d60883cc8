//! `inferlayer ledger retain`: records before a day are dropped, with their content. The log goes
//! on to verify, from a signed record that says what was dropped and why.

use std::io::{self, Write};

use clap::Args;
use inferlayer_ledger::{Clock, SystemClock};

use crate::cli::operator::{Request, ask_or};
use crate::cli::{Failure, Place, reason, utc};
use crate::operations::{DAY_US, Dropped, Reason, Retain, Retainer};

#[derive(Args)]
pub(crate) struct Arguments {
    #[command(flatten)]
    until: Until,
    /// Why; the ledger keeps it in the clear.
    #[arg(long, value_parser = reason)]
    reason: Reason,
    /// That it cannot be undone is understood.
    #[arg(long)]
    yes: bool,
}

#[derive(Args)]
#[group(required = true, multiple = false)]
struct Until {
    /// Drop what was recorded before this day begins, in UTC.
    #[arg(long, value_name = "YYYY-MM-DD", value_parser = utc::parse)]
    before: Option<u64>,
    /// Keep the records of the last so many times 24 hours.
    #[arg(long, value_name = "DAYS")]
    keep_days: Option<u32>,
}

pub(crate) fn run(place: &Place, arguments: Arguments) -> Result<(), Failure> {
    let Arguments { until, reason, yes } = arguments;
    let before_us = until.time_us();
    if !yes {
        return Err(Failure::Usage(format!(
            "what was recorded before {} is dropped for ever; say --yes if that is meant, and the \
             clock of this machine is right",
            utc::rfc3339(before_us)
        )));
    }
    let retain = Retain { before_us, reason };
    let request = Request { method: "POST", path: "/retain", body: Some(&retain), new_log: false };
    let dropped = ask_or(place, request, async |books| {
        Ok(Retainer::new(books.ledger.clone()).retain_confirmed(retain.clone()).await?)
    })?;
    let mut out = io::stdout().lock();
    let Some(Dropped { segments, first_sequence, sequence }) = dropped else {
        return Ok(writeln!(
            out,
            "nothing to drop: no segment ends before {}, or only the last two are there",
            utc::rfc3339(before_us)
        )?);
    };
    writeln!(out, "{segments} segments are dropped: record {sequence}")?;
    writeln!(out, "the log begins at record {first_sequence} now")?;
    Ok(writeln!(out, "backups still have what was dropped")?)
}

impl Until {
    fn time_us(&self) -> u64 {
        let kept_us = self.keep_days.map_or(0, |days| u64::from(days) * DAY_US);
        self.before.unwrap_or_else(|| SystemClock.now_us().saturating_sub(kept_us))
    }
}
