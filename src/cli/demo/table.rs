//! The demo's table: a line for each answer, as it comes.

use std::io::{self, Write};

use crate::cli::demo::client::Answer;
use crate::cli::demo::steps::Step;

pub(super) fn heading(out: &mut impl Write) -> io::Result<()> {
    line_of(out, ["asked", "answered by", "tier", "cache", "cost USD", "added ms", "receipt"])
}

pub(super) fn line(out: &mut impl Write, step: &Step, answer: &Answer) -> io::Result<()> {
    let route = answer.fact("x-inferlayer-route");
    let cache = answer.fact("x-inferlayer-cache").unwrap_or("-");
    let by = match (route, answer.error_code()) {
        (Some(route), _) => route.split(';').next().unwrap_or(route).to_owned(),
        (None, Some(code)) => format!("{} {code}", answer.status),
        (None, None) => answer.status.to_string(),
    };
    let added = answer.fact("server-timing").and_then(|timing| parameter(timing, "gateway;dur="));
    line_of(
        out,
        [
            step.what,
            &by,
            route.and_then(|route| parameter(route, "tier=")).unwrap_or("-"),
            cache,
            answer.fact("x-inferlayer-cost").unwrap_or("-"),
            added.unwrap_or("-"),
            &answer.fact("x-inferlayer-receipt").map_or_else(|| "-".to_owned(), short),
        ],
    )
}

fn line_of(
    out: &mut impl Write,
    [asked, by, tier, cache, cost, added, receipt]: [&str; 7],
) -> io::Result<()> {
    writeln!(out, "{asked:<22} {by:<26} {tier:<8} {cache:<14} {cost:>12} {added:>9}  {receipt}")?;
    out.flush()
}

/// The value behind `name` in a list of parameters.
fn parameter<'a>(list: &'a str, name: &str) -> Option<&'a str> {
    let (_, rest) = list.split_once(name)?;
    rest.split([';', ',']).next()
}

/// Sequence and the beginning of the hash: `v1.LOG.SEQUENCE.HASH.…`.
fn short(reference: &str) -> String {
    let mut parts = reference.split('.').skip(2);
    let (sequence, hash) = (parts.next().unwrap_or("?"), parts.next().unwrap_or("?"));
    format!("#{sequence} {}…", hash.get(..8).unwrap_or(hash))
}
