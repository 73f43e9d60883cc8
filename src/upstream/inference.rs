//! A call whose body is in memory: told to each provider in its own API, as often as it takes, over
//! connections that are kept.

use std::sync::Arc;

use http::{Method, StatusCode};
use inferlayer_accounts::Tenant;
use inferlayer_filter::exchange::AttemptResult;
use inferlayer_filter::{Candidate, Exchange, Refusal, UpstreamRequest};

use crate::upstream::answer::Answer;
use crate::upstream::attempts::{Payload, Trial};
use crate::upstream::connection::Connection;
use crate::upstream::credential::Authorized;
use crate::upstream::provider::Upstream;
use crate::upstream::reply::Reply;
use crate::upstream::{Warrant, request, told};

/// The call of the exchange.
pub(crate) struct Inference;

impl Payload for Inference {
    type Answer = Answer;

    const STREAMED: bool = false;

    fn method(&self) -> &Method {
        &Method::POST
    }

    async fn connect(
        &mut self,
        upstream: &Arc<Upstream>,
        tenant: &Tenant,
    ) -> Result<Box<Connection>, AttemptResult> {
        upstream.connect(tenant).await
    }

    async fn request(
        &mut self,
        x: &Exchange,
        candidate: &Candidate,
        upstream: &Upstream,
    ) -> Result<UpstreamRequest, Refusal> {
        request::build(x, candidate, &upstream.settings).await
    }

    async fn send(
        &mut self,
        connection: Box<Connection>,
        request: Authorized,
        warrant: Warrant<'_>,
    ) -> Result<Result<Reply, AttemptResult>, Refusal> {
        Ok(connection.send(request, warrant).await)
    }

    async fn answer(
        &mut self,
        trial: &Trial<'_>,
        x: &mut Exchange,
        candidate: &Candidate,
        reply: Reply,
    ) -> Result<Result<Answer, AttemptResult>, Refusal> {
        x.provider_headers = told::by(&reply);
        let call = x.call.need()?;
        let api = candidate.target(call)?.api;
        let is_read = trial.pipeline.reads_texts(x);
        Ok(Answer::begin(reply, x.tenant.need()?, call, api, is_read, trial.limits).await)
    }

    fn is_whole(&self) -> bool {
        true
    }

    fn status(answer: &Answer) -> StatusCode {
        answer.status()
    }
}
