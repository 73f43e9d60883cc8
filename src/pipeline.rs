//! The filters in their order, and one request's way through them.
//!
//! [`Run`] is the guard of a request: whatever happens to it — an answer, a refusal, a client gone,
//! a panic, a runtime torn down — dropping it runs `log` on every filter, which settles the money
//! and hands the outcome to the ledger.

use http::StatusCode;
use inferlayer_filter::{
    Candidate, Chunk, ChunkFlow, Exchange, Filter, Flow, Refusal, ResponseHead, UpstreamRequest,
};
use inferlayer_records::Ending;

use bytes::Bytes;

use crate::in_flight::InFlight;
use crate::metrics::Metrics;

/// The filters, in the order of the configuration.
pub(crate) struct Pipeline {
    filters: Vec<Box<dyn Filter>>,
}

/// One request on its way.
pub(crate) struct Run<'a> {
    pub(crate) pipeline: &'a Pipeline,
    pub(crate) x: Box<Exchange>,
    pub(crate) in_flight: &'a InFlight,
    metrics: &'a Metrics,
    /// How many filters have seen the request; answers play through these.
    entered: usize,
}

impl Pipeline {
    pub(crate) fn new(filters: Vec<Box<dyn Filter>>) -> Pipeline {
        Pipeline { filters }
    }

    pub(crate) fn enter<'a>(
        &'a self,
        x: Box<Exchange>,
        metrics: &'a Metrics,
        in_flight: &'a InFlight,
    ) -> Run<'a> {
        Run { pipeline: self, x, in_flight, metrics, entered: 0 }
    }

    pub(crate) fn upstream_request(
        &self,
        x: &Exchange,
        candidate: &Candidate,
        request: &mut UpstreamRequest,
    ) -> Result<(), Refusal> {
        self.filters.iter().try_for_each(|filter| filter.upstream_request(x, candidate, request))
    }

    /// The gateway stops.
    pub(crate) fn close(&self) {
        self.filters.iter().for_each(|filter| filter.close());
    }
}

impl<'a> Run<'a> {
    /// The phase before the body.
    pub(crate) async fn request_headers(&mut self) -> Result<Flow, Refusal> {
        for filter in &self.pipeline.filters {
            self.entered += 1;
            if let Flow::Answer(answer) = filter.request_headers(&mut self.x).await? {
                return Ok(Flow::Answer(answer));
            }
        }
        Ok(Flow::Continue)
    }

    /// The phase after the body.
    pub(crate) async fn request(&mut self) -> Result<Flow, Refusal> {
        for filter in &self.pipeline.filters {
            if let Flow::Answer(answer) = filter.request(&mut self.x).await? {
                return Ok(Flow::Answer(answer));
            }
        }
        Ok(Flow::Continue)
    }

    /// The head of the answer, last filter first.
    pub(crate) fn response_headers(&mut self, head: &mut ResponseHead) {
        for filter in self.entered().rev() {
            filter.response_headers(&mut self.x, head);
        }
    }

    /// A piece of the answer, last filter first. Nothing: a filter keeps it back.
    pub(crate) fn response_chunk(
        &mut self,
        raw: Bytes,
        delta: Option<&inferlayer_wire::Chunk>,
    ) -> Option<Bytes> {
        let mut raw = raw;
        for filter in self.entered().rev() {
            match filter.response_chunk(&mut self.x, &Chunk { raw: &raw, delta }) {
                ChunkFlow::Keep => {}
                ChunkFlow::Replace(bytes) => raw = bytes,
                ChunkFlow::Hold => return None,
            }
        }
        Some(raw)
    }

    /// The answer is complete: settled, then recorded, before the client sees its end.
    pub(crate) async fn response_end(&mut self) -> Result<(), Refusal> {
        for filter in self.entered() {
            filter.response_end(&mut self.x).await?;
        }
        if self.x.refused.is_none() {
            for filter in self.entered() {
                filter.recorded(&mut self.x);
            }
        }
        Ok(())
    }

    /// Says how the request ended, unless that is known already.
    pub(crate) fn end(&mut self, ending: Ending, status: StatusCode) {
        if self.x.ending.fill(ending).is_ok() {
            self.x.answer.status = status.as_u16();
        }
    }

    fn entered(&self) -> std::slice::Iter<'a, Box<dyn Filter>> {
        self.pipeline.filters.get(..self.entered).unwrap_or_default().iter()
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        for filter in &self.pipeline.filters {
            filter.log(&mut self.x);
        }
        self.metrics.observe(&self.x);
    }
}
