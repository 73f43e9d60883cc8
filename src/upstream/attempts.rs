//! One request, tried on its candidates in order until one answers. The loop is the same for every
//! request; what is sent, and what an answer is, says its [`Payload`]. A candidate is given up only
//! before the first word of its answer: what a client may have seen is never repeated.

use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use http::{Method, StatusCode};
use inferlayer_accounts::{NanoUsd, Tenant};
use inferlayer_filter::exchange::{Attempt, AttemptResult};
use inferlayer_filter::{Candidate, Exchange, GatewayError, Refusal, UpstreamRequest};
use inferlayer_ledger::Receipt;

use crate::config::Limits;
use crate::pipeline::Pipeline;
use crate::upstream::connection::Connection;
use crate::upstream::credential::{Authorized, CredentialError, Unsigned};
use crate::upstream::failure::{Patience, failure};
use crate::upstream::health::{Pass, result_of};
use crate::upstream::provider::{Upstream, Upstreams};
use crate::upstream::reply::Reply;
use crate::upstream::{Warrant, patience};

/// Connections that nothing was sent on before one is taken for broken.
const STALE_MAX: usize = 3;

/// What it takes to try a request.
pub(crate) struct Trial<'a> {
    pub(crate) pipeline: &'a Pipeline,
    pub(crate) upstreams: &'a Upstreams,
    pub(crate) limits: &'a Limits,
}

/// What is sent to a provider, and what becomes of its reply. An error of the type [`Refusal`] ends
/// the request; an [`AttemptResult`] ends the attempt alone.
pub(crate) trait Payload: Send {
    /// An answer that no other provider could do better than.
    type Answer: Send;

    /// Whether its body is still to come while it is sent.
    const STREAMED: bool;

    /// Its method.
    fn method(&self) -> &Method;

    /// A connection for it.
    fn connect(
        &mut self,
        upstream: &Arc<Upstream>,
        tenant: &Tenant,
    ) -> impl Future<Output = Result<Box<Connection>, AttemptResult>> + Send;

    /// The request for a candidate, as filters see it.
    fn request(
        &mut self,
        x: &Exchange,
        candidate: &Candidate,
        upstream: &Upstream,
    ) -> impl Future<Output = Result<UpstreamRequest, Refusal>> + Send;

    /// Sends it and waits for the first piece of the reply.
    fn send(
        &mut self,
        connection: Box<Connection>,
        request: Authorized,
        warrant: Warrant<'_>,
    ) -> impl Future<Output = Result<Result<Reply, AttemptResult>, Refusal>> + Send;

    /// Looks at a reply whose status is final.
    fn answer(
        &mut self,
        trial: &Trial<'_>,
        x: &mut Exchange,
        candidate: &Candidate,
        reply: Reply,
    ) -> impl Future<Output = Result<Result<Self::Answer, AttemptResult>, Refusal>> + Send;

    /// Whether all of it is still there to be sent.
    fn is_whole(&self) -> bool;

    /// The status of an answer.
    fn status(answer: &Self::Answer) -> StatusCode;
}

/// A candidate whose turn it is.
struct Turn<'a> {
    upstream: &'a Arc<Upstream>,
    candidate: &'a Candidate,
    /// Leave to ask it, until a reply takes that along.
    pass: Option<Pass>,
    /// How long it asks to be left alone.
    asked: Option<Duration>,
}

impl Trial<'_> {
    /// Tries the candidates. The answer is the first that another provider could not do better.
    pub(crate) async fn run<P: Payload>(
        &self,
        x: &mut Exchange,
        payload: &mut P,
    ) -> Result<P::Answer, Refusal> {
        let mut patience = Patience::default();
        for index in 0..x.candidates.need()?.len() {
            if !payload.is_whole() {
                break;
            }
            let candidate = x.candidates.need()?.get(index).cloned();
            let candidate = candidate.ok_or(GatewayError::Fact("candidates"))?;
            let tenant = x.tenant.need()?;
            let upstream = self.upstreams.permitted(tenant, &candidate)?;
            let pass = match upstream.admit(&candidate.model, tenant) {
                Ok(pass) => Some(pass),
                Err(not_asked) => {
                    enter(x, &candidate, result_of(not_asked.reason));
                    patience.add(not_asked.left);
                    continue;
                }
            };
            if !extend_hold(x, &candidate)? {
                break;
            }
            let mut turn = Turn { upstream, candidate: &candidate, pass, asked: None };
            match self.on(&mut turn, x, payload).await? {
                Ok(answer) => return Ok(answer),
                Err(result) => turn.end(result, &mut patience),
            }
        }
        Err(failure(x, patience))
    }

    /// Tries one candidate, again where nothing was sent: a pooled connection was closed in this
    /// moment, or the provider spoke first.
    async fn on<P: Payload>(
        &self,
        turn: &mut Turn<'_>,
        x: &mut Exchange,
        payload: &mut P,
    ) -> Result<Result<P::Answer, AttemptResult>, Refusal> {
        let mut stale = 0;
        loop {
            enter(x, turn.candidate, AttemptResult::Connecting);
            let result = self.attempt(turn, x, payload).await?;
            leave(x, result.as_ref().map(P::status).map_err(|result| *result));
            stale += 1;
            let again = matches!(result, Err(AttemptResult::Stale | AttemptResult::SpokeFirst));
            if stale > STALE_MAX || !again || !payload.is_whole() {
                return Ok(result);
            }
        }
    }

    /// One attempt, entered in `x.attempts` before anything is sent, so that a torn-down request
    /// still tells what was under way.
    async fn attempt<P: Payload>(
        &self,
        turn: &mut Turn<'_>,
        x: &mut Exchange,
        payload: &mut P,
    ) -> Result<Result<P::Answer, AttemptResult>, Refusal> {
        let connecting = payload.connect(turn.upstream, x.tenant.need()?);
        let (connected, intent) = tokio::join!(connecting, x.intent.need_mut()?.durable());
        let intent = intent?;
        let connection = match connected {
            Ok(connection) => connection,
            Err(result) => return Ok(Err(result)),
        };
        let mut request = payload.request(x, turn.candidate, turn.upstream).await?;
        self.pipeline.upstream_request(x, turn.candidate, &mut request)?;
        let method = payload.method().clone();
        let request = match authorize::<P>(turn.upstream, &method, request).await {
            Ok(request) => request,
            Err(result) => return Ok(Err(result)),
        };
        let sent = Instant::now();
        let answer = match send(x, payload, connection, request, &intent).await {
            Ok(Ok(reply)) => self.look_at(reply, turn, x, payload).await,
            Ok(Err(result)) => Ok(Err(result)),
            Err(refusal) => Err(refusal),
        };
        x.waited += sent.elapsed();
        answer
    }

    /// What a reply is: an answer, or a reason to ask another.
    async fn look_at<P: Payload>(
        &self,
        mut reply: Reply,
        turn: &mut Turn<'_>,
        x: &mut Exchange,
        payload: &mut P,
    ) -> Result<Result<P::Answer, AttemptResult>, Refusal> {
        if !is_final(reply.status) {
            turn.asked = patience::asked(&reply.headers, SystemTime::now());
            let status = reply.status.as_u16();
            reply.discard();
            return Ok(Err(AttemptResult::Status { status }));
        }
        reply.carry(turn.pass.take());
        payload.answer(self, x, turn.candidate, reply).await
    }
}

impl Turn<'_> {
    /// No answer came of it.
    fn end(self, result: AttemptResult, patience: &mut Patience) {
        let settings = &self.upstream.settings.health;
        let left = match result.status() {
            Some(429) => Some(self.asked.unwrap_or(settings.cooldown)),
            Some(503 | 529) => self.asked,
            _ => None,
        };
        left.into_iter().for_each(|left| patience.add(left));
        self.pass.into_iter().for_each(|pass| pass.ended(result, self.asked));
    }
}

/// Puts the credential of `upstream` on a request.
async fn authorize<P: Payload>(
    upstream: &Upstream,
    method: &Method,
    mut request: UpstreamRequest,
) -> Result<Authorized, AttemptResult> {
    let UpstreamRequest { path, headers, body } = &mut request;
    let base_url = &upstream.settings.base_url;
    let body = (!P::STREAMED).then_some(&*body);
    let mut unsigned = Unsigned { method, base_url, path, headers, body };
    let exposed = upstream.credential.put_on(&mut unsigned).await;
    let exposed = exposed.map_err(CredentialError::result)?;
    Ok(Authorized { request, exposed })
}

/// From here on a provider may bill.
async fn send<P: Payload>(
    x: &mut Exchange,
    payload: &mut P,
    connection: Box<Connection>,
    request: Authorized,
    intent: &Receipt,
) -> Result<Result<Reply, AttemptResult>, Refusal> {
    let warrant = Warrant::new(x.tenant.need()?, x.hold.need_mut()?, intent);
    if let Some(attempt) = x.attempts.last_mut() {
        attempt.result = AttemptResult::Sent;
    }
    payload.send(connection, request, warrant).await
}

/// Makes room for this attempt beside those that may be billed already; it is not made without.
fn extend_hold(x: &mut Exchange, candidate: &Candidate) -> Result<bool, Refusal> {
    let quote = candidate.quote.as_deref().ok_or(GatewayError::Fact("quote"))?;
    let billable = x.attempts.iter().map(Attempt::billable);
    let needed = billable.fold(quote.worst_case, NanoUsd::saturating_add);
    let hold = x.hold.need_mut()?;
    let missing = needed.saturating_sub(hold.amount());
    Ok(missing == NanoUsd::ZERO || hold.extend(missing).is_ok())
}

fn enter(x: &mut Exchange, candidate: &Candidate, result: AttemptResult) {
    x.attempts.push(Attempt::new(candidate, result));
}

/// With the status of the answer, or what came instead.
fn leave(x: &mut Exchange, result: Result<StatusCode, AttemptResult>) {
    let Some(attempt) = x.attempts.last_mut() else { return };
    attempt.result = match result {
        Ok(status) => AttemptResult::Answered { status: status.as_u16() },
        Err(result) => result,
    };
}

/// Whether no other provider could do better. A redirect is never followed: it names a host that
/// the configuration does not.
fn is_final(status: StatusCode) -> bool {
    status.is_success()
        || (status.is_client_error() && !matches!(status.as_u16(), 401 | 403 | 408 | 429))
}
