//! Requests that were refused for their form, before anybody could read them: counted and recorded
//! like other refusals that nobody answers for.

use std::sync::Arc;

use http::{HeaderMap, Method};
use inferlayer_filter::exchange::{Exchange, Head, Refused};

use crate::front::{Malformed, Refusals};
use crate::in_flight::InFlight;
use crate::metrics::Metrics;
use crate::proxy::Pipeline;

/// Tells the filters of them.
pub(super) struct Unread {
    pub(super) pipeline: Arc<Pipeline>,
    pub(super) metrics: Arc<Metrics>,
    pub(super) in_flight: Arc<InFlight>,
}

impl Refusals for Unread {
    fn refused(&self, why: Malformed) {
        let (method, headers) = (Method::GET, HeaderMap::new());
        let head = Head { method, path: String::new(), query: None, headers };
        let x = Box::new(Exchange::new(head, None));
        let mut run = self.pipeline.enter(x, &self.metrics, &self.in_flight);
        let status = why.status().as_u16();
        run.x.refused = Some(Refused { status, code: why.code() });
        run.x.answer.status = status;
    }
}
