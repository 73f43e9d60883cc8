//! One request and its answer, as all filters see it. Each field is filled once, by the one it
//! belongs to; filters of third parties keep what is theirs in `extensions`, keyed by type.

use std::fmt;
use std::net::SocketAddr;
use std::time::{Duration, Instant};

use bytes::BytesMut;
use http::{Extensions, HeaderMap, Method};
use inferlayer_accounts::tenant::KeyHolder;
use inferlayer_accounts::{Hold, NanoUsd, Tenant};
use inferlayer_ledger::{OutcomeSlot, Pending, Receipt};
use inferlayer_records::Ending;
use inferlayer_share::Permit;
use inferlayer_wire::{Asked, Call, Chunk, Completion, Dialect, FinishReason, Usage};
use uuid::Uuid;

use crate::cached::{Admission, Hit};
use crate::candidate::Candidates;
use crate::passage::{Passage, Passed};
use crate::plan::Plan;
use crate::refusal::{Blame, GatewayError, Refusal};

pub use crate::attempt::{Attempt, AttemptResult};
pub use crate::money::{Charge, Cost, Priced, Quote};
pub use crate::slot::Slot;

/// One request and its answer.
pub struct Exchange {
    /// The request's id, in `x-inferlayer-request-id` and the ledger.
    pub id: RequestId,
    /// When its head was read.
    pub arrived: Instant,
    /// Where it came from.
    pub client: Option<SocketAddr>,
    /// The listener that took it, as the configuration names it. From the proxy.
    pub listener: &'static str,
    /// Its head.
    pub head: Head,
    /// What is asked for.
    pub operation: Operation,
    /// The shape of errors and streams that the caller understands.
    pub dialect: Dialect,
    /// Whose request it is. From `authenticate`.
    pub tenant: Slot<Tenant>,
    /// Whose key was refused, where its secret was right. From `authenticate`.
    pub refused_key: Option<KeyHolder>,
    /// That its tenant may have one more request at once. From `authenticate`.
    pub admitted: Slot<Permit>,
    /// Memory that its body holds. From the proxy.
    pub body_room: Slot<Permit>,
    /// The body, parsed; never for what passes through. From the proxy.
    pub call: Slot<Call>,
    /// How often filters changed a text of it.
    pub edited_texts: u64,
    /// How much it asks, and which model that makes it. From `classify`.
    pub plan: Slot<Plan>,
    /// That its answer comes from the cache. From `cache`.
    pub hit: Slot<Hit>,
    /// That its answer will be kept in the cache. From `cache`.
    pub admission: Slot<Admission>,
    /// Where it may go, best first. From `route`.
    pub candidates: Slot<Candidates>,
    /// What one request costs, where that is all that is known of its price. From `route`.
    pub flat_price: Slot<NanoUsd>,
    /// That the worst case fits the budget. From `meter`.
    pub hold: Slot<Hold>,
    /// The intent on its way to the ledger. From `audit`.
    pub intent: Slot<Intent>,
    /// Every attempt at a provider, in order. From the proxy.
    pub attempts: Vec<Attempt>,
    /// How long providers were waited for, until the first of their answer. From the proxy.
    pub waited: Duration,
    /// How long the gateway itself took until the head of its answer. From the proxy.
    pub added: Option<Duration>,
    /// What the answering provider says of its limits, under names of ours. From the proxy.
    pub provider_headers: HeaderMap,
    /// What has been seen of the answer. From the proxy.
    pub answer: Tally,
    /// What has passed of bodies that are not collected. From the proxy.
    pub passed: Option<Passed>,
    /// What it cost. From `meter`.
    pub cost: Slot<Cost>,
    /// How it ended. From the proxy.
    pub ending: Slot<Ending>,
    /// The filter that answered or refused it. From the proxy.
    pub decided_by: Option<&'static str>,
    /// The refusal it ended in, as recorded. From the proxy.
    pub refused: Option<Refused>,
    /// That its outcome is durable. From `audit`.
    pub receipt: Slot<Receipt>,
    /// For filters of third parties.
    pub extensions: Extensions,
}

/// The head of a request.
pub struct Head {
    /// The method.
    pub method: Method,
    /// The path, without the query.
    pub path: String,
    /// The query, without its question mark.
    pub query: Option<String>,
    /// The headers.
    pub headers: HeaderMap,
}

/// What a request asks for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Operation {
    /// Something of a model.
    Inference(Asked),
    /// What a provider is to do with the bytes as they are.
    Passage(Passage),
    /// `GET /v1/models`.
    Models,
    /// `GET /v1/models/{model}`.
    Model(String),
    /// `GET /v1/inferlayer/receipts/{request}`: what was recorded of a request, and its proof.
    Receipt(inferlayer_ledger::RequestId),
    /// Nothing that is served; refused before any filter.
    Unknown,
}

/// The request's id: a UUID of version 7, ordered by time.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct RequestId(Uuid);

/// An intent on its way to the ledger, and the place kept for its outcome.
pub struct Intent {
    state: IntentState,
    outcome: Option<OutcomeSlot>,
}

enum IntentState {
    Writing(Pending),
    Durable(Receipt),
    Lost,
}

/// What has been seen of a provider's answer, for the money and the record.
#[derive(Default)]
pub struct Tally {
    /// The status the client was given.
    pub status: u16,
    /// The provider's own count, when it came.
    pub usage: Option<Usage>,
    /// The model the provider says answered.
    pub model: Option<String>,
    /// The service tier the provider says it answered in.
    pub service_tier: Option<String>,
    /// Bytes of generated text so far.
    pub output_bytes: u64,
    /// Events that carried generated text so far.
    pub output_events: u64,
    /// Why each choice ended, as far as they have.
    pub finish_reasons: Vec<FinishReason>,
    /// The answer calls a tool.
    pub tool_calls: bool,
    /// The answer as its client gets it, up to the recording limit.
    pub content: BytesMut,
    /// The answer is longer than the recording limit.
    pub content_cut: bool,
    /// How often filters changed a text of it.
    pub edited_texts: u64,
}

/// A refusal, as recorded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// HTTP status; 499 when the caller had gone.
    pub status: u16,
    /// The error code.
    pub code: &'static str,
    /// Whose fault it is.
    pub blame: Blame,
}

impl Head {
    /// A parameter of the query, as it came; the first of that name.
    pub fn parameter(&self, name: &str) -> Option<&str> {
        let query = self.query.as_deref().unwrap_or_default();
        let parameters = query.split('&').filter_map(|pair| pair.split_once('='));
        parameters.filter(|(known, _)| *known == name).map(|(_, value)| value).next()
    }
}

impl Exchange {
    /// A request of which only the head is known.
    pub fn new(head: Head, client: Option<SocketAddr>) -> Exchange {
        Exchange {
            id: RequestId::mint(),
            arrived: Instant::now(),
            client,
            listener: "http",
            head,
            operation: Operation::Unknown,
            dialect: Dialect::OpenAi,
            tenant: Slot::empty("tenant"),
            refused_key: None,
            admitted: Slot::empty("admitted"),
            body_room: Slot::empty("body room"),
            call: Slot::empty("call"),
            edited_texts: 0,
            plan: Slot::empty("plan"),
            hit: Slot::empty("hit"),
            admission: Slot::empty("admission"),
            candidates: Slot::empty("candidates"),
            flat_price: Slot::empty("flat price"),
            hold: Slot::empty("hold"),
            intent: Slot::empty("intent"),
            attempts: Vec::new(),
            waited: Duration::ZERO,
            added: None,
            provider_headers: HeaderMap::new(),
            answer: Tally::default(),
            passed: None,
            cost: Slot::empty("cost"),
            ending: Slot::empty("ending"),
            decided_by: None,
            refused: None,
            receipt: Slot::empty("receipt"),
            extensions: Extensions::new(),
        }
    }

    /// The caller's id of the request, in `x-request-id`: 1 to 128 visible ASCII characters.
    pub fn client_request_id(&self) -> Option<&str> {
        let text = self.head.headers.get("x-request-id")?.to_str().ok()?;
        let fits = (1..=128).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_graphic());
        fits.then_some(text)
    }

    /// The most tokens that the answer can have by what was asked for and held; none where there is
    /// neither a price nor a cap.
    pub fn most_output_tokens(&self) -> Option<u64> {
        let quote = self.answered()?.quote.as_deref()?;
        let call = self.call.peek()?;
        let cap = || Some(call.max_output_tokens()?.saturating_mul(call.choices().into()));
        if quote.price.is_some() { Some(quote.bounds.output) } else { cap() }
    }

    /// The attempt whose answer is the client's, if there is one.
    pub fn answered(&self) -> Option<&Attempt> {
        self.attempts
            .last()
            .filter(|attempt| matches!(attempt.result, AttemptResult::Answered { .. }))
    }
}

impl Intent {
    /// An intent that was handed to the ledger.
    pub fn new(pending: Pending, outcome: OutcomeSlot) -> Intent {
        Intent { state: IntentState::Writing(pending), outcome: Some(outcome) }
    }

    /// Waits until the intent is durable. No provider hears of a request before.
    pub async fn durable(&mut self) -> Result<Receipt, Refusal> {
        if let IntentState::Writing(pending) = &mut self.state {
            let written = pending.await;
            self.state = written.map_or(IntentState::Lost, IntentState::Durable);
        }
        match &self.state {
            IntentState::Durable(receipt) => Ok(receipt.clone()),
            IntentState::Writing(_) | IntentState::Lost => {
                Err(GatewayError::AuditUnavailable.into())
            }
        }
    }

    /// The place kept for the outcome, once.
    pub fn outcome(&mut self) -> Option<OutcomeSlot> {
        self.outcome.take()
    }
}

impl Tally {
    /// Takes what a whole answer says of itself.
    pub fn take(&mut self, facts: Completion) {
        self.usage = facts.usage;
        self.model = facts.model;
        self.service_tier = facts.service_tier;
        self.output_bytes = facts.output_bytes;
        self.finish_reasons = facts.finish_reasons;
        self.tool_calls = facts.tool_calls;
    }

    /// Takes what an event of a stream says.
    pub fn observe(&mut self, facts: &Chunk) {
        // Some servers count in every event, and the last count is the total; one that takes back
        // what was counted before is no count.
        let total = |usage: &Usage| usage.input_tokens.saturating_add(usage.output_tokens);
        self.usage = [self.usage, facts.usage].into_iter().flatten().max_by_key(total);
        self.output_bytes += facts.output_bytes;
        self.output_events += u64::from(facts.output_bytes > 0);
        self.finish_reasons.extend_from_slice(&facts.finish_reasons);
        self.tool_calls |= facts.tool_calls;
        if facts.service_tier.is_some() {
            self.service_tier.clone_from(&facts.service_tier);
        }
        if self.model.is_none() {
            self.model.clone_from(&facts.model);
        }
    }

    /// Keeps a piece of the answer for the record, up to `limit_bytes` in all.
    pub fn record(&mut self, bytes: &[u8], limit_bytes: usize) {
        let room = limit_bytes.saturating_sub(self.content.len());
        let kept = bytes.get(..room).unwrap_or(bytes);
        self.content.extend_from_slice(kept);
        self.content_cut |= kept.len() < bytes.len();
    }
}

impl RequestId {
    /// A new id.
    pub fn mint() -> RequestId {
        RequestId(Uuid::now_v7())
    }

    /// The id as records hold it.
    pub fn bytes(self) -> [u8; 16] {
        self.0.into_bytes()
    }
}

impl fmt::Display for RequestId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0.as_hyphenated(), f)
    }
}
