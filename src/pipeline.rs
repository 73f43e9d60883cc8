//! The filters in their order, and one request's way through them.
//!
//! [`Run`] is the guard of a request: whatever happens to it — an answer, a refusal, a client gone,
//! a panic, a runtime torn down — dropping it runs `log` on every filter, which settles the money
//! and hands the outcome to the ledger.

use http::StatusCode;
use inferlayer_filter::{
    Candidate, Chunk, ChunkForm, Exchange, Filter, Flow, Refusal, ResponseHead, ResponseTexts,
    UpstreamRequest,
};
use inferlayer_records::Ending;

use bytes::Bytes;

use crate::in_flight::InFlight;
use crate::metrics::Metrics;

/// The filters, in the order of the configuration.
pub(crate) struct Pipeline {
    stages: Vec<Stage>,
}

/// A filter and its name.
pub(crate) struct Stage {
    pub(crate) name: &'static str,
    pub(crate) filter: Box<dyn Filter>,
}

/// One request on its way.
pub(crate) struct Run<'a> {
    pub(crate) pipeline: &'a Pipeline,
    pub(crate) x: Box<Exchange>,
    pub(crate) in_flight: &'a InFlight,
    metrics: &'a Metrics,
    /// How many filters have seen the request; answers play through these.
    entered: usize,
    /// What reads the texts of the response, in its order; nothing before its first chunk.
    texts: Option<Vec<ResponseTexts>>,
}

impl Pipeline {
    pub(crate) fn new(stages: Vec<Stage>) -> Pipeline {
        Pipeline { stages }
    }

    pub(crate) fn enter<'a>(
        &'a self,
        x: Box<Exchange>,
        metrics: &'a Metrics,
        in_flight: &'a InFlight,
    ) -> Run<'a> {
        Run { pipeline: self, x, in_flight, metrics, entered: 0, texts: None }
    }

    pub(crate) fn upstream_request(
        &self,
        x: &Exchange,
        candidate: &Candidate,
        request: &mut UpstreamRequest,
    ) -> Result<(), Refusal> {
        self.filters().try_for_each(|filter| filter.upstream_request(x, candidate, request))
    }

    /// Whether a filter reads what the response says, so that no part of it may go by unread.
    pub(crate) fn reads_texts(&self, x: &Exchange) -> bool {
        self.filters().any(|filter| filter.text_filter(x).is_some())
    }

    /// The configuration that made it is in force.
    pub(crate) fn adopted(&self) {
        self.filters().for_each(|filter| filter.adopted());
    }

    /// The gateway stops.
    pub(crate) fn close(&self) {
        self.filters().for_each(|filter| filter.close());
    }

    fn filters(&self) -> impl Iterator<Item = &dyn Filter> {
        self.stages.iter().map(|stage| &*stage.filter)
    }
}

impl<'a> Run<'a> {
    /// The phase before the body.
    pub(crate) async fn request_headers(&mut self) -> Result<Flow, Refusal> {
        for Stage { name, filter } in &self.pipeline.stages {
            self.entered += 1;
            match filter.request_headers(&mut self.x).await {
                Ok(Flow::Continue) => {}
                decided => return self.decided(name, decided),
            }
        }
        Ok(Flow::Continue)
    }

    /// The phase after the body.
    pub(crate) async fn request(&mut self) -> Result<Flow, Refusal> {
        for Stage { name, filter } in &self.pipeline.stages {
            match filter.request(&mut self.x).await {
                Ok(Flow::Continue) => {}
                decided => return self.decided(name, decided),
            }
        }
        Ok(Flow::Continue)
    }

    /// The filter of this name has answered or refused.
    fn decided(
        &mut self,
        name: &'static str,
        decided: Result<Flow, Refusal>,
    ) -> Result<Flow, Refusal> {
        self.x.decided_by = Some(name);
        decided
    }

    /// The head of the answer, last filter first.
    pub(crate) fn response_headers(&mut self, head: &mut ResponseHead) {
        for filter in self.entered().rev() {
            filter.response_headers(&mut self.x, head);
        }
    }

    /// A chunk of the response on its way to the client, past what reads its texts. What may go
    /// out now is appended to `out`: chunk for chunk in the same order, perhaps later.
    pub(crate) fn chunk(
        &mut self,
        bytes: Bytes,
        form: ChunkForm,
        out: &mut Vec<Bytes>,
    ) -> Result<(), Refusal> {
        let sent = out.len();
        match self.texts().len() {
            0 => out.push(bytes),
            readers => {
                let mut chunks = vec![bytes];
                for at in 0..readers {
                    chunks = self.through(at, chunks, form)?;
                }
                out.append(&mut chunks);
            }
        }
        self.seen(out.get(sent..).unwrap_or_default(), form);
        Ok(())
    }

    /// The response has ended: what was held back goes out.
    pub(crate) fn flush(&mut self, out: &mut Vec<Bytes>) -> Result<(), Refusal> {
        let sent = out.len();
        let mut chunks = Vec::new();
        for at in 0..self.texts().len() {
            chunks = self.through(at, chunks, ChunkForm::Event)?;
            if let Some(texts) = self.texts.as_mut().and_then(|all| all.get_mut(at)) {
                texts.finish(&mut self.x, &mut chunks)?;
            }
        }
        out.append(&mut chunks);
        self.seen(out.get(sent..).unwrap_or_default(), ChunkForm::Event);
        Ok(())
    }

    /// Nothing more of the response is read, and nothing that is held goes out: a filter refused
    /// it.
    pub(crate) fn stop_reading(&mut self) {
        self.texts = Some(Vec::new());
    }

    fn through(
        &mut self,
        at: usize,
        chunks: Vec<Bytes>,
        form: ChunkForm,
    ) -> Result<Vec<Bytes>, Refusal> {
        let mut out = Vec::new();
        if let Some(texts) = self.texts.as_mut().and_then(|all| all.get_mut(at)) {
            for bytes in chunks {
                texts.push(&mut self.x, bytes, form, &mut out)?;
            }
        }
        Ok(out)
    }

    fn texts(&mut self) -> &[ResponseTexts] {
        let entered = self.entered();
        let x = &self.x;
        self.texts.get_or_insert_with(|| {
            let filters = entered.rev().filter_map(|filter| filter.text_filter(x));
            filters.map(ResponseTexts::new).collect()
        })
    }

    fn seen(&mut self, chunks: &[Bytes], form: ChunkForm) {
        for raw in chunks {
            for filter in self.entered().rev() {
                filter.response_chunk(&mut self.x, &Chunk { raw, form });
            }
        }
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

    fn entered(&self) -> impl DoubleEndedIterator<Item = &'a dyn Filter> + use<'a> {
        let entered = self.pipeline.stages.get(..self.entered).unwrap_or_default();
        entered.iter().map(|stage| &*stage.filter)
    }
}

impl Drop for Pipeline {
    fn drop(&mut self) {
        self.close();
    }
}

impl Drop for Run<'_> {
    fn drop(&mut self) {
        for filter in self.pipeline.filters() {
            filter.log(&mut self.x);
        }
        self.metrics.observe(&self.x);
    }
}
