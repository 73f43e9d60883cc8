//! Answers given again. A question that the same tenant has asked before, in the same context and
//! of the same model, gets the answer that the ledger holds, and no provider is asked or paid.
//!
//! ```text
//! request:       what decides about the answer ─► key ─► index ─► record ─► answer
//!                                                  └► under way ─► wait, then the same
//! response_end:  whole, ended by the model, of the model meant ─► admission, into the outcome
//! recorded:      outcome durable ─► index, and those who wait are told
//! ```
//!
//! An entry of the index points to the outcome's record: there is no second copy of an answer,
//! destroying a tenant's key destroys what the cache can give, and after a restart the index is
//! built from the ledger. This is the exact tier, in which only layout may differ; tiers that find
//! other words for the same question will search within one namespace of [`key`].

mod control;
mod flights;
pub mod index;
mod keeping;
pub mod key;
mod question;
mod refusal;
mod settings;
mod source;
mod status;
mod tenants;

use std::mem;
use std::sync::{Arc, PoisonError};

use async_trait::async_trait;
use http::HeaderValue;
use http::header::AGE;

use inferlayer_accounts::{ContentPolicy, Tenant};
use inferlayer_filter::cached::{Admission, CacheKey, Hit};
use inferlayer_filter::{
    Answer, BuildError, Exchange, Fact, Filter, Flow, Refusal, ResponseHead, Settings, Site,
};
use inferlayer_ledger::Ledger;
use inferlayer_records::Ending;
use inferlayer_wire::{Call, ChatRequest};

use crate::control::{CACHE, Control};
use crate::flights::{Lead, Turn};
use crate::index::Entry;
use crate::keeping::Keeping;
use crate::question::{Question, Questions};
use crate::refusal::NotCached;
pub use crate::settings::CacheSettings;
use crate::source::{Form, Source};
use crate::tenants::{TenantCache, Tenants};
pub use inferlayer_filter::cached::CacheStatus;

/// The tier of this crate, as records name it.
const EXACT: &str = "exact";

struct Cache {
    settings: CacheSettings,
    ledger: Ledger,
    questions: Arc<Questions>,
    /// The tenants of this configuration.
    configured: Arc<inferlayer_accounts::Tenants>,
    tenants: Arc<Tenants>,
}

impl Settings for CacheSettings {
    const NAME: &'static str = "cache";
    const NEEDS: &'static [Fact] = &[Fact::Tenant];
    const USES: &'static [Fact] = &[Fact::Plan];
    /// Nothing is held for those who wait, and a hit is no outcome.
    const BEFORE: &'static [Fact] = &[Fact::Hold, Fact::Intent];

    fn build(self, site: &Site) -> Result<Box<dyn Filter>, BuildError> {
        let tenants = site.kept.get_or_make(|| Tenants::new(self.tenant_bytes.bytes()));
        let mut remembered = site.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        for answer in mem::take(&mut *remembered) {
            if let Some(tag) = site.accounts.tag(&answer.tenant) {
                tenants.restore(tag, answer, self.ttl_seconds.seconds());
            }
        }
        let questions = Arc::new(Questions {
            temperature_max: self.temperature_max.max(),
            offers: site.offers.clone(),
            filters_sha256: site.filters_sha256.clone(),
        });
        let (ledger, configured) = (site.ledger.clone(), Arc::clone(&site.tenants));
        Ok(Box::new(Cache { settings: self, ledger, questions, configured, tenants }))
    }
}

/// A question that may be looked up.
struct Asked {
    cache: Arc<TenantCache>,
    key: CacheKey,
    max_age_seconds: Option<u64>,
}

#[async_trait]
impl Filter for Cache {
    async fn request(&self, x: &mut Exchange) -> Result<Flow, Refusal> {
        // What passes through is never looked at, so nothing is known of when it is the same.
        if x.call.peek().is_none() {
            return Ok(Flow::Continue);
        }
        let control = Control::of(&x.head.headers);
        let answer = match self.asked(x, &control).await? {
            Ok(asked) => self.look_up(x, asked, &control).await?,
            Err(reason) => {
                x.extensions.insert(CacheStatus::Bypass(reason));
                None
            }
        };
        match answer {
            Some(answer) => Ok(Flow::Answer(answer)),
            None if control.only_if_cached => Err(NotCached.into()),
            None => Ok(Flow::Continue),
        }
    }

    fn response_headers(&self, x: &mut Exchange, head: &mut ResponseHead) {
        if let Some(status) = x.extensions.get::<CacheStatus>() {
            head.headers.insert(CACHE, status::header(*status));
        }
        if let Some(hit) = x.hit.peek() {
            head.headers.insert(AGE, HeaderValue::from(hit.age_seconds));
        }
    }

    async fn response_end(&self, x: &mut Exchange) -> Result<(), Refusal> {
        let Some(keeping) = x.extensions.get::<Keeping>() else { return Ok(()) };
        if !keeping.admits(x, self.settings.answer_bytes.bytes()) {
            return Ok(());
        }
        let (key, ttl_seconds) = (keeping.key, self.settings.ttl_seconds.seconds());
        x.admission.fill(Admission { key, ttl_seconds })
    }

    fn recorded(&self, x: &mut Exchange) {
        let (Some(admission), Some(receipt)) = (x.admission.peek(), x.receipt.peek()) else {
            return;
        };
        let entry = Entry {
            place: receipt.place(),
            record_hash: receipt.record_hash(),
            time_us: self.ledger.times().steady_us,
            ttl_seconds: admission.ttl_seconds,
        };
        let Some(Keeping { cache, key, lead }) = x.extensions.remove() else { return };
        cache.index.keep(key, entry);
        lead.iter().for_each(|lead| lead.land());
    }

    fn adopted(&self) {
        self.tenants.adopt(&self.configured, self.settings.tenant_bytes.bytes());
    }

    fn log(&self, x: &mut Exchange) {
        let Some(Keeping { lead, .. }) = x.extensions.remove() else { return };
        if !is_abandoned(x) {
            lead.iter().for_each(|lead| lead.end());
        }
    }
}

/// The caller went away, or the gateway failed it: that says nothing about the question, so the
/// next one who waits tries.
fn is_abandoned(x: &Exchange) -> bool {
    matches!(x.ending.peek(), None | Some(Ending::ClientGone | Ending::Abandoned))
}

impl Cache {
    /// The question of `x`, or why it is not looked up.
    async fn asked(
        &self,
        x: &Exchange,
        control: &Control,
    ) -> Result<Result<Asked, &'static str>, Refusal> {
        let (tenant, call) = (x.tenant.need()?, x.call.need()?);
        let Call::Chat(chat) = call else { return Ok(Err("dialect")) };
        if let Some(word) = control.out {
            return Ok(Err(word));
        }
        if tenant.content() != ContentPolicy::Full {
            return Ok(Err("content"));
        }
        let cache = self.tenants.of(tenant);
        let model = x.plan.peek().map_or(chat.gist().model(), |plan| &plan.model);
        let (model, chat) = (model.to_owned(), chat.clone());
        let question = Question { tenant: tenant.clone(), cache: Arc::clone(&cache), chat, model };
        let key = self.questions.key(question).await?;
        let max_age_seconds = control.max_age_seconds;
        Ok(key.map(|key| Asked { cache, key, max_age_seconds }))
    }

    /// An answer to the question, if there is one or someone is about to bring one. Otherwise the
    /// request goes on, and what becomes of it may be kept.
    async fn look_up(
        &self,
        x: &mut Exchange,
        asked: Asked,
        control: &Control,
    ) -> Result<Option<Answer>, Refusal> {
        if control.no_cache {
            x.extensions.insert(CacheStatus::Bypass("no-cache"));
            keep(x, asked, None);
            return Ok(None);
        }
        x.extensions.insert(CacheStatus::Miss);
        let found = self.find(x, &asked).await?;
        if found.is_some() || control.only_if_cached {
            return Ok(found);
        }
        let lead = match self.turn(&asked).await {
            Turn::Alone => None,
            Turn::Landed => match self.find(x, &asked).await? {
                None => None,
                found => return Ok(found),
            },
            // Another flight may have landed since the first look.
            Turn::Lead(lead) => match self.find(x, &asked).await? {
                None => Some(lead),
                found => {
                    lead.land();
                    return Ok(found);
                }
            },
        };
        keep(x, asked, lead);
        Ok(None)
    }

    /// Waits for those who ask the same, if there are any.
    async fn turn(&self, asked: &Asked) -> Turn {
        let followers_max = self.settings.followers_max.count();
        match asked.cache.flights.board(asked.key, followers_max) {
            Some(seat) => seat.turn(self.settings.wait_seconds.duration()).await,
            None => Turn::Alone,
        }
    }

    /// The answer in the index, read from the ledger. One that cannot be read is dropped.
    async fn find(&self, x: &mut Exchange, asked: &Asked) -> Result<Option<Answer>, Refusal> {
        let now_us = self.ledger.times().steady_us;
        let index = &asked.cache.index;
        let Some(entry) = index.find(&asked.key, now_us, asked.max_age_seconds) else {
            return Ok(None);
        };
        let (source, form) = (self.source(x, entry)?, form(x, self.ledger.now_us())?);
        let given = tokio::task::spawn_blocking(move || source.give(&form)).await;
        // What was opened before the tenant's key was destroyed is not given after.
        let shredded = x.tenant.need()?.is_shredded();
        let Some(given) = given.ok().flatten().filter(|_| !shredded) else {
            index.forget(&asked.key, &entry);
            return Ok(None);
        };
        x.hit.fill(Hit {
            tier: EXACT,
            source_sequence: entry.place.sequence(),
            source_hash: entry.record_hash,
            age_seconds: entry.age_seconds(now_us),
            saved: given.cost,
            simulated: given.simulated,
        })?;
        x.extensions.insert(CacheStatus::HitExact);
        Ok(Some(given.answer))
    }

    fn source(&self, x: &Exchange, entry: Entry) -> Result<Source, Refusal> {
        let seal = x.tenant.need().map(Tenant::seal)?.clone();
        Ok(Source { ledger: self.ledger.clone(), seal, entry })
    }
}

fn keep(x: &mut Exchange, asked: Asked, lead: Option<Lead>) {
    let Asked { cache, key, .. } = asked;
    x.extensions.insert(Keeping { cache, key, lead: lead.map(Arc::new) });
}

fn form(x: &Exchange, now_us: u64) -> Result<Form, Refusal> {
    let call = x.call.need()?;
    let with_usage = matches!(call, Call::Chat(chat) if ChatRequest::wants_usage(chat));
    let (id, created) = (format!("chatcmpl-{}", x.id), now_us / 1_000_000);
    Ok(Form { stream: call.stream(), with_usage, id, created })
}
