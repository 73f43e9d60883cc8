//! Keys and balances folded from ledger records, in order: the ledger is the database.
//!
//! An outcome costs what it says. An intent whose outcome never came is charged at its hold once
//! its run is over, because a provider may have been paid. Of a key that was destroyed the tag is
//! kept, in case its file is still there.

mod facts;

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use inferlayer_ledger::{Kind, Record, RequestId, TenantTag};
use serde::Deserialize;

use crate::hex::unhex;
use crate::money::{NanoUsd, Total};
use crate::name::TenantName;
use crate::record::{Charged, KeyEvent, Shred};
use crate::state_difference::StateDifference;

/// What records say so far.
#[derive(Clone, Default)]
pub struct Fold {
    pub(crate) events: Vec<KeyEvent>,
    pub(crate) spent: HashMap<TenantName, Total>,
    pub(crate) open: HashMap<RequestId, Open>,
    pub(crate) shredded: HashMap<TenantName, Vec<TenantTag>>,
    /// Whether any record was taken.
    begun: bool,
    /// What the parts so far of a snapshot state.
    pub(crate) stated: Option<Box<Fold>>,
    /// The newest price book, in its canonical form.
    pub(crate) price_book: Option<Arc<str>>,
    /// Key events and items of snapshots that are not known and change nothing.
    pub(crate) skipped: u64,
}

/// What a tenant's records come to, exactly.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Sums {
    /// Outcomes at their cost; intents that were cut or replaced at their hold.
    pub spent: Total,
    /// Holds of intents whose run is not over.
    pub held: Total,
}

/// Why a record was not folded.
#[derive(Debug, thiserror::Error)]
pub enum NotFolded {
    /// What it says cannot be read.
    #[error(transparent)]
    Unreadable(#[from] UnreadableMetadata),
    /// A snapshot that contradicts the records before it.
    #[error(
        "the snapshot contradicts the records before it: {0}. No balance can be trusted: restore \
         the journal from a backup that verifies"
    )]
    State(#[from] StateDifference),
}

/// An intent that waits for its outcome.
#[derive(Clone)]
pub(crate) struct Open {
    pub(crate) tenant: TenantName,
    pub(crate) hold: NanoUsd,
    /// Its run is over.
    pub(crate) cut: bool,
    /// The budgets that it counts against; none in records of older writers.
    pub(crate) charged: Vec<Charged<'static>>,
}

/// A record whose metadata is not what its kind promises.
#[derive(Debug, thiserror::Error)]
#[error("metadata of a record of kind {kind:?} cannot be read: {cause}")]
pub struct UnreadableMetadata {
    kind: Kind,
    cause: serde_json::Error,
}

#[derive(Deserialize)]
struct IntentMoney {
    tenant: TenantName,
    hold_nano_usd: NanoUsd,
    #[serde(default)]
    charged: Vec<Charged<'static>>,
}

#[derive(Deserialize)]
struct OutcomeMoney {
    tenant: TenantName,
    cost_nano_usd: NanoUsd,
}

/// What a loaded configuration says of prices.
#[derive(Deserialize)]
struct Priced<'a> {
    #[serde(borrow)]
    price_book: Option<Cow<'a, str>>,
}

impl Fold {
    /// Takes the next record. A snapshot stands for the records before it when it is the first, and
    /// is compared with them when it is not.
    pub fn record(&mut self, record: &Record<'_>) -> Result<(), NotFolded> {
        let (kind, metadata) = (record.kind(), record.metadata());
        if kind == Kind::KeyEvent && record.is_skippable() {
            self.skip(metadata).map_err(|cause| UnreadableMetadata { kind, cause })?;
            self.begun = true;
            return Ok(());
        }
        self.take(kind, record.request_id(), metadata)
    }

    pub(crate) fn take(
        &mut self,
        kind: Kind,
        request: Option<RequestId>,
        json: &[u8],
    ) -> Result<(), NotFolded> {
        let unreadable = |cause| UnreadableMetadata { kind, cause };
        if kind != Kind::Snapshot {
            self.metadata(kind, request, json).map_err(unreadable)?;
            self.begun = true;
            return Ok(());
        }
        let part = serde_json::from_slice(json).map_err(unreadable)?;
        let Some(stated) = self.collect(&part).map_err(unreadable)? else { return Ok(()) };
        match self.begun {
            true => self.difference(&stated).map_or(Ok(()), |found| Err(found.into())),
            false => {
                *self = Fold { begun: true, ..stated };
                Ok(())
            }
        }
    }

    fn metadata(
        &mut self,
        kind: Kind,
        request: Option<RequestId>,
        json: &[u8],
    ) -> serde_json::Result<()> {
        match kind {
            Kind::Intent => {
                let IntentMoney { tenant, hold_nano_usd: hold, charged } =
                    serde_json::from_slice(json)?;
                let request = request.ok_or_else(|| wrong("the intent has no request id"))?;
                // An id is used once; a log that repeats one hides no money by it.
                let open = Open { tenant, hold, cut: false, charged };
                if let Some(Open { tenant, hold, .. }) = self.open.insert(request, open) {
                    add_to(&mut self.spent, tenant, hold.into())?;
                }
            }
            Kind::Outcome => {
                let OutcomeMoney { tenant, cost_nano_usd } = serde_json::from_slice(json)?;
                request.map(|request| self.open.remove(&request));
                add_to(&mut self.spent, tenant, cost_nano_usd.into())?;
            }
            Kind::KeyEvent => self.events.push(serde_json::from_slice(json)?),
            Kind::Shred => self.shred(&serde_json::from_slice(json)?)?,
            Kind::Config => self.config(serde_json::from_slice(json)?),
            Kind::Open | Kind::Close => self.open.values_mut().for_each(|open| open.cut = true),
            _ => {}
        }
        Ok(())
    }

    /// Passes over a key event that says to change nothing. One that is known does change
    /// something.
    fn skip(&mut self, json: &[u8]) -> serde_json::Result<()> {
        #[derive(Deserialize)]
        struct Named<'a> {
            #[serde(borrow)]
            event: Cow<'a, str>,
        }
        let Named { event } = serde_json::from_slice(json)?;
        if KeyEvent::NAMES.contains(&&*event) {
            return Err(wrong("a key event that is known may not be passed over"));
        }
        self.skipped += 1;
        Ok(())
    }

    fn shred(&mut self, shred: &Shred<'_>) -> serde_json::Result<()> {
        let tag = unhex(&shred.tenant_tag).ok_or_else(|| wrong("the tag is not one"))?;
        self.shredded.entry(shred.tenant.clone()).or_default().push(TenantTag(tag));
        Ok(())
    }

    fn config(&mut self, Priced { price_book }: Priced<'_>) {
        self.price_book = price_book.map(Arc::from).or(self.price_book.take());
    }

    /// Key events, and items of the snapshot it began with, that this version does not know: they
    /// say to change nothing.
    pub fn skipped(&self) -> u64 {
        self.skipped
    }

    /// The newest price book that the records hold, in its canonical form.
    pub fn price_book(&self) -> Option<&str> {
        self.price_book.as_deref()
    }

    /// The tags of keys that were destroyed, by tenant.
    pub fn shredded(&self) -> impl Iterator<Item = (&TenantName, &[TenantTag])> {
        self.shredded.iter().map(|(tenant, tags)| (tenant, tags.as_slice()))
    }

    /// Intents that have no outcome so far, and the sum of their holds.
    pub fn unfinished(&self) -> (usize, Total) {
        let holds = self.open.values().map(|open| open.hold);
        (self.open.len(), holds.fold(Total::ZERO, add))
    }

    /// What stands against each tenant's limit: intents that were cut have spent their hold, those
    /// of a run that is not over hold it.
    pub fn sums(&self) -> BTreeMap<TenantName, Sums> {
        let settled = |(tenant, spent): (&TenantName, &Total)| {
            (tenant.clone(), Sums { spent: *spent, held: Total::ZERO })
        };
        let mut sums: BTreeMap<_, _> = self.spent.iter().map(settled).collect();
        for Open { tenant, hold, cut, .. } in self.open.values() {
            let sums = sums.entry(tenant.clone()).or_default();
            let sum = if *cut { &mut sums.spent } else { &mut sums.held };
            *sum = add(*sum, *hold);
        }
        sums
    }

    /// What each tenant has spent, unfinished intents at their hold, and the keys' history.
    pub fn finish(self) -> (Vec<KeyEvent>, HashMap<TenantName, Total>) {
        let mut spent = self.spent;
        for Open { tenant, hold, .. } in self.open.into_values() {
            let sum = spent.entry(tenant).or_default();
            *sum = add(*sum, hold);
        }
        (self.events, spent)
    }
}

pub(crate) fn wrong(what: &str) -> serde_json::Error {
    serde::de::Error::custom(what)
}

/// Only a snapshot that was made up comes near the end of 128 bits.
pub(crate) fn add_to(
    spent: &mut HashMap<TenantName, Total>,
    tenant: TenantName,
    amount: Total,
) -> serde_json::Result<()> {
    let sum = spent.entry(tenant).or_default();
    *sum = sum.plus(amount).ok_or_else(|| wrong("what the tenant spent exceeds 128 bits"))?;
    Ok(())
}

fn add(sum: Total, amount: NanoUsd) -> Total {
    sum.plus(amount.into()).unwrap_or(sum)
}

#[cfg(test)]
mod tests;
