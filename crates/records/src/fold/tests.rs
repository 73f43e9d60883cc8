//! What records come to, in order, and what is no state.

use super::*;

fn fold(records: &[(Kind, u8, &str)]) -> Fold {
    let mut fold = Fold::default();
    for (kind, request, json) in records {
        fold.take(*kind, RequestId::new([*request; 16]), json.as_bytes()).unwrap();
    }
    fold
}

#[test]
fn outcomes_cost_what_they_say_and_unfinished_intents_their_hold() {
    let intent = r#"{"tenant":"a","hold_nano_usd":"100"}"#;
    let outcome = r#"{"tenant":"a","cost_nano_usd":"7"}"#;
    let fold =
        fold(&[(Kind::Intent, 1, intent), (Kind::Intent, 2, intent), (Kind::Outcome, 1, outcome)]);
    assert_eq!(fold.unfinished(), (1, NanoUsd::from_nano(100).into()));
    let (_, spent) = fold.finish();
    assert_eq!(spent.values().map(|sum| sum.nano()).collect::<Vec<_>>(), [107]);
}

#[test]
fn an_intent_is_held_while_its_run_lasts_and_spent_when_it_is_over() {
    let intent = (Kind::Intent, 1, r#"{"tenant":"a","hold_nano_usd":"100"}"#);
    let outcome = (Kind::Outcome, 1, r#"{"tenant":"a","cost_nano_usd":"7"}"#);
    let balance = |records: &[_]| {
        let Sums { spent, held } = fold(records).sums().into_values().next().unwrap();
        (spent.nano(), held.nano())
    };
    assert_eq!(balance(&[intent]), (0, 100));
    for over in [(Kind::Open, 0, "{}"), (Kind::Close, 0, "{}")] {
        assert_eq!(balance(&[intent, over]), (100, 0));
        assert_eq!(balance(&[intent, over, outcome]), (7, 0), "it may come in a later run");
    }
    assert_eq!(balance(&[intent, outcome]), (7, 0));
}

#[test]
fn the_tags_of_destroyed_keys_are_kept() {
    let shred = |tag: &str| {
        format!(r#"{{"event":"shred","tenant":"a","tenant_tag":"{tag}","reason":"r"}}"#)
    };
    let mut fold = fold(&[(Kind::Shred, 0, &shred(&"0a".repeat(16)))]);
    let tags: Vec<_> = fold.shredded().map(|(name, tags)| (name.as_str(), tags)).collect();
    assert_eq!(tags, [("a", [TenantTag([10; 16])].as_slice())]);
    assert!(fold.metadata(Kind::Shred, None, shred("0a").as_bytes()).is_err());
}

#[test]
fn a_snapshot_stands_for_records_that_are_not_there_and_never_for_those_that_are() {
    let part = |part: u32, item: &str| {
        format!(r#"{{"event":"snapshot","part":{part},"parts":2,"state":[{item}]}}"#)
    };
    let spent = |sum: &str| format!(r#"{{"spent":{{"tenant":"a","nano_usd":"{sum}"}}}}"#);
    let outcome = (Kind::Outcome, 1, r#"{"tenant":"a","cost_nano_usd":"7"}"#);
    let (seven, none) = ([part(0, ""), part(1, &spent("7"))], [part(0, &spent("0")), part(1, "")]);
    let folded = |records: &[(Kind, u8, &str)]| {
        let mut fold = Fold::default();
        let mut taken = records.iter().map(|(kind, request, json)| {
            fold.take(*kind, RequestId::new([*request; 16]), json.as_bytes())
        });
        taken.by_ref().collect::<Result<(), _>>().map(|()| fold)
    };
    let snapshot = |parts: &'static str| (Kind::Snapshot, 0, parts);
    let [first, last] = seven.map(|json| snapshot(json.leak()));
    let spent = |fold: Fold| fold.finish().1.into_values().next().unwrap().nano();
    assert_eq!(spent(folded(&[first, last, outcome]).unwrap()), 14, "nothing else is known");
    assert_eq!(spent(folded(&[outcome, first, last, outcome]).unwrap()), 14);
    let [first, last] = none.map(|json| snapshot(json.leak()));
    let forged = folded(&[outcome, first, last]).err().unwrap();
    assert!(matches!(forged, NotFolded::State(_)), "{forged}");
    assert!(folded(&[last]).is_err(), "its first part is missing");
}

#[test]
fn two_of_the_largest_amounts_are_summed_and_not_cut() {
    let dear = r#"{"tenant":"a","cost_nano_usd":"18446744073709551615"}"#;
    let fold = fold(&[(Kind::Outcome, 1, dear), (Kind::Outcome, 2, dear)]);
    let sums = fold.sums().into_values().next().unwrap();
    assert_eq!(sums.spent.nano(), 2 * u128::from(u64::MAX));
    assert!(fold.items().iter().any(|item| item.get().contains("36893488147419103230")));
}

#[test]
fn a_key_event_that_is_not_known_is_passed_over_and_a_known_one_never() {
    let mut fold = Fold::default();
    fold.skip(br#"{"event":"key_renamed","id":"0123456789ab","label":"x"}"#).unwrap();
    assert_eq!((fold.skipped(), fold.events.len()), (1, 0));
    for hidden in ["key_created", "key_revoked"] {
        let json = format!(r#"{{"event":"{hidden}","id":"0123456789ab","revoked_at":7}}"#);
        assert!(fold.skip(json.as_bytes()).is_err(), "{hidden}");
        assert!(fold.skip(format!(r#"{{"event":"\u006b{}"}}"#, &hidden[1..]).as_bytes()).is_err());
    }
    for none in ["{}", r#"{"event":7}"#] {
        assert!(fold.skip(none.as_bytes()).is_err(), "{none}");
    }
    let unknown = br#"{"event":"key_limited","id":"0123456789ab"}"#;
    assert!(fold.metadata(Kind::KeyEvent, None, unknown).is_err(), "it may change something");
}

#[test]
fn the_names_of_key_events_are_those_that_are_written() {
    let revoked = r#"{"event":"key_revoked","id":"0123456789ab","revoked_at":7}"#;
    let created = concat!(
        r#"{"event":"key_created","id":"0123456789ab","tenant":"a","label":"","#,
        r#""hash":{"salt":"","hmac_sha256":""},"created_at":7}"#,
    );
    for (name, json) in KeyEvent::NAMES.into_iter().zip([created, revoked]) {
        let event: KeyEvent = serde_json::from_str(json).unwrap();
        assert_eq!(serde_json::to_value(&event).unwrap()["event"], name);
    }
}

#[test]
fn the_newest_price_book_is_kept() {
    let config =
        |book: &str| format!(r#"{{"source":"s","config_sha256":"","prices_sha256":""{book}}}"#);
    let records = [r#","price_book":"[1]""#, r#","price_book":"[\"2\"]""#, ""].map(config);
    let records: Vec<_> = records.iter().map(|json| (Kind::Config, 0, json.as_str())).collect();
    assert_eq!(fold(&records).price_book(), Some(r#"["2"]"#));
    assert_eq!(fold(&[(Kind::Config, 0, "{}")]).price_book(), None);
}

#[test]
fn a_record_that_cannot_be_read_is_an_error() {
    for json in ["", "{}", r#"{"tenant":"A B","hold_nano_usd":"1"}"#] {
        let mut fold = Fold::default();
        assert!(
            fold.metadata(Kind::Intent, RequestId::new([1; 16]), json.as_bytes()).is_err(),
            "{json}"
        );
    }
}
