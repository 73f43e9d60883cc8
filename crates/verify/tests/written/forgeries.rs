//! What an operator with the signing key, or a gateway that errs, can write.

use inferlayer_ledger::Kind;
use serde_json::{Value, json};

use super::Forgery;

macro_rules! edited {
    ($name:expr, $verdict:expr, $what:expr, $kind:ident $number:literal, $edit:expr) => {
        Forgery {
            name: $name,
            verdict: $verdict,
            what: $what,
            edit: |kind, number, metadata| {
                if (kind, number) == (Kind::$kind, $number) {
                    let edit: fn(&mut Value) = $edit;
                    edit(metadata);
                }
            },
            ..Forgery::none()
        }
    };
}

macro_rules! stated {
    ($name:expr, $what:expr, $state:expr) => {
        Forgery { name: $name, verdict: "state", what: $what, state: $state, ..Forgery::none() }
    };
}

pub fn forgeries() -> Vec<Forgery> {
    let all = [states(), unknown_items(), owners(), amounts(), explanations(), forms()];
    all.into_iter().flatten().collect()
}

fn states() -> Vec<Forgery> {
    vec![
        stated!("k15c: a tenant has spent nothing", "spent by a", |items| {
            items.retain(|item| !item.contains(r#""spent":{"tenant":"a""#));
        }),
        stated!("k15e: a key that no record made", "key event 0", |items| {
            let revoked = r#"{"event":"key_revoked","id":"0123456789ab","revoked_at":7}"#;
            items.push(format!(r#"{{"key_event":{revoked}}}"#));
        }),
        stated!("a hold is left out", "hold of request", |items| {
            items.retain(|item| !item.contains("hold"));
        }),
        stated!("a hold is cut in a run that lasts", "hold of request", |items| {
            items.iter_mut().for_each(|item| *item = item.replace("\"cut\":false", "\"cut\":true"));
        }),
        stated!("a hold is another tenant's", "hold of request", |items| {
            for item in items.iter_mut().filter(|item| item.contains("hold")) {
                *item = item.replace(r#""tenant":"a""#, r#""tenant":"c""#);
            }
        }),
        stated!("a hold is charged to another budget", "hold of request", |items| {
            for item in items.iter_mut().filter(|item| item.contains("hold")) {
                *item = item.replace(r#""budget":"tenant/a""#, r#""budget":"tenant/c""#);
            }
        }),
        stated!("a key was destroyed that was not", "destroyed key", |items| {
            let tag = "0a".repeat(16);
            items.push(format!(r#"{{"shredded":{{"tenant":"a","tenant_tag":"{tag}"}}}}"#));
        }),
        stated!("another price book", "price book", |items| {
            items.iter_mut().for_each(|item| *item = item.replace("20000000", "30000000"));
        }),
    ]
}

/// Items that say to change nothing, and would, and one that does not say so.
fn unknown_items() -> Vec<Forgery> {
    let unreadable =
        |name, state| Forgery { name, verdict: "unreadable", state, ..Forgery::none() };
    vec![
        unreadable("an item that is not known", |items| items.push(r#"{"slice":{}}"#.to_owned())),
        unreadable("what is spent is to be passed over", |items| {
            for item in items.iter_mut().filter(|item| item.contains("spent")) {
                *item = item.replacen('{', r#"{"skippable":true,"#, 1);
            }
        }),
        unreadable("a hold is to be passed over", |items| {
            for item in items.iter_mut().filter(|item| item.contains("hold")) {
                *item = item.replacen('{', r#"{"skippable":true,"#, 1);
            }
        }),
    ]
}

fn owners() -> Vec<Forgery> {
    let a_tag_of_two = "tenant_tag";
    vec![
        edited!("k04: an outcome is another tenant's", "owner", "its intent of a", Outcome 6, |m| {
            m["tenant"] = "b".into();
        }),
        edited!("an intent is another tenant's", "owner", a_tag_of_two, Intent 6, |m| {
            m["tenant"] = "b".into();
        }),
        Forgery {
            name: "money is moved to another tenant",
            verdict: "owner",
            what: a_tag_of_two,
            edit: |kind, number, metadata| {
                if kind != Kind::Config && number == 6 {
                    metadata["tenant"] = "b".into();
                }
            },
            ..Forgery::none()
        },
        edited!("an outcome is of another key", "owner", "another key", Outcome 6, |m| {
            m["key"] = "ba9876543210".into();
        }),
        edited!("an outcome is charged to another budget", "owner", "other budgets", Outcome 6, |m| {
            m["charged"][0]["budget"] = "tenant/b".into();
        }),
        edited!("an outcome is charged in another period", "owner", "other budgets", Outcome 6, |m| {
            m["charged"][0]["period"] = "2026-11".into();
        }),
        edited!("an outcome is charged to nothing", "owner", "other budgets", Outcome 6, |m| {
            m["charged"] = json!([]);
        }),
        edited!("a hold is charged twice", "owner", "one budget twice", Intent 6, |m| {
            m["charged"] = json!([m["charged"][0], m["charged"][0]]);
        }),
        edited!("an outcome names another request", "owner", "names request", Outcome 6, |m| {
            m["request"] = "07".repeat(16).into();
        }),
    ]
}

fn amounts() -> Vec<Forgery> {
    vec![
        edited!("a cost that its charges do not add up to", "cost", "cost_nano_usd", Outcome 5, |m| {
            m["cost_nano_usd"] = "1".into();
        }),
        edited!("a charge that its tokens do not come to", "cost", "attempt 0", Outcome 5, |m| {
            m["charges"][0]["nano_usd"] = "1".into();
            m["cost_nano_usd"] = "1".into();
        }),
        edited!("a worst case that is not rounded from its tokens", "cost", "attempt 0", Outcome 3, |m| {
            m["charges"][0]["nano_usd"] = "1801".into();
            m["cost_nano_usd"] = "1801".into();
        }),
        edited!("a price that the book does not have", "cost", "another price", Outcome 2, |m| {
            m["charges"][0]["price"] = json!({ "input": "200000000", "output": "400000000" });
            m["charges"][0]["nano_usd"] = "3200".into();
            m["cost_nano_usd"] = "3200".into();
        }),
        edited!("a model that the book does not have", "cost", "no price in", Outcome 2, |m| {
            m["charges"][0]["model"] = "other".into();
        }),
        edited!("a book that the log does not have", "cost", "no price book", Outcome 2, |m| {
            m["prices_sha256"] = "00".repeat(32).into();
        }),
        edited!("a hold that is not the dearest quote", "cost", "hold_nano_usd", Intent 7, |m| {
            m["hold_nano_usd"] = "1799".into();
        }),
        edited!("a quote that its tokens do not come to", "cost", "p/m", Intent 7, |m| {
            m["hold_nano_usd"] = "1".into();
            m["quotes"][0]["nano_usd"] = "1".into();
        }),
        edited!("a quote for none of the candidates", "cost", "2 quotes for 1", Intent 7, |m| {
            m["quotes"].as_array_mut().unwrap().push(json!({ "nano_usd": "0" }));
        }),
        edited!("a quote at another price", "cost", "another price", Intent 7, |m| {
            m["quotes"][0]["price"]["input"] = "200000000".into();
            m["quotes"][0]["nano_usd"] = "2800".into();
            m["hold_nano_usd"] = "2800".into();
        }),
        edited!("a book of another digest", "cost", "SHA-256", Config 0, |m| {
            m["prices_sha256"] = "00".repeat(32).into();
        }),
    ]
}

fn explanations() -> Vec<Forgery> {
    vec![
        edited!("an answer that costs nothing", "cost", "is not charged", Outcome 5, |m| {
            m["charges"] = json!([]);
            m["cost_nano_usd"] = "0".into();
        }),
        edited!("a failure that may be billed and is not", "cost", "is not charged", Outcome 8, |m| {
            m["attempts"][0] = json!({ "provider": "p", "model": "m", "result": "broken" });
            m["charges"] = json!([]);
            m["cost_nano_usd"] = "0".into();
        }),
        Forgery {
            name: "one inference of an older writer among others",
            verdict: "cost",
            what: "unlike others",
            edit: |kind, number, metadata| {
                if kind != Kind::Config && number == 10 {
                    let members = metadata.as_object_mut().unwrap();
                    members.remove("quotes");
                    members.remove("charges");
                }
            },
            ..Forgery::none()
        },
        edited!("an attempt that was not made", "cost", "no attempt 1", Outcome 5, |m| {
            m["charges"][0]["attempt"] = 1.into();
        }),
        edited!("an attempt at no candidate", "cost", "no candidate", Outcome 5, |m| {
            m["attempts"][0]["model"] = "other".into();
        }),
        edited!("an attempt charged twice", "cost", "charged twice", Outcome 5, |m| {
            let again = m["charges"][0].clone();
            m["charges"].as_array_mut().unwrap().push(again);
            m["cost_nano_usd"] = "2240".into();
        }),
        edited!("fewer tokens than the provider counts", "cost", "not the provider's count", Outcome 5, |m| {
            m["gen_ai.usage.output_tokens"] = 4.into();
        }),
        edited!("a count above the quote that is not claimed", "cost", "above the quote", Outcome 1, |m| {
            m["charges"][0] = json!({ "attempt": 0, "basis": "usage", "nano_usd": "7800",
                "used": { "input": 60, "output": 9 }, "price": m["charges"][0]["price"] });
            m["cost_nano_usd"] = "7800".into();
        }),
        edited!("a claim within the quote", "cost", "within the quote", Outcome 5, |m| {
            m["charges"][0]["basis"] = "claimed".into();
            m["estimated"] = true.into();
        }),
        edited!("a claim cut too early", "cost", "can use at all", Outcome 1, |m| {
            m["charges"][0]["used"] = json!({ "input": 20, "output": 5 });
            m["charges"][0]["nano_usd"] = "3000".into();
            m["cost_nano_usd"] = "3000".into();
        }),
        edited!("a worst case that is not the quote's", "cost", "not the quote's", Outcome 3, |m| {
            m["charges"][0]["used"] = json!({ "input": 1, "output": 1 });
            m["charges"][0]["nano_usd"] = "300".into();
            m["cost_nano_usd"] = "300".into();
        }),
        edited!("a flat price that is not the quote's", "cost", "700 are due", Outcome 4, |m| {
            m["charges"][0]["nano_usd"] = "7".into();
            m["cost_nano_usd"] = "7".into();
        }),
        edited!("an estimate that is not called one", "cost", "`estimated` is false", Outcome 2, |m| {
            m["estimated"] = false.into();
        }),
    ]
}

fn forms() -> Vec<Forgery> {
    let unreadable = |name, rewrite: fn(Kind, u64, String) -> String| Forgery {
        name,
        verdict: "unreadable",
        what: "not in the form",
        rewrite,
        ..Forgery::none()
    };
    vec![
        unreadable("a cost with a sign", |kind, number, json| match (kind, number) {
            (Kind::Outcome, 5) => json.replace(r#""cost_nano_usd":""#, r#""cost_nano_usd":"+"#),
            _ => json,
        }),
        unreadable("a cost that is a number", |kind, number, json| match (kind, number) {
            (Kind::Outcome, 5) => {
                json.replace(r#""cost_nano_usd":"1120""#, r#""cost_nano_usd":1120"#)
            }
            _ => json,
        }),
        unreadable("a hold that is missing", |kind, number, json| match (kind, number) {
            (Kind::Intent, 5) => json.replace("hold_nano_usd", "held_nano_usd"),
            _ => json,
        }),
        Forgery {
            what: "name no tenant",
            ..unreadable("an outcome of nobody", |kind, number, json| match (kind, number) {
                (Kind::Outcome, 5) => json.replace("tenant", "owner"),
                _ => json,
            })
        },
        unreadable("a basis that does not exist", |kind, number, json| match (kind, number) {
            (Kind::Outcome, 5) => json.replace("\"usage\"", "\"guess\""),
            _ => json,
        }),
    ]
}
