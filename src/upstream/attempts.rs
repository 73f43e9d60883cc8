//! One request, tried on its candidates in order until one answers. A candidate is given up only
//! before the first word of its answer: what a client may have seen is never repeated.

use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use http::StatusCode;
use inferlayer_accounts::NanoUsd;
use inferlayer_filter::exchange::{Attempt, AttemptResult};
use inferlayer_filter::{Candidate, Exchange, GatewayError, Refusal};
use inferlayer_ledger::Receipt;

use crate::config::Limits;
use crate::pipeline::Pipeline;
use crate::upstream::Warrant;
use crate::upstream::answer::Answer;
use crate::upstream::connection::Connection;
use crate::upstream::failure::{Patience, failure};
use crate::upstream::health::{Pass, result_of};
use crate::upstream::provider::{Upstream, Upstreams};
use crate::upstream::reply::Reply;
use crate::upstream::{patience, request, told};

/// Pooled connections that a provider may have closed before one is taken for broken.
const STALE_MAX: usize = 3;

/// What it takes to try a request.
pub(crate) struct Trial<'a> {
    pub(crate) pipeline: &'a Pipeline,
    pub(crate) upstreams: &'a Upstreams,
    pub(crate) limits: &'a Limits,
}

/// A candidate whose turn it is.
struct Turn<'a> {
    upstream: &'a Arc<Upstream>,
    candidate: &'a Candidate,
}

/// One candidate's way: its pass, until an answer takes it along, and how long it asks to be left
/// alone.
pub(super) struct Course {
    pub(super) pass: Option<Pass>,
    pub(super) asked: Option<Duration>,
}

impl Trial<'_> {
    /// Tries the candidates. The answer is the first that another provider could not do better.
    pub(crate) async fn run(&self, x: &mut Exchange) -> Result<Answer, Refusal> {
        let mut patience = Patience::default();
        for index in 0..x.candidates.need()?.len() {
            let candidate = x.candidates.need()?.get(index).cloned();
            let candidate = candidate.ok_or(GatewayError::Fact("candidates"))?;
            let upstream = self.upstreams.permitted(x.tenant.need()?, &candidate)?;
            let mut course = match upstream.health().admit(&candidate.model, x.tenant.need()?) {
                Ok(pass) => Course::new(pass),
                Err(not_asked) => {
                    enter(x, &candidate, result_of(not_asked.reason));
                    patience.add(not_asked.left);
                    continue;
                }
            };
            if !extend_hold(x, &candidate)? {
                break;
            }
            let turn = Turn { upstream, candidate: &candidate };
            match self.on(&turn, x, &mut course).await? {
                Ok(answer) => return Ok(answer),
                Err(result) => course.end(result, upstream, &mut patience),
            }
        }
        Err(failure(x, patience))
    }

    /// Tries one candidate, again where a pooled connection was closed in this moment.
    async fn on(
        &self,
        turn: &Turn<'_>,
        x: &mut Exchange,
        course: &mut Course,
    ) -> Result<Result<Answer, AttemptResult>, Refusal> {
        let mut stale = 0;
        loop {
            enter(x, turn.candidate, AttemptResult::Connecting);
            let result = self.attempt(turn, x, course).await?;
            leave(x, result.as_ref().map(Answer::status).map_err(|result| *result));
            stale += 1;
            let again = matches!(result, Err(AttemptResult::Stale | AttemptResult::SpokeFirst));
            if stale > STALE_MAX || !again {
                return Ok(result);
            }
        }
    }

    /// One attempt, entered in `x.attempts` before anything is sent, so that a torn-down request
    /// still tells what was under way.
    async fn attempt(
        &self,
        Turn { upstream, candidate }: &Turn<'_>,
        x: &mut Exchange,
        course: &mut Course,
    ) -> Result<Result<Answer, AttemptResult>, Refusal> {
        let connecting = upstream.connect(x.tenant.need()?);
        let (connected, intent) = tokio::join!(connecting, x.intent.need_mut()?.durable());
        let intent = intent?;
        let connection = match connected {
            Ok(connection) => connection,
            Err(result) => return Ok(Err(result)),
        };
        let building = request::build(self.pipeline, x, candidate, &upstream.settings);
        let request = building.await?;
        let sent = Instant::now();
        let reply = send(x, connection, request, &intent).await?;
        let answer = match reply {
            Err(result) => Err(result),
            Ok(reply) if !is_final(reply.status) => {
                course.asked = patience::asked(&reply.headers, SystemTime::now());
                let status = reply.status.as_u16();
                reply.discard();
                Err(AttemptResult::Status { status })
            }
            Ok(mut reply) => {
                reply.carry(course.pass.take());
                x.provider_headers = told::by(&reply);
                let call = x.call.need()?;
                let api = candidate.target(call)?.api;
                let is_read = self.pipeline.reads_texts(x);
                Answer::begin(reply, x.tenant.need()?, call, api, is_read, self.limits).await
            }
        };
        x.waited += sent.elapsed();
        Ok(answer)
    }
}

impl Course {
    pub(super) fn new(pass: Pass) -> Course {
        Course { pass: Some(pass), asked: None }
    }

    /// No answer came of it.
    pub(super) fn end(self, result: AttemptResult, upstream: &Upstream, patience: &mut Patience) {
        let settings = &upstream.settings.health;
        let left = match result.status() {
            Some(429) => Some(self.asked.unwrap_or(settings.cooldown)),
            Some(503 | 529) => self.asked,
            _ => None,
        };
        left.into_iter().for_each(|left| patience.add(left));
        self.pass.into_iter().for_each(|pass| pass.ended(result, self.asked));
    }
}

async fn send(
    x: &mut Exchange,
    connection: Box<Connection>,
    request: inferlayer_filter::UpstreamRequest,
    intent: &Receipt,
) -> Result<Result<Reply, AttemptResult>, Refusal> {
    let warrant = Warrant::new(x.tenant.need()?, x.hold.need_mut()?, intent);
    if let Some(attempt) = x.attempts.last_mut() {
        attempt.result = AttemptResult::Sent;
    }
    Ok(connection.send(request, warrant).await)
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

pub(super) fn enter(x: &mut Exchange, candidate: &Candidate, result: AttemptResult) {
    x.attempts.push(Attempt::new(candidate, result));
}

/// With the status of the answer, or what came instead.
pub(super) fn leave(x: &mut Exchange, result: Result<StatusCode, AttemptResult>) {
    let Some(attempt) = x.attempts.last_mut() else { return };
    attempt.result = match result {
        Ok(status) => AttemptResult::Answered { status: status.as_u16() },
        Err(result) => result,
    };
}

/// Whether no other provider could do better. A redirect is never followed: it names a host that
/// the configuration does not.
pub(super) fn is_final(status: StatusCode) -> bool {
    status.is_success()
        || (status.is_client_error() && !matches!(status.as_u16(), 401 | 403 | 408 | 429))
}
