//! The proxy: Pingora's hooks on one side, the filters on the other. A request reads top to bottom
//! in [`Gateway::serve`]:
//!
//! ```text
//! head ─► filters ─► body ─► filters ─► providers ─► relay ─► client
//!            │          │        │           │
//!            └──────────┴────────┴───────────┴──► respond   (an answer of ours, or a refusal)
//! ```
//!
//! Inference routes drive the provider themselves inside `request_filter`: Pingora's own upstream
//! flow picks a provider before the body is read, replays at most 64 KiB of it, and cannot wait for
//! the ledger between chunks.

mod body;
mod chunks;
mod client;
mod health;
mod operation;
mod passage;
mod refusal;
mod relay;
mod respond;
mod stream;
mod unread;

use std::sync::Arc;

use async_trait::async_trait;
use inferlayer_filter::exchange::{Exchange, Head, Operation};
use inferlayer_filter::{ErrorResponse, Flow, LARGE_BYTES, Refusal, offload};
use inferlayer_records::Ending;
use inferlayer_wire::Call;
use pingora_core::upstreams::peer::HttpPeer;
use pingora_core::{Error, ErrorType};
use pingora_proxy::{ProxyHttp, Session};

use crate::front::Refusals;
use crate::generation::{Current, Generation};
use crate::in_flight::InFlight;
use crate::proxy::refusal::RequestError;
use crate::state::State;
use crate::upstream::{Answer, Inference, Trial, check_forwarded};

pub(crate) use crate::pipeline::Run;

/// Everything that requests need.
pub(crate) struct Gateway {
    pub(crate) state: Arc<State>,
    pub(crate) current: Arc<Current>,
}

/// What one request needs: the generation that it ends with.
struct Service<'a> {
    generation: &'a Generation,
    in_flight: &'a InFlight,
}

/// Why an answer could not be brought to its end.
pub(crate) enum Failure {
    /// Nothing was sent yet: the caller can be told.
    Refused(Refusal),
    /// The caller is gone, or the answer is broken off where it cannot be mended.
    Gone,
}

impl Gateway {
    /// Who is told of requests that were refused before they were read.
    pub(crate) fn refusals(&self) -> impl Refusals + use<> {
        unread::Unread { state: Arc::clone(&self.state), current: Arc::clone(&self.current) }
    }
}

impl Service<'_> {
    async fn serve(&self, session: &mut Session, run: &mut Run<'_>) -> Result<(), Failure> {
        match self.decide(session, run).await? {
            Flow::Answer(answer) => {
                respond::answer(session, run, answer, self.generation.limits()).await
            }
            Flow::Continue => self.forward(session, run).await,
        }
    }

    /// Everything before a provider: the filters, with the body read between their two phases.
    async fn decide(&self, session: &mut Session, run: &mut Run<'_>) -> Result<Flow, Refusal> {
        run.x.dialect = operation::dialect_of(&run.x.head);
        run.x.operation = operation::of(&run.x.head)?;
        check_forwarded(&run.x.head.headers, &run.x.operation)?;
        if let Flow::Answer(answer) = run.request_headers().await? {
            return Ok(Flow::Answer(answer));
        }
        if let Operation::Passage(_) = run.x.operation {
            return passage::decide(session, run, self.generation.limits()).await;
        }
        let body = tokio::select! {
            biased;
            body = body::read(session, &mut run.x, self.generation.limits()) => body?,
            () = self.in_flight.until_cut() => return Err(RequestError::Stopping.into()),
        };
        let Operation::Inference(asked) = &run.x.operation else {
            return Err(Refusal::internal("nobody answers this operation"));
        };
        let (bounds, asked) = (self.generation.limits().json(), asked.clone());
        let large = body.len() > LARGE_BYTES;
        let parse = move || Call::parse_within(&bounds, asked, body);
        let call = if large {
            tokio::select! {
                biased;
                call = offload(run.x.tenant.need()?, parse) => call?,
                ended = client::interrupted(session, self.in_flight) => return Err(ended),
            }
        } else {
            parse()
        };
        run.x.call.fill(call?)?;
        // A filter may wait, and nobody waits for a client that has gone.
        tokio::select! {
            biased;
            decided = run.request() => decided,
            ended = client::interrupted(session, self.in_flight) => Err(ended),
        }
    }

    /// From the first provider to the last byte of the answer.
    async fn forward(&self, session: &mut Session, run: &mut Run<'_>) -> Result<(), Failure> {
        let (upstreams, limits) = (&self.generation.upstreams, self.generation.limits());
        let trial = Trial { pipeline: run.pipeline, upstreams, limits };
        if let Operation::Passage(_) = run.x.operation {
            return Box::pin(passage::forward(session, run, &trial)).await;
        }
        let mut payload = Inference;
        let answer = tokio::select! {
            biased;
            answer = trial.run(&mut run.x, &mut payload) => answer?,
            ended = client::interrupted(session, self.in_flight) => return Err(ended.into()),
        };
        match answer {
            Answer::Whole(answer) => relay::whole(session, run, answer, limits).await,
            Answer::Long(answer) => relay::long(session, run, answer, limits).await,
            Answer::Stream(stream) => stream::relay(session, run, *stream, limits).await,
        }
    }
}

#[async_trait]
impl ProxyHttp for Gateway {
    type CTX = ();

    fn new_ctx(&self) {}

    async fn request_filter(
        &self,
        session: &mut Session,
        _ctx: &mut (),
    ) -> pingora_core::Result<bool> {
        let (state, generation) = (&*self.state, self.current.take());
        let (in_flight, limits) = (&state.in_flight, generation.limits());
        let _in_flight = in_flight.enter();
        respond::prepare(session, limits, in_flight.is_stopping());
        if let Some(answer) = health::answer(session, &state.books.ledger, in_flight) {
            respond::plain(session, answer).await?;
            return Ok(true);
        }
        let mut run = generation.pipeline.enter(exchange(session), &state.metrics, in_flight);
        let service = Service { generation: &generation, in_flight };
        let mut served = service.serve(session, &mut run).await;
        if let Err(Failure::Refused(refusal)) = served {
            served = respond::refuse(session, &mut run, refusal, limits).await;
        }
        match served {
            Ok(()) => Ok(true),
            Err(_) => {
                run.end(Ending::ClientGone, ErrorResponse::client_gone().status);
                Err(Error::new_down(ErrorType::ConnectionClosed))
            }
        }
    }

    /// Never asked: every request is answered in `request_filter`.
    async fn upstream_peer(
        &self,
        _session: &mut Session,
        _ctx: &mut (),
    ) -> pingora_core::Result<Box<HttpPeer>> {
        Err(Error::new_in(ErrorType::InternalError))
    }

    /// Who went away is counted and recorded; a line for each would let callers fill the log.
    fn suppress_error_log(&self, _session: &Session, _ctx: &(), _error: &Error) -> bool {
        true
    }
}

impl From<Refusal> for Failure {
    fn from(refusal: Refusal) -> Failure {
        Failure::Refused(refusal)
    }
}

fn exchange(session: &Session) -> Box<Exchange> {
    let request = session.req_header();
    let head = Head {
        method: request.method.clone(),
        path: request.uri.path().to_owned(),
        query: request.uri.query().map(str::to_owned),
        headers: request.headers.clone(),
    };
    let client = session.client_addr().and_then(|address| address.as_inet().copied());
    Box::new(Exchange::new(head, client))
}
