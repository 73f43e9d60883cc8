//! What a snapshot holds of keys, balances and holds: as much as lets a start go without the
//! records before it, item by item, in JSON (`crates/ledger/FORMAT.md` §12).

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use inferlayer_ledger::{
    FoldError, MAX_ITEM_BYTES, Record, RequestId, SnapshotItems, State, TenantTag,
};
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use crate::fold::{Fold, Open, wrong};
use crate::hex::unhex;
use crate::money::{NanoUsd, Total};
use crate::name::TenantName;
use crate::record::{Charged, KeyEvent};

/// One thing that the records so far have said.
#[derive(Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Item<'a> {
    /// A key event as it was recorded, in their order.
    KeyEvent(Cow<'a, KeyEvent>),
    /// What a tenant's outcomes and lost intents have cost.
    Spent { tenant: Cow<'a, TenantName>, nano_usd: Total },
    /// An intent without an outcome so far; `cut` when its run is over.
    Hold {
        request: String,
        tenant: Cow<'a, TenantName>,
        nano_usd: NanoUsd,
        cut: bool,
        #[serde(skip_serializing_if = "<[_]>::is_empty", default)]
        charged: Cow<'a, [Charged<'static>]>,
    },
    /// A tenant's key that was destroyed, by its tag.
    Shredded { tenant: Cow<'a, TenantName>, tenant_tag: String },
    /// A piece of the newest price book's canonical form, in their order.
    PriceBook { text: Cow<'a, str> },
}

/// The names of all items that are known.
const ITEM_NAMES: [&str; 5] = ["key_event", "spent", "hold", "shredded", "price_book"];
/// The member of an item that lets a reader who does not know it pass over it.
const SKIPPABLE: &str = "skippable";

/// Characters of a price book in one item: however they are escaped, they fit.
const PIECE_CHARS: usize = MAX_ITEM_BYTES / 8;

/// The fold that the ledger writes into its snapshots and the gateway starts from.
#[derive(Clone, Default)]
pub struct SharedFold(Arc<Mutex<Fold>>);

impl SharedFold {
    /// What the records have said so far.
    pub fn now(&self) -> Fold {
        self.lock().clone()
    }

    fn lock(&self) -> MutexGuard<'_, Fold> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl State for SharedFold {
    fn record(&mut self, record: &Record<'_>) -> Result<(), FoldError> {
        self.lock().record(record).map_err(|error| FoldError(error.into()))
    }

    fn items(&self) -> Vec<Box<RawValue>> {
        self.lock().items()
    }
}

impl Fold {
    /// Everything it knows.
    pub fn items(&self) -> Vec<Box<RawValue>> {
        let events = self.events.iter().map(|event| Item::KeyEvent(Cow::Borrowed(event)));
        let spent = self.spent.iter().map(|(tenant, nano_usd)| Item::Spent {
            tenant: Cow::Borrowed(tenant),
            nano_usd: *nano_usd,
        });
        let holds = self.open.iter().map(|(request, open)| Item::Hold {
            request: request.to_string(),
            tenant: Cow::Borrowed(&open.tenant),
            nano_usd: open.hold,
            cut: open.cut,
            charged: Cow::Borrowed(&open.charged),
        });
        let shredded = self.shredded.iter().flat_map(|(tenant, tags)| {
            tags.iter().map(|tag| Item::Shredded {
                tenant: Cow::Borrowed(tenant),
                tenant_tag: tag.to_string(),
            })
        });
        let book = pieces(self.price_book.as_deref().unwrap_or_default());
        let book = book.map(|text| Item::PriceBook { text: Cow::Borrowed(text) });
        let items = events.chain(spent).chain(holds).chain(shredded).chain(book);
        // Strings, numbers and maps with string keys always have a JSON form.
        items.filter_map(|item| to_raw_value(&item).ok()).collect()
    }

    /// Takes one part of a snapshot; what all of them state, with the last.
    pub(crate) fn collect(
        &mut self,
        snapshot: &SnapshotItems<'_>,
    ) -> serde_json::Result<Option<Fold>> {
        let mut stated = match snapshot.part {
            0 => Box::default(),
            _ => self.stated.take().ok_or_else(|| wrong("the snapshot lacks its first part"))?,
        };
        snapshot.state.iter().try_for_each(|item| stated.restore_item(item))?;
        if snapshot.part.checked_add(1) == Some(snapshot.parts) {
            return Ok(Some(*stated));
        }
        self.stated = Some(stated);
        Ok(None)
    }

    fn restore_item(&mut self, item: &RawValue) -> serde_json::Result<()> {
        match serde_json::from_str(item.get()) {
            Ok(known) => self.restore_known(known),
            Err(_) if is_skippable(item) => {
                self.skipped += 1;
                Ok(())
            }
            Err(error) => Err(error),
        }
    }

    fn restore_known(&mut self, item: Item<'_>) -> serde_json::Result<()> {
        match item {
            Item::KeyEvent(event) => self.events.push(event.into_owned()),
            Item::Spent { tenant, nano_usd } => {
                let twice = self.spent.insert(tenant.into_owned(), nano_usd).is_some();
                return once(twice, "two sums of one tenant");
            }
            Item::Hold { request, tenant, nano_usd: hold, cut, charged } => {
                let request = unhex(&request).and_then(RequestId::new);
                let request = request.ok_or_else(|| wrong("the request is no id"))?;
                let (tenant, charged) = (tenant.into_owned(), charged.into_owned());
                let open = Open { tenant, hold, cut, charged };
                let twice = self.open.insert(request, open).is_some();
                return once(twice, "two holds of one request");
            }
            Item::Shredded { tenant, tenant_tag } => {
                let tag = unhex(&tenant_tag).ok_or_else(|| wrong("the tag is not one"))?;
                self.shredded.entry(tenant.into_owned()).or_default().push(TenantTag(tag));
            }
            Item::PriceBook { text } => {
                let begun = self.price_book.take().unwrap_or_default();
                self.price_book = Some(format!("{begun}{text}").into());
            }
        }
        Ok(())
    }
}

/// Whether an item says to change nothing for those who do not know it. What is known does change
/// something, whatever it says.
fn is_skippable(item: &RawValue) -> bool {
    let Ok(mut members) = serde_json::from_str::<HashMap<String, &RawValue>>(item.get()) else {
        return false;
    };
    let says_so = members.remove(SKIPPABLE).is_some_and(|value| value.get() == "true");
    says_so && members.len() == 1 && !members.keys().any(|name| ITEM_NAMES.contains(&&**name))
}

fn once(twice: bool, what: &str) -> serde_json::Result<()> {
    if twice { Err(wrong(what)) } else { Ok(()) }
}

fn pieces(text: &str) -> impl Iterator<Item = &str> {
    let mut rest = text;
    std::iter::from_fn(move || {
        let end = rest.char_indices().nth(PIECE_CHARS).map_or(rest.len(), |(end, _)| end);
        let (piece, after) = rest.split_at_checked(end)?;
        rest = after;
        (!piece.is_empty()).then_some(piece)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_restored_is_what_was_known() {
        let items: Vec<Box<RawValue>> = [
            r#"{"key_event":{"event":"key_revoked","id":"0123456789ab","revoked_at":7}}"#,
            r#"{"spent":{"tenant":"a","nano_usd":"12"}}"#,
            &format!(
                r#"{{"hold":{{"request":"{}","tenant":"b","nano_usd":"5","cut":false}}}}"#,
                "07".repeat(16)
            ),
            &format!(
                concat!(
                    r#"{{"hold":{{"request":"{}","tenant":"b","nano_usd":"6","cut":true,"#,
                    r#""charged":[{{"budget":"tenant/b","period":"total"}}]}}}}"#
                ),
                "08".repeat(16)
            ),
            &format!(r#"{{"shredded":{{"tenant":"a","tenant_tag":"{}"}}}}"#, "09".repeat(16)),
            r#"{"price_book":{"text":"[{\"model\":\"é\"}]"}}"#,
        ]
        .into_iter()
        .map(|json| RawValue::from_string(json.to_owned()).unwrap())
        .collect();
        let state = items.iter().map(|item| &**item).collect();
        let snapshot = SnapshotItems { part: 0, parts: 1, state };
        let fold = Fold::default().collect(&snapshot).unwrap().unwrap();
        let texts = |items: &[Box<RawValue>]| {
            let mut texts: Vec<_> = items.iter().map(|item| item.get().to_owned()).collect();
            texts.sort();
            texts
        };
        assert_eq!(texts(&fold.items()), texts(&items));
        assert_eq!(fold.unfinished(), (2, NanoUsd::from_nano(11).into()));
    }

    #[test]
    fn a_large_price_book_is_parted_and_put_together_again() {
        let book: Arc<str> = "\u{1}é\"".repeat(PIECE_CHARS).into();
        let mut fold = Fold::default();
        fold.price_book = Some(Arc::clone(&book));
        let items = fold.items();
        assert_eq!(items.len(), 3);
        assert!(items.iter().all(|item| item.get().len() <= MAX_ITEM_BYTES));
        let state = items.iter().map(|item| &**item).collect();
        let snapshot = SnapshotItems { part: 0, parts: 1, state };
        let again = Fold::default().collect(&snapshot).unwrap().unwrap();
        assert_eq!(again.price_book(), Some(&*book));
    }

    fn collected(json: &str) -> serde_json::Result<Option<Fold>> {
        let item = RawValue::from_string(json.to_owned()).unwrap();
        Fold::default().collect(&SnapshotItems { part: 0, parts: 1, state: vec![&item] })
    }

    #[test]
    fn an_item_that_is_none_is_an_error() {
        for json in [
            "{}",
            "7",
            r#"{"hold":{}}"#,
            r#"{"spent":{"tenant":"A B","nano_usd":"1"}}"#,
            r#"{"slice":{}}"#,
        ] {
            assert!(collected(json).is_err(), "{json}");
        }
    }

    #[test]
    fn an_item_that_is_not_known_is_passed_over_when_it_says_so_and_only_then() {
        for json in [r#"{"skippable":true,"witness":{}}"#, r#"{"witness":7,"skippable":true}"#] {
            let fold = collected(json).unwrap().unwrap();
            assert_eq!((fold.skipped(), fold.items().len()), (1, 0), "{json}");
        }
        for json in [
            r#"{"witness":{},"skippable":false}"#,
            r#"{"witness":{},"skippable":"true"}"#,
            r#"{"witness":{},"slice":{},"skippable":true}"#,
            r#"{"skippable":true}"#,
            r#"{"spent":{"tenant":"a","nano_usd":"1"},"skippable":true}"#,
            r#"{"spent":{},"skippable":true}"#,
        ] {
            assert!(collected(json).is_err(), "{json}");
        }
    }

    #[test]
    fn the_names_of_items_are_those_that_are_written() {
        let error = serde_json::from_str::<Item<'_>>(r#"{"other":{}}"#).err().unwrap();
        for name in ITEM_NAMES {
            assert!(error.to_string().contains(&format!("`{name}`")), "{name}: {error}");
        }
        assert_eq!(error.to_string().matches('`').count(), 2 * (ITEM_NAMES.len() + 1));
    }
}
