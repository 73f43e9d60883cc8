//! What one segment says of money, read without the segments before it: what follows from those is
//! left to whoever joins the parts.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt::Display;

use inferlayer_ledger::{Kind, Record, RequestId, Segment};
use inferlayer_records::{Charged, Crossing, Fold, TenantName};
use serde::Deserialize;

use crate::books::Books;
use crate::contradiction::{Contradictions, Verdict};
use crate::judge::{Asked, Intent, Judge, Quoting, Tally};
use crate::owners::Sightings;
use crate::reading::{self, Named, Priced, names_a_tenant, read};

/// A segment, as far as money goes.
pub(crate) struct Part {
    pub(crate) segment: Segment,
    /// What the snapshot at its head states; `None` when that cannot be read.
    pub(crate) stated: Option<Fold>,
    /// What its records say on their own.
    pub(crate) fold: Fold,
    pub(crate) crossing: Vec<Crossing>,
    pub(crate) run_ended: bool,
    /// Intents without an outcome here.
    pub(crate) intents: HashMap<RequestId, Intent>,
    /// Outcomes without an intent here, with their sequence.
    pub(crate) outcomes: Vec<(RequestId, u64, reading::Outcome)>,
    pub(crate) sightings: Sightings,
    pub(crate) quoting: Quoting,
    pub(crate) books: Books,
    pub(crate) names: Names,
    pub(crate) tally: Tally,
    pub(crate) found: Contradictions,
}

/// Whether intents and outcomes name a tenant.
#[derive(Clone, Copy, Default)]
pub(crate) struct Names {
    pub(crate) named: u64,
    pub(crate) nameless: u64,
    /// Sequence of the first that does not.
    pub(crate) first_nameless: u64,
}

/// That a record could not be read, and was told as that.
struct Told;

impl Part {
    pub(crate) fn new(segment: Segment) -> Self {
        Self {
            segment,
            stated: Some(Fold::default()),
            fold: Fold::default(),
            crossing: Vec::new(),
            run_ended: false,
            intents: HashMap::new(),
            outcomes: Vec::new(),
            sightings: Sightings::default(),
            quoting: Quoting::default(),
            books: Books::default(),
            names: Names::default(),
            tally: Tally::default(),
            found: Contradictions::default(),
        }
    }

    /// Takes the next record.
    pub(crate) fn record(&mut self, record: &Record<'_>) {
        let taken = match record.kind() {
            Kind::Snapshot => return self.snapshot(record),
            Kind::Intent => match self.read_named(record) {
                Some(read) => read.map(|read| self.intent(record, read)),
                None => return,
            },
            Kind::Outcome => match self.read_named(record) {
                Some(read) => read.map(|read| self.outcome(record, read)),
                None => return,
            },
            Kind::Hit | Kind::Refusal | Kind::Shred => self.named(record),
            Kind::Config => self.config(record),
            Kind::Open => {
                self.sightings.run();
                Ok(())
            }
            _ => Ok(()),
        };
        self.run_ended |= matches!(record.kind(), Kind::Open | Kind::Close);
        self.cross(record);
        if let (Err(error), Ok(())) = (self.fold.record(record), taken) {
            self.unreadable(record, &error);
        }
    }

    fn snapshot(&mut self, record: &Record<'_>) {
        let Some(stated) = &mut self.stated else { return };
        let taken = stated.record(record).map_err(|error| error.to_string());
        let book = stated.price_book().map_or(Ok(()), |book| self.books.add(book).map(drop));
        if let Err(why) = taken.and(book.map_err(|error| format!("its price book: {error}"))) {
            self.unreadable(record, &why);
            self.stated = None;
        }
    }

    fn config(&mut self, record: &Record<'_>) -> Result<(), Told> {
        let Priced { prices_sha256, price_book } = self.read(record)?;
        let Some(book) = price_book else { return Ok(()) };
        let digest = self.books.add(&book);
        let digest = digest.map_err(|error| self.unreadable(record, &error)).map_err(|()| Told)?;
        if prices_sha256.as_deref() != Some(&digest) {
            let what = format!("its price_book has the SHA-256 {digest}, and it states another");
            self.found.add(Verdict::Cost, self.place(record), what);
        }
        Ok(())
    }

    /// An intent or outcome; `None` when it names no tenant: a ledger that no gateway wrote has
    /// nothing that could be summed.
    fn read_named<'a, T: Deserialize<'a>>(
        &mut self,
        record: &Record<'a>,
    ) -> Option<Result<T, Told>> {
        let read = read(record);
        if read.is_err() && !names_a_tenant(record.metadata()) {
            if self.names.nameless == 0 {
                self.names.first_nameless = record.sequence();
            }
            self.names.nameless += 1;
            return None;
        }
        self.names.named += 1;
        Some(read.map_err(|error| self.unreadable(record, &error)).map_err(|()| Told))
    }

    /// Notes what a record that the fold is about to take says of an intent in an earlier segment.
    fn cross(&mut self, record: &Record<'_>) {
        let Some(id) = record.request_id().filter(|id| self.fold.holder(id).is_none()) else {
            return;
        };
        let waits = |stated: &Fold| stated.holder(&id).is_some();
        match record.kind() {
            Kind::Outcome => self.crossing.push(Crossing::Answered(id)),
            Kind::Intent if self.stated.as_ref().is_some_and(waits) => {
                self.crossing.push(Crossing::Replaced(id));
            }
            _ => {}
        }
    }

    fn intent(&mut self, record: &Record<'_>, read: reading::Intent) {
        let Some(id) = record.request_id() else { return };
        self.owned(record, &read.tenant, read.request.as_deref());
        self.quoting.intent(record.run_id(), record.sequence(), !read.quotes.is_empty());
        self.judge().intent(&read, record.sequence());
        self.charged_once(record, &read.charged);
        let reading::Intent { tenant, key, candidates, quotes, charged, .. } = read;
        let asked = Some(Asked { key, candidates, quotes });
        self.intents.insert(id, Intent { tenant, charged, asked });
    }

    fn outcome(&mut self, record: &Record<'_>, read: reading::Outcome) {
        self.owned(record, &read.tenant, read.request.as_deref());
        let sequence = record.sequence();
        let intent = record.request_id().map(|id| (id, self.intents.remove(&id)));
        match intent {
            Some((id, None)) => self.outcomes.push((id, sequence, read)),
            Some((_, intent)) => self.judge().outcome(&read, sequence, intent.as_ref()),
            None => self.judge().outcome(&read, sequence, None),
        }
    }

    /// A budget that is named twice would be charged twice.
    fn charged_once(&mut self, record: &Record<'_>, charged: &[Charged<'_>]) {
        let distinct: HashSet<_> = charged.iter().collect();
        if distinct.len() < charged.len() {
            let what = "it is charged to one budget twice".to_owned();
            self.found.add(Verdict::Owner, self.place(record), what);
        }
    }

    fn named(&mut self, record: &Record<'_>) -> Result<(), Told> {
        let read: Named<'_> = self.read(record)?;
        if let Some(tenant) = &read.tenant {
            self.owned(record, tenant, read.request.as_deref());
        }
        if record.kind() == Kind::Shred {
            let tag = record.tenant_tag();
            if tag.map(|tag| tag.to_string()).as_deref() != read.tenant_tag.as_deref() {
                let what = "the shred's tenant_tag is not its header's".to_owned();
                self.found.add(Verdict::Owner, self.place(record), what);
            }
            tag.into_iter().for_each(|tag| self.sightings.shredded(tag));
        }
        Ok(())
    }

    /// A record of this tenant, which names this request.
    fn owned(&mut self, record: &Record<'_>, tenant: &TenantName, request: Option<&str>) {
        let place = self.place(record);
        match record.tenant_tag() {
            Some(tag) => self.sightings.pair(tenant, tag, record.sequence()),
            // Nothing of a refusal is sealed for the tenant.
            None if record.kind() == Kind::Refusal => {}
            None => {
                let what = format!("it names {tenant} and has no tenant_tag");
                self.found.add(Verdict::Owner, place, what);
            }
        }
        let (Some(request), Some(id)) = (request, record.request_id()) else { return };
        if digits(request) != id.to_string() {
            let what = format!("it names request {request}, and its request_id is {id}");
            self.found.add(Verdict::Owner, place, what);
        }
    }

    fn judge(&mut self) -> Judge<'_> {
        let Self { segment, books, tally, found, .. } = self;
        Judge { segment: *segment, books, tally, found }
    }

    fn read<'a, T: Deserialize<'a>>(&mut self, record: &Record<'a>) -> Result<T, Told> {
        read(record).map_err(|error| {
            self.unreadable(record, &error);
            Told
        })
    }

    fn unreadable(&mut self, record: &Record<'_>, why: &dyn Display) {
        let what = format!("its metadata are not in the form of the document: {why}");
        self.found.add(Verdict::Unreadable, self.place(record), what);
    }

    fn place(&self, record: &Record<'_>) -> (Segment, u64) {
        (self.segment, record.sequence())
    }
}

/// An id as headers have it: ids in metadata may have hyphens.
fn digits(request: &str) -> Cow<'_, str> {
    match request.contains('-') {
        true => request.replace('-', "").into(),
        false => request.into(),
    }
}
