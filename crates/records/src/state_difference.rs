//! Where a snapshot's state differs from what the records before it say. Whoever holds the signing
//! key can sign any snapshot, and a gateway that folds wrongly signs its mistake; both would be
//! believed for ever if nobody compared.

use std::collections::BTreeMap;
use std::fmt;

/// What a state says, value by subject.
pub(crate) type Facts = BTreeMap<String, String>;

/// The first thing, by name, that the two say differently.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{subject}: {} by the records, {} by the snapshot", Value(recorded), Value(stated))]
pub struct StateDifference {
    /// What it is about, such as a tenant's spend or a request's hold.
    pub subject: String,
    /// By the records; `None` when they know nothing of it.
    pub recorded: Option<String>,
    /// By the snapshot.
    pub stated: Option<String>,
}

struct Value<'a>(&'a Option<String>);

impl fmt::Display for Value<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0.as_deref().unwrap_or("nothing"))
    }
}

impl StateDifference {
    /// What records that say `ours` and a snapshot that states `theirs` differ in, if anything.
    pub(crate) fn between(mut ours: Facts, mut theirs: Facts) -> Option<StateDifference> {
        ours.retain(|subject, value| match theirs.get(subject) {
            Some(other) if other == value => theirs.remove(subject).is_none(),
            _ => true,
        });
        let subject = ours.keys().chain(theirs.keys()).min()?.clone();
        let (recorded, stated) = (ours.remove(&subject), theirs.remove(&subject));
        Some(StateDifference { subject, recorded, stated })
    }
}

#[cfg(test)]
mod tests {
    use crate::fold::Fold;
    use inferlayer_ledger::SnapshotItems;
    use serde_json::value::RawValue;

    fn fold(items: &[String]) -> Fold {
        let items: Vec<Box<RawValue>> =
            items.iter().map(|json| RawValue::from_string(json.clone()).unwrap()).collect();
        let state = items.iter().map(|item| &**item).collect();
        Fold::default().collect(&SnapshotItems { part: 0, parts: 1, state }).unwrap().unwrap()
    }

    fn items() -> [String; 5] {
        [
            r#"{"key_event":{"event":"key_revoked","id":"0123456789ab","revoked_at":7}}"#
                .to_owned(),
            r#"{"spent":{"tenant":"a","nano_usd":"12"}}"#.to_owned(),
            format!(
                concat!(
                    r#"{{"hold":{{"request":"{}","tenant":"b","nano_usd":"5","cut":false,"#,
                    r#""charged":[{{"budget":"tenant/b","period":"total"}}]}}}}"#
                ),
                "07".repeat(16)
            ),
            format!(r#"{{"shredded":{{"tenant":"a","tenant_tag":"{}"}}}}"#, "09".repeat(16)),
            r#"{"price_book":{"text":"[]"}}"#.to_owned(),
        ]
    }

    #[test]
    fn every_kind_of_item_is_compared_in_both_directions() {
        let all = fold(&items());
        assert_eq!(all.difference(&all), None);
        for left_out in 0..5 {
            let mut fewer = items().to_vec();
            fewer.remove(left_out);
            let fewer = fold(&fewer);
            let lost = all.difference(&fewer).unwrap();
            assert!(lost.recorded.is_some() && lost.stated.is_none(), "{lost}");
            let made_up = fewer.difference(&all).unwrap();
            assert_eq!((made_up.recorded, made_up.stated), (None, lost.recorded));
        }
    }

    #[test]
    fn every_value_is_compared() {
        let all = fold(&items());
        for (value, other, subject) in [
            ("\"12\"", "\"0\"", "spent by a"),
            ("\"5\"", "\"6\"", "hold of request 0707"),
            ("\"b\"", "\"c\"", "hold of request 0707"),
            ("false", "true", "hold of request 0707"),
            ("tenant/b", "tenant/c", "hold of request 0707"),
            ("total", "2026-11", "hold of request 0707"),
            (":7}", ":8}", "key event 0"),
            ("0123456789ab", "0123456789ac", "key event 0"),
            ("0909", "0908", "destroyed key 09"),
            ("[]", "[1]", "price book"),
        ] {
            let edited = items().map(|item| item.replacen(value, other, 1));
            let found = all.difference(&fold(&edited)).unwrap();
            assert!(found.subject.starts_with(subject), "{value}: {found}");
        }
    }

    #[test]
    fn a_tenant_that_spent_nothing_need_not_be_named() {
        let nothing = fold(&[r#"{"spent":{"tenant":"a","nano_usd":"0"}}"#.to_owned()]);
        assert_eq!(nothing.difference(&Fold::default()), None);
        let spent =
            fold(&[r#"{"spent":{"tenant":"a","nano_usd":"36893488147419103230"}}"#.to_owned()]);
        let found = spent.difference(&nothing).unwrap().to_string();
        let says =
            "spent by a: 36893488147419103230 nano-USD by the records, nothing by the snapshot";
        assert_eq!(found, says);
    }
}
