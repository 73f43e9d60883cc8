//! Money. Before a request leaves, its worst case is held against the tenant's budget or it is
//! refused; when its answer ends, on whatever path, the hold is settled at what it cost.
//!
//! ```text
//! request:       quotes for each candidate ─► hold the dearest
//! response_end:  usage ─► cost ─► settle           (log settles what never got that far)
//! ```

mod answered;
mod cost;
mod count;
mod quote;
mod refusal;

use std::sync::Arc;

use async_trait::async_trait;
use serde::Deserialize;

use inferlayer_accounts::PriceBook;
use inferlayer_filter::{BuildError, Exchange, Fact, Filter, Flow, Refusal, Settings, Site};

use crate::refusal::NotHeld;

/// The block `meter`; it has no fields: limits stand with the tenants, prices in the price book.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct MeterSettings {}

struct Meter {
    prices: Arc<PriceBook>,
}

impl Settings for MeterSettings {
    const NAME: &'static str = "meter";
    const NEEDS: &'static [Fact] = &[Fact::Tenant, Fact::Candidates];
    const GIVES: &'static [Fact] = &[Fact::Hold];

    fn build(self, site: &Site) -> Result<Box<dyn Filter>, BuildError> {
        Ok(Box::new(Meter { prices: Arc::clone(&site.prices) }))
    }
}

#[async_trait]
impl Filter for Meter {
    async fn request(&self, x: &mut Exchange) -> Result<Flow, Refusal> {
        quote::affordable(x, &self.prices)?;
        let dearest = quote::dearest(x.candidates.need()?);
        let worst_case = dearest.map(|quote| quote.worst_case).unwrap_or_default();
        let hold = x.tenant.need()?.hold(worst_case).map_err(|cause| NotHeld::OverBudget {
            cause,
            assumed_output_tokens: dearest.and_then(|quote| quote::assumed_output(x, quote)),
        })?;
        x.hold.fill(hold)?;
        Ok(Flow::Continue)
    }

    async fn response_end(&self, x: &mut Exchange) -> Result<(), Refusal> {
        self.settle(x)
    }

    fn log(&self, x: &mut Exchange) {
        // A hold still here belongs to a request that never reached the end of an answer. The
        // error cannot happen: a cost is filled only where the hold is taken.
        let _ = self.settle(x);
    }
}

impl Meter {
    fn settle(&self, x: &mut Exchange) -> Result<(), Refusal> {
        let Some(hold) = x.hold.take() else { return Ok(()) };
        let cost = cost::of(x, &self.prices);
        hold.settle(cost.amount);
        x.cost.fill(cost)
    }
}
