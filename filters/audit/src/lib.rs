//! Evidence. An inference's intent is on its way to the ledger before a provider hears of it, and
//! its outcome is durable before the client sees the end of the answer. What stopped before an
//! intent is a refusal, recorded singly or counted so that a flood cannot fill the disk. An answer
//! from the cache is one record, which names the outcome it was made from. It also answers for what
//! is recorded: receipts, to those whose requests they are.
//!
//! The place of the outcome is reserved with the intent, so `log` can always hand it over, also
//! from a request that is being torn down.

mod client;
mod content;
mod course;
mod money;
mod part;
mod receipts;
mod refusal;
mod refusals;
mod subject;

use std::borrow::Cow;
use std::sync::Arc;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use inferlayer_filter::exchange::{Intent, Operation, Quote};
use inferlayer_filter::{
    BuildError, CallerError, Candidate, Exchange, Fact, Filter, Flow, GatewayError, Refusal,
    Settings, Site, Trace,
};
use inferlayer_ledger::{
    Content, Entry, Kind, Ledger, OutcomeSlot, Pending, RequestId, Unavailable,
};
use inferlayer_records::record;
use inferlayer_wire::Vendor;

use crate::content::Kept;
use crate::refusal::NotRecorded;
use crate::refusals::{PerSecond, Refusals};
use crate::subject::Subject;

/// The block `audit`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct AuditSettings {
    /// Refusals of one key that are recorded singly in a second; more are counted.
    #[serde(default)]
    pub single_refusals_per_second: PerSecond,
}

struct Audit {
    ledger: Ledger,
    prices_sha256: String,
    refusals: Arc<Refusals>,
    single_refusals: PerSecond,
}

impl Settings for AuditSettings {
    const NAME: &'static str = "audit";
    const NEEDS: &'static [Fact] = &[Fact::Tenant, Fact::Candidates, Fact::Hold];
    const GIVES: &'static [Fact] = &[Fact::Intent];

    fn build(self, site: &Site) -> Result<Box<dyn Filter>, BuildError> {
        // What was counted under one configuration is written under the next.
        let refusals = site.kept.get_or_try_make(|| Refusals::start(site.ledger.clone()));
        let refusals = refusals.map_err(|error| BuildError {
            field: String::new(),
            problem: format!("cannot start the refusal counter: {error}"),
        })?;
        Ok(Box::new(Audit {
            ledger: site.ledger.clone(),
            prices_sha256: site.prices.digest().to_owned(),
            refusals: Arc::clone(&refusals.0),
            single_refusals: self.single_refusals_per_second,
        }))
    }
}

#[async_trait]
impl Filter for Audit {
    async fn request_headers(&self, x: &mut Exchange) -> Result<Flow, Refusal> {
        let Operation::Receipt(request) = x.operation else { return Ok(Flow::Continue) };
        Ok(Flow::Answer(receipts::answer(&self.ledger, x, request).await?))
    }

    async fn request(&self, x: &mut Exchange) -> Result<Flow, Refusal> {
        let entry = self.intent(x)?;
        let (pending, outcome) = self.begin(x, entry)?;
        x.intent.fill(Intent::new(pending, outcome))?;
        Ok(Flow::Continue)
    }

    async fn response_end(&self, x: &mut Exchange) -> Result<(), Refusal> {
        let pending = match x.intent.peek_mut().and_then(Intent::outcome) {
            Some(slot) => self.commit(slot, x)?,
            None if x.hit.peek().is_some() && x.refused.is_none() => {
                let hit = self.hit(x)?;
                self.counted(x, &hit)?;
                self.ledger.append(hit).map_err(refused)?
            }
            None => return Ok(()),
        };
        let receipt = pending.await.map_err(|_| NotRecorded::OutcomeLost)?;
        x.receipt.fill(receipt)
    }

    fn log(&self, x: &mut Exchange) {
        match x.intent.peek_mut() {
            None => self.refusals.count(x, self.single_refusals),
            Some(intent) => {
                let Some(slot) = intent.outcome() else { return };
                // Without one the intent stays without an outcome, which the auditor sees.
                drop(self.commit(slot, x));
            }
        }
    }

    fn close(&self) {
        self.refusals.flush();
    }
}

impl Audit {
    fn begin(&self, x: &Exchange, intent: Entry) -> Result<(Pending, OutcomeSlot), Refusal> {
        let bytes = self.counted(x, &intent)?;
        let begun = self.ledger.begin(intent);
        if begun.is_err() {
            x.tenant.need()?.forget_stored(bytes);
        }
        begun.map_err(refused)
    }

    /// Counts what the entry will take on the disk, or says that its tenant has stored too much.
    fn counted(&self, x: &Exchange, entry: &Entry) -> Result<u64, Refusal> {
        let bytes = entry.disk_bytes();
        x.tenant.need()?.store(bytes, self.ledger.spare_bytes())?;
        Ok(bytes)
    }

    fn commit(&self, slot: OutcomeSlot, x: &mut Exchange) -> Result<Pending, Refusal> {
        let outcome = self.outcome(x)?;
        x.tenant.need()?.store_anyway(outcome.disk_bytes());
        Ok(slot.commit(outcome))
    }

    fn intent(&self, x: &Exchange) -> Result<Entry, Refusal> {
        let (tenant, subject) = (x.tenant.need()?, Subject::of(x)?);
        let candidates = x.candidates.need()?;
        let trace = Trace::of(&x.head.headers);
        let Kept { content, hmac_sha256, bytes } = Kept::of(tenant, subject.body);
        let metadata = record::Intent {
            request: x.id.to_string().into(),
            tenant: tenant.name().as_str().into(),
            key: tenant.key(),
            operation: subject.operation.map(Cow::from),
            api: Some(subject.api.into()),
            model: subject.model.into(),
            stream: subject.stream,
            client_request_id: x.client_request_id().map(Cow::from),
            client: Some(client::of(x, tenant)),
            trace_id: trace.as_ref().map(|trace| trace.id().into()),
            method: subject.method.map(Cow::from),
            path: subject.path.map(Cow::from),
            plan: x.plan.peek().map(part::plan),
            candidates: candidates.iter().map(part::name).collect(),
            excluded: candidates.excluded().iter().map(part::excluded).collect(),
            charged: tenant.charged(),
            hold_nano_usd: x.hold.need()?.amount(),
            quotes: candidates.iter().filter_map(quote_of).map(money::quote).collect(),
            prices_sha256: self.prices_sha256.as_str().into(),
            content_hmac_sha256: hmac_sha256.map(Cow::from),
            content_bytes: bytes,
            edited_texts: nonzero(x.edited_texts),
        };
        entry(x, Kind::Intent, &metadata, content)
    }

    fn outcome(&self, x: &mut Exchange) -> Result<Entry, Refusal> {
        let answer = x.answer.content.split().freeze();
        let tenant = x.tenant.need()?;
        let Kept { content, hmac_sha256, bytes } = Kept::of(tenant, answer);
        let answered = x.answered();
        let cost = x.cost.need()?;
        let metadata = record::Outcome {
            request: x.id.to_string().into(),
            tenant: tenant.name().as_str().into(),
            key: tenant.key(),
            ending: x.ending.peek().copied().unwrap_or(record::Ending::Abandoned),
            status: x.answer.status,
            attempts: x.attempts.iter().map(part::attempt).collect(),
            vendor: answered.map(|attempt| attempt.provider.vendor.provider_name().into()),
            provider: answered.map(|attempt| Cow::from(&*attempt.provider.name)),
            model: x.answer.model.as_deref().map(Cow::from),
            input_tokens: cost.tokens.input,
            cached_input_tokens: cost.tokens.cached_input,
            cache_write_input_tokens: cost.tokens.cache_write,
            output_tokens: cost.tokens.output,
            cost_nano_usd: cost.amount,
            charged: tenant.charged(),
            charges: cost.charges.iter().map(money::charge).collect(),
            estimated: cost.estimated,
            prices_sha256: self.prices_sha256.as_str().into(),
            simulated: answered.is_some_and(|a| a.provider.vendor == Vendor::Simulated),
            content_cut: x.answer.content_cut,
            content_hmac_sha256: hmac_sha256.map(Cow::from),
            content_bytes: bytes,
            edited_texts: nonzero(x.answer.edited_texts),
            cache: x.admission.peek().map(part::cached),
            cache_lookup: course::cache_lookup(x),
            latency_us: Some(course::latency(x)),
            passed: x.passed.as_ref().map(part::passed),
        };
        entry(x, Kind::Outcome, &metadata, content)
    }

    fn hit(&self, x: &Exchange) -> Result<Entry, Refusal> {
        let (tenant, call) = (x.tenant.need()?, x.call.need()?);
        let hit = x.hit.need()?;
        let metadata = record::Hit {
            request: x.id.to_string().into(),
            tenant: tenant.name().as_str().into(),
            key: tenant.key(),
            operation: call.api().operation_name().map(Cow::from),
            api: Some(call.api().name().into()),
            model: call.model().into(),
            stream: call.stream(),
            status: x.answer.status,
            tier: hit.tier.into(),
            source_sequence: hit.source_sequence,
            source_record_hash: hit.source_hash.to_string().into(),
            age_seconds: hit.age_seconds,
            saved_nano_usd: hit.saved,
            client: Some(client::of(x, tenant)),
            latency_us: Some(course::latency(x)),
            simulated: hit.simulated,
            edited_texts: nonzero(x.answer.edited_texts),
        };
        entry(x, Kind::Hit, &metadata, Content::None)
    }
}

/// Why an entry is not taken: the tenant's part of the queue is full, or nobody's is taken.
fn refused(why: Unavailable) -> Refusal {
    match why {
        Unavailable::ShareFull => {
            CallerError::TenantBusy { what: "records that wait for the disk" }.into()
        }
        _ => GatewayError::AuditUnavailable.into(),
    }
}

fn entry(
    x: &Exchange,
    kind: Kind,
    metadata: &impl Serialize,
    content: Content,
) -> Result<Entry, Refusal> {
    let metadata =
        serde_json::to_vec(metadata).map_err(|_| Refusal::internal("record metadata"))?;
    let tenant = Some(x.tenant.need()?.seal().clone());
    Ok(Entry { kind, request: RequestId::new(x.id.bytes()), tenant, metadata, content })
}

/// How many there were, if any.
fn nonzero(count: u64) -> Option<u64> {
    (count > 0).then_some(count)
}

fn quote_of(candidate: &Candidate) -> Option<&Quote> {
    candidate.quote.as_deref()
}
