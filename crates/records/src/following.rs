//! A fold of later records on their own, joined to the fold of those before them: how segments are
//! folded at the same time and still come to what they come to one after the other.

use inferlayer_ledger::RequestId;

use crate::fold::{Fold, add_to};
use crate::name::TenantName;
use crate::record::Charged;

/// What later records say of an intent that is not among them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Crossing {
    /// Its outcome.
    Answered(RequestId),
    /// A further intent with its id.
    Replaced(RequestId),
}

impl Fold {
    /// The tenant of the intent that waits for its outcome under this id.
    pub fn holder(&self, request: &RequestId) -> Option<&TenantName> {
        self.open.get(request).map(|open| &open.tenant)
    }

    /// The budgets that this intent counts against, as far as its record says.
    pub fn charged(&self, request: &RequestId) -> &[Charged<'static>] {
        self.open.get(request).map(|open| &*open.charged).unwrap_or_default()
    }

    /// Takes what the records that follow say on their own: `crossing` of intents before them, in
    /// order; `run_ended` when an open or close record is among them.
    pub fn append(
        &mut self,
        later: Fold,
        crossing: &[Crossing],
        run_ended: bool,
    ) -> serde_json::Result<()> {
        for crossing in crossing {
            match crossing {
                Crossing::Answered(request) => drop(self.open.remove(request)),
                Crossing::Replaced(request) => {
                    if let Some(open) = self.open.remove(request) {
                        add_to(&mut self.spent, open.tenant, open.hold.into())?;
                    }
                }
            }
        }
        if run_ended {
            self.open.values_mut().for_each(|open| open.cut = true);
        }
        self.open.extend(later.open);
        self.events.extend(later.events);
        self.skipped += later.skipped;
        self.price_book = later.price_book.or(self.price_book.take());
        for (tenant, tags) in later.shredded {
            self.shredded.entry(tenant).or_default().extend(tags);
        }
        later.spent.into_iter().try_for_each(|(tenant, sum)| add_to(&mut self.spent, tenant, sum))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use inferlayer_ledger::Kind;

    const INTENT: &str = r#"{"tenant":"a","hold_nano_usd":"100"}"#;
    const OUTCOME: &str = r#"{"tenant":"b","cost_nano_usd":"7"}"#;
    const REVOKED: &str = r#"{"event":"key_revoked","id":"0123456789ab","revoked_at":7}"#;
    const CONFIG: &str = r#"{"price_book":"[1]"}"#;
    const SHRED: &str = concat!(
        r#"{"event":"shred","tenant":"a","reason":"r","#,
        r#""tenant_tag":"0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a0a"}"#,
    );

    fn fold(records: &[(Kind, u8, &str)]) -> Fold {
        let mut fold = Fold::default();
        for (kind, request, json) in records {
            fold.take(*kind, RequestId::new([*request; 16]), json.as_bytes()).unwrap();
        }
        fold
    }

    /// As a verifier of one segment sees it, who does not know what waits.
    fn crossing(records: &[(Kind, u8, &str)]) -> (Vec<Crossing>, bool) {
        let (mut known, mut found, mut ended) = (Vec::new(), Vec::new(), false);
        for (kind, request, _) in records {
            let id = RequestId::new([*request; 16]);
            match (kind, id) {
                (Kind::Intent, Some(id)) if !known.contains(&id) => {
                    found.push(Crossing::Replaced(id));
                    known.push(id);
                }
                (Kind::Outcome, Some(id)) => match known.iter().position(|known| *known == id) {
                    Some(at) => drop(known.remove(at)),
                    None => found.push(Crossing::Answered(id)),
                },
                (Kind::Open | Kind::Close, _) => ended = true,
                _ => {}
            }
        }
        (found, ended)
    }

    #[test]
    fn folds_side_by_side_come_to_the_fold_of_all_wherever_they_are_parted() {
        let records = [
            (Kind::Intent, 1, INTENT),
            (Kind::Intent, 2, INTENT),
            (Kind::KeyEvent, 0, REVOKED),
            (Kind::Config, 0, CONFIG),
            (Kind::Outcome, 1, OUTCOME),
            (Kind::Intent, 2, INTENT),
            (Kind::Shred, 0, SHRED),
            (Kind::Outcome, 9, OUTCOME),
            (Kind::Intent, 3, INTENT),
            (Kind::Close, 0, "{}"),
            (Kind::Open, 0, "{}"),
            (Kind::Config, 0, "{}"),
            (Kind::Outcome, 3, OUTCOME),
            (Kind::KeyEvent, 0, REVOKED),
            (Kind::Intent, 3, INTENT),
            (Kind::Outcome, 2, OUTCOME),
        ];
        let whole = fold(&records);
        for first in 0..records.len() {
            for second in first..records.len() {
                let mut joined = fold(&records[..first]);
                for later in [&records[first..second], &records[second..]] {
                    let (crossing, run_ended) = crossing(later);
                    joined.append(fold(later), &crossing, run_ended).unwrap();
                }
                let difference = whole.difference(&joined);
                assert_eq!(difference, None, "parted at {first} and {second}");
            }
        }
    }
}
