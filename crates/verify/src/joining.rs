//! The parts joined in order: each snapshot's state is compared with the records before it, and an
//! outcome with its intent in an earlier segment.

use std::collections::HashMap;

use inferlayer_ledger::{RequestId, Segment};
use inferlayer_records::Fold;

use crate::books::Books;
use crate::contradiction::{Contradictions, Verdict};
use crate::judge::{Intent, Judge, Quoting};
use crate::money::Money;
use crate::owners::Owners;
use crate::part::{Names, Part};

/// What the parts so far say.
#[derive(Default)]
pub(crate) struct Joining {
    money: Money,
    begun: bool,
    fold: Fold,
    intents: HashMap<RequestId, Intent>,
    owners: Owners,
    quoting: Quoting,
    books: Books,
    names: Names,
    nameless_in: Option<Segment>,
}

impl Joining {
    /// Takes the next segment.
    pub(crate) fn join(&mut self, mut part: Part) {
        let segment = part.segment;
        self.money.skipped += part.fold.skipped();
        self.money.skipped += part.stated.as_ref().map_or(0, Fold::skipped);
        match (self.begun, part.stated.take()) {
            (false, stated) => self.begin(segment, stated.unwrap_or_default()),
            (true, Some(stated)) => self.compare(segment, &stated, &mut part.found),
            // That it cannot be read was told.
            (true, None) => {}
        }
        self.join_names(segment, part.names);
        self.books.join(std::mem::take(&mut part.books));
        self.join_requests(&mut part);
        self.settle_prices(segment, &mut part.found);
        let found = &mut part.found;
        self.owners.join(segment, part.sightings, found);
        for sequence in self.quoting.join(part.quoting) {
            let what = "it has quotes or has none, unlike others of its run".to_owned();
            found.add(Verdict::Cost, (segment, sequence), what);
        }
        self.money.amounts.add(part.tally);
        if let Err(error) = self.fold.append(part.fold, &part.crossing, part.run_ended) {
            found.add(Verdict::Unreadable, (segment, segment.0), error.to_string());
        }
        self.money.contradictions.extend(part.found);
    }

    fn begin(&mut self, segment: Segment, stated: Fold) {
        self.money.recomputed_from = segment.0;
        self.money.claimed = stated.sums();
        self.fold = stated;
        self.begun = true;
    }

    fn compare(&mut self, segment: Segment, stated: &Fold, found: &mut Contradictions) {
        self.money.snapshots += 1;
        if let Some(difference) = self.fold.difference(stated) {
            let place = (segment, segment.0);
            found.add(Verdict::State, place, difference.to_string());
        }
    }

    fn join_names(&mut self, segment: Segment, names: Names) {
        if self.nameless_in.is_none() && names.nameless > 0 {
            self.nameless_in = Some(segment);
            self.names.first_nameless = names.first_nameless;
        }
        self.names.named += names.named;
        self.names.nameless += names.nameless;
    }

    /// A log has the book of each run, but for runs that began before what is left of it.
    fn settle_prices(&mut self, segment: Segment, found: &mut Contradictions) {
        let dropped = self.money.recomputed_from > 0;
        for (sequence, stated, what) in self.books.settle() {
            match what {
                None if dropped => self.money.amounts.prices_not_shown += 1,
                what => {
                    let none = || format!("the log has no price book that {stated} is from");
                    let (place, what) = ((segment, sequence), what.unwrap_or_else(none));
                    found.add(Verdict::Cost, place, what);
                }
            }
        }
    }

    fn join_requests(&mut self, part: &mut Part) {
        let (tally, found) = (&mut self.money.amounts, &mut part.found);
        let mut judge = Judge { segment: part.segment, books: &mut self.books, tally, found };
        for (id, sequence, outcome) in part.outcomes.drain(..) {
            let intent = self.intents.remove(&id).or_else(|| claimed(&self.fold, &id));
            judge.outcome(&outcome, sequence, intent.as_ref());
        }
        self.intents.extend(part.intents.drain());
    }

    /// What it all comes to.
    pub(crate) fn finish(self) -> Money {
        let Joining { mut money, fold, names, nameless_in, .. } = self;
        money.sums = fold.sums();
        (money.unfinished, money.unfinished_total) = fold.unfinished();
        match nameless_in {
            Some(segment) if names.named > 0 => {
                let what = format!("{} intents or outcomes name no tenant", names.nameless);
                let place = (segment, names.first_nameless);
                money.contradictions.add(Verdict::Unreadable, place, what);
            }
            _ => money.nameless = names.nameless,
        }
        money
    }
}

/// An intent that only the first snapshot knows of.
fn claimed(fold: &Fold, id: &RequestId) -> Option<Intent> {
    let (tenant, charged) = (fold.holder(id)?.clone(), fold.charged(id).to_vec());
    Some(Intent { tenant, charged, asked: None })
}
