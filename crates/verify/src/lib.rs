//! Recomputes a ledger: its chain with [`inferlayer_ledger::verify`], and in the same pass what its
//! records say of money (`crates/ledger/FORMAT.md` §12). `inferlayer-verify` and `inferlayer ledger
//! verify` are two faces of this, so both say the same.
//!
//! ```text
//! Examination ─ segments, side by side ─► Part ─ joined in order ─► Money: sums, contradictions
//! ```
//!
//! Reading order: `part`, `owners`, [`judge`], `costs`, `joining`, [`contradiction`], [`money`].

mod amounts;
mod books;
pub mod contradiction;
mod costs;
mod joining;
pub mod judge;
pub mod money;
mod owners;
mod part;
mod reading;
mod told;

use std::fmt;

use inferlayer_ledger::ReadError;
use inferlayer_ledger::verify::{Companion, Conclusion, Examination, Report};
use inferlayer_ledger::{Record, Segment};

use crate::joining::Joining;
use crate::part::Part;

pub use crate::contradiction::{Contradiction, Verdict};
pub use crate::money::Money;
pub use crate::told::Told;

/// What a log comes to whose chain holds.
pub struct Verified {
    /// What the chain shows.
    pub chain: Report,
    /// What the records say of money; `None` when only the chain was looked at.
    pub money: Option<Money>,
}

struct Auditor;

impl Companion for Auditor {
    type Part = Part;

    fn begin(&self, segment: Segment) -> Part {
        Part::new(segment)
    }

    fn record(&self, part: &mut Part, record: &Record<'_>) {
        part.record(record);
    }
}

/// Verifies everything; fails where the chain does not hold. What contradicts itself in the records
/// of a chain that holds is in [`Money`].
pub fn verify(examination: Examination<'_>) -> Result<Verified, ReadError> {
    let mut joining = Joining::default();
    let chain = examination.run_beside(&Auditor, &mut |part| joining.join(part))?;
    Ok(Verified { chain, money: Some(joining.finish()) })
}

/// The same of headers and signatures alone.
pub fn verify_chain(examination: Examination<'_>) -> Result<Verified, ReadError> {
    Ok(Verified { chain: examination.chain_only().run()?, money: None })
}

impl Verified {
    /// Whether nothing contradicts anything else, evidence included.
    pub fn holds(&self) -> bool {
        self.chain.conclusion() != Conclusion::Contradicted && self.money_holds()
    }

    fn money_holds(&self) -> bool {
        self.money.as_ref().is_none_or(|money| money.contradictions.count() == 0)
    }
}

impl fmt::Display for Verified {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Verified { chain, money } = self;
        match money {
            Some(money) if !self.money_holds() => {
                write!(f, "{}{}{money}", money.contradictions, self.chain.evidence)
            }
            Some(money) => write!(f, "{chain}{money}"),
            None => write!(f, "{chain}"),
        }
    }
}
