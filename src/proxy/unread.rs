//! Requests that were refused for their form, before anybody could read them: counted and recorded
//! like other refusals that nobody answers for.

use std::sync::Arc;

use http::{HeaderMap, Method};
use inferlayer_filter::Blame;
use inferlayer_filter::exchange::{Exchange, Head, Refused};

use crate::front::{Malformed, Refusals};
use crate::generation::Current;
use crate::state::State;

/// Tells the filters of them.
pub(super) struct Unread {
    pub(super) state: Arc<State>,
    pub(super) current: Arc<Current>,
}

impl Refusals for Unread {
    fn refused(&self, why: Malformed) {
        let (method, headers) = (Method::GET, HeaderMap::new());
        let head = Head { method, path: String::new(), query: None, headers };
        let x = Box::new(Exchange::new(head, None));
        let generation = self.current.take();
        let mut run = generation.pipeline.enter(x, &self.state.metrics, &self.state.in_flight);
        let status = why.status().as_u16();
        run.x.refused = Some(Refused { status, code: why.code(), blame: Blame::Caller });
        run.x.answer.status = status;
    }
}
