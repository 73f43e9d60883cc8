//! What a log says of money, in words and in JSON.

use std::collections::BTreeMap;
use std::fmt;

use inferlayer_records::{Sums, TenantName, Total};
use serde::{Serialize, Serializer};

use crate::contradiction::Contradictions;
use crate::judge::Tally;

/// What a log says of money. Sums are folded from the records that are there.
#[derive(Default, Serialize)]
pub struct Money {
    /// The first record that is there.
    pub recomputed_from: u64,
    /// What the first snapshot states where the records before it are gone. It is part of `sums`,
    /// and no record shows it.
    #[serde(serialize_with = "by_tenant")]
    pub claimed: BTreeMap<TenantName, Sums>,
    /// Snapshots that were compared with the records before them.
    pub snapshots: u64,
    /// What each tenant has spent and holds.
    #[serde(serialize_with = "by_tenant")]
    pub sums: BTreeMap<TenantName, Sums>,
    /// Intents without an outcome.
    pub unfinished: usize,
    /// What these hold, as part of what their tenants spent or hold.
    #[serde(rename = "unfinished_nano_usd")]
    pub unfinished_total: Total,
    /// Intents and outcomes that name no tenant, in a log where none does: no gateway wrote it.
    pub nameless: u64,
    /// Key events and items of snapshots that are not known and change nothing.
    pub skipped: u64,
    /// Amounts that were computed again, and those that could not be.
    pub amounts: Tally,
    /// What contradicts itself.
    pub contradictions: Contradictions,
}

#[derive(Serialize)]
struct Amounts {
    spent_nano_usd: Total,
    held_nano_usd: Total,
}

fn by_tenant<S: Serializer>(sums: &BTreeMap<TenantName, Sums>, s: S) -> Result<S::Ok, S::Error> {
    s.collect_map(sums.iter().map(|(tenant, Sums { spent, held })| {
        (tenant.as_str(), Amounts { spent_nano_usd: *spent, held_nano_usd: *held })
    }))
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "states    {}", self.states())?;
        writeln!(f, "costs     {}", self.costs())?;
        writeln!(f, "money     {}", self.origin())?;
        if self.skipped > 0 {
            let skipped = self.skipped;
            writeln!(
                f,
                "skipped   {skipped} key events or items of snapshots, which change nothing"
            )?;
        }
        for (tenant, sums) in &self.sums {
            writeln!(f, "spent by {tenant}: {} USD", whole(*sums))?;
        }
        for (tenant, sums) in self.claimed.iter().filter(|(_, sums)| whole(**sums) > Total::ZERO) {
            let claimed = whole(*sums);
            writeln!(f, "of that, {claimed} USD of {tenant} only as the first snapshot claims it")?;
        }
        if self.unfinished > 0 {
            let (intents, held) = (self.unfinished, self.unfinished_total);
            writeln!(f, "of that, {intents} intents without outcome at their hold: {held} USD")?;
        }
        Ok(())
    }
}

impl Money {
    fn states(&self) -> String {
        match self.snapshots {
            0 => "no snapshot has records before it to be compared with".to_owned(),
            1 => "one snapshot states what the records before it say".to_owned(),
            many => format!("{many} snapshots state what the records before them say"),
        }
    }

    fn costs(&self) -> String {
        let Tally { holds, costs, charges, costs_unexplained, unexplained, prices_not_shown } =
            &self.amounts;
        let charges = charges.iter().map(|(basis, count)| format!(", {basis} {count}"));
        let mut text = format!("{costs} computed again{}", charges.collect::<String>());
        text += &format!("; {holds} holds");
        if *costs_unexplained > 0 {
            text += &format!(
                "; {costs_unexplained} costs of older records do not say how they came about: \
                 {unexplained} USD"
            );
        }
        if *prices_not_shown > 0 {
            text += &format!("; {prices_not_shown} prices are of books that were dropped");
        }
        text
    }

    fn origin(&self) -> String {
        match (self.nameless, self.recomputed_from) {
            (0, 0) => "summed over all records".to_owned(),
            (0, first) => format!(
                "summed over the records from {first} on; what the first snapshot states of those \
                 before is claimed, not recomputed"
            ),
            (nameless, _) => format!(
                "not shown: none of the {nameless} intents and outcomes names a tenant, so no \
                 gateway wrote them"
            ),
        }
    }
}

fn whole(sums: Sums) -> Total {
    sums.spent.plus(sums.held).unwrap_or(sums.spent)
}
