//! The phases of a filter. Each has a default that does nothing, so a filter says only what it is
//! for. Phases that may wait are async; those that run for every chunk are not.

use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use http::HeaderMap;
use inferlayer_wire::UpstreamPath;
use serde::de::DeserializeOwned;

use crate::answer::{Answer, Chunk, ResponseHead};
use crate::candidate::{Candidate, Provider};
use crate::exchange::Exchange;
use crate::outline::{Offer, Outline};
use crate::refusal::Refusal;
use crate::site::Site;
use crate::texts::TextFilter;

/// One job on a request's path.
#[async_trait]
pub trait Filter: Send + Sync + 'static {
    /// Before a byte of the body is read: what the head alone decides. May answer.
    async fn request_headers(&self, _x: &mut Exchange) -> Result<Flow, Refusal> {
        Ok(Flow::Continue)
    }

    /// The body is complete and parsed, in `x.call`. For what passes through it is still to come,
    /// and `x.call` stays empty: all that is known is [`Operation::Passage`]. May answer.
    ///
    /// [`Operation::Passage`]: crate::exchange::Operation::Passage
    async fn request(&self, _x: &mut Exchange) -> Result<Flow, Refusal> {
        Ok(Flow::Continue)
    }

    /// The request as it will leave for `candidate`; once for each attempt. The body of what passes
    /// through is not in it.
    fn upstream_request(
        &self,
        _x: &Exchange,
        _candidate: &Candidate,
        _request: &mut UpstreamRequest,
    ) -> Result<(), Refusal> {
        Ok(())
    }

    /// The head of the answer, in reverse order of the list.
    fn response_headers(&self, _x: &mut Exchange, _head: &mut ResponseHead) {}

    /// What reads the texts of this response on their way to the client, and may change them; none
    /// where the filter wants nothing of them. Asked once for a response, before its first byte.
    /// In reverse order of the list: each reads what the one behind it left.
    fn text_filter(&self, _x: &Exchange) -> Option<Box<dyn TextFilter>> {
        None
    }

    /// A chunk as the client gets it, behind all text filters: one event of a stream, those that
    /// the gateway writes included, a whole body, or a part of one that is not collected.
    fn response_chunk(&self, _x: &mut Exchange, _chunk: &Chunk<'_>) {}

    /// The answer is complete but the client has not seen its end. In the order of the list, as
    /// nothing is transformed here: usage gives a cost, a cost goes into the record.
    async fn response_end(&self, _x: &mut Exchange) -> Result<(), Refusal> {
        Ok(())
    }

    /// The answer is recorded, and its end is about to go out. Not for refusals.
    fn recorded(&self, _x: &mut Exchange) {}

    /// Runs once for every request, entered or not, on every path out, also while unwinding or
    /// shutting down. Cannot wait and cannot fail the request.
    fn log(&self, _x: &mut Exchange) {}

    /// The configuration that the filter was built for is in force. A filter that shares what it
    /// keeps with its predecessor changes it here and not when it is built: of all filters that are
    /// built some may fail, and then the configuration before goes on.
    fn adopted(&self) {}

    /// No request comes here any more: the gateway stops, or another configuration has followed and
    /// the last request has ended. Write what is kept.
    fn close(&self) {}
}

/// What a phase decides.
pub enum Flow {
    /// On to the next filter.
    Continue,
    /// The request is answered here. Plays through the response phases of the filters entered.
    Answer(Answer),
}

/// A filter's block in the configuration. Use `#[serde(deny_unknown_fields)]` and types that cannot
/// hold bad values: errors then name file, line and path.
pub trait Settings: DeserializeOwned + Send + Sync + 'static {
    /// The name of the block.
    const NAME: &'static str;
    /// What must be known before this filter.
    const NEEDS: &'static [Fact] = &[];
    /// What it takes into account where a filter gives it; that filter then has to stand before.
    const USES: &'static [Fact] = &[];
    /// What must not be known before it: it stands in front of whoever gives that.
    const BEFORE: &'static [Fact] = &[];
    /// What is known after it.
    const GIVES: &'static [Fact] = &[];

    /// What clients may ask for because of this block.
    fn offers(&self, _providers: &[Arc<Provider>]) -> Vec<Offer> {
        Vec::new()
    }

    /// Which models of which providers this block names to ask for: each as a provider's name and a
    /// model's.
    fn asks(&self) -> Vec<(String, String)> {
        Vec::new()
    }

    /// Every mistake that the configuration alone shows, such as a name that nothing has. Runs
    /// before anything is opened.
    fn check(&self, _outline: &Outline) -> Vec<BuildError> {
        Vec::new()
    }

    /// What the configuration alone shows that can work and is likely not meant, such as a
    /// candidate that a tenant can never use. Asked where nothing is wrong.
    fn warnings(&self, _outline: &Outline) -> Vec<Warning> {
        Vec::new()
    }

    /// Makes the filter.
    fn build(self, site: &Site) -> Result<Box<dyn Filter>, BuildError>;
}

/// Settings that are well formed and still cannot work, such as a name that nothing has.
#[derive(Debug, thiserror::Error)]
#[error("{field}: {problem}")]
pub struct BuildError {
    /// The path of the field inside the filter's block.
    pub field: String,
    /// What is wrong with it.
    pub problem: String,
}

/// Settings that can work and are likely not meant.
#[derive(Debug, PartialEq, Eq)]
pub struct Warning {
    /// The path of the field inside the filter's block.
    pub field: String,
    /// What is odd about it.
    pub problem: String,
    /// Whether somebody says so elsewhere in the configuration.
    pub level: Level,
}

/// How odd something is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Level {
    /// Likely a mistake.
    Warning,
    /// What another setting asks for, and easily overlooked.
    Note,
}

/// What filters tell one another through the [`Exchange`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fact {
    /// Whose request it is: `x.tenant`.
    Tenant,
    /// How much it asks, and which model that makes it: `x.plan`.
    Plan,
    /// Where it may go: `x.candidates`.
    Candidates,
    /// That its worst case fits the budget: `x.hold`.
    Hold,
    /// That its intent is on the way to the ledger: `x.intent`.
    Intent,
}

/// A request to a provider, as it will be sent.
pub struct UpstreamRequest {
    /// Path and query below the provider's base URL.
    pub path: UpstreamPath,
    /// All headers except those of framing and host, which the proxy sets.
    pub headers: HeaderMap,
    /// The body; nothing for what passes through.
    pub body: Bytes,
}
