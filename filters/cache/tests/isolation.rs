//! No answer crosses: not to another tenant, not to another question, not under load.
#![allow(clippy::unwrap_used, clippy::panic)]

mod common;

use std::collections::HashMap;

use common::*;
use inferlayer_cache::CacheStatus;

/// A request whose every place can be changed.
#[derive(Clone, PartialEq, Eq, Hash)]
struct Places(Vec<String>);

const PLACES: usize = 10;

impl Places {
    fn base() -> Places {
        Places((0..PLACES).map(|place| format!("v{place}")).collect())
    }

    fn body(&self) -> String {
        let at = |place: usize| &self.0[place];
        format!(
            r#"{{"model":"{}","user":"{}","stop":"{}","metadata":{{"{}":"{}"}},"unheard_of":"{}",
            "messages":[{{"role":"system","content":"{}"}},{{"role":"assistant","content":"{}"}},
            {{"role":"user","name":"{}","content":"{}"}}]}}"#,
            at(0),
            at(1),
            at(2),
            at(3),
            at(4),
            at(5),
            at(6),
            at(7),
            at(8),
            at(9),
        )
    }
}

/// Xorshift64*: the same in every run.
struct Chance(u64);

impl Chance {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % end
    }
}

#[tokio::test]
async fn two_tenants_with_one_question_have_two_answers() {
    let (gateway, _data) = Gateway::new("{}");
    for tenant in 0..TENANTS {
        let mut x = gateway.request(tenant, &question("q"));
        let own = completion(&format!("of {tenant}"));
        assert_eq!(gateway.serve(&mut x, &Provided::whole(&own)).await, own, "nobody else's");
    }
    for tenant in 0..TENANTS {
        let mut x = gateway.request(tenant, &question("q"));
        let given = gateway.serve(&mut x, &Provided::whole("")).await;
        assert!(given.contains(&format!("of {tenant}")), "{given}");
    }
}

#[tokio::test]
async fn a_shredded_answer_is_given_to_nobody() {
    let (gateway, _data) = Gateway::new("{}");
    let mut x = gateway.request(0, &question("q"));
    gateway.serve(&mut x, &Provided::whole(&completion("before"))).await;
    let mut under_way = gateway.request(0, &question("q"));
    let mut other = gateway.request(1, &question("q"));
    gateway.serve(&mut other, &Provided::whole(&completion("of b"))).await;
    gateway.shred(0);
    // Its seal still opens the answer: that it may not be given is another matter.
    assert!(gateway.ask(&mut under_way).await.unwrap().is_none());
    let mut x = gateway.request(0, &question("q"));
    let after = completion("after");
    assert_eq!(gateway.serve(&mut x, &Provided::whole(&after)).await, after);
    for (tenant, says) in [(0, "after"), (1, "of b")] {
        let mut x = gateway.request(tenant, &question("q"));
        let given = gateway.ask(&mut x).await.unwrap().unwrap();
        assert!(text(&given).contains(says), "{}", text(&given));
    }
}

#[tokio::test]
async fn content_that_the_ledger_does_not_keep_is_not_cached() {
    let (gateway, _data) = Gateway::new("{}");
    for _ in 0..2 {
        let mut x = gateway.request(WITHHELD, &question("q"));
        let own = completion("mine");
        assert_eq!(gateway.serve(&mut x, &Provided::whole(&own)).await, own);
        assert_eq!(status(&x), CacheStatus::Bypass("content"));
        assert!(x.admission.peek().is_none());
        assert_eq!(gateway.headers(&mut x)["x-inferlayer-cache"], "bypass;content");
    }
}

#[tokio::test]
async fn any_place_changed_is_another_question() {
    let (gateway, _data) = Gateway::new("{}");
    let mut chance = Chance(3);
    let base = Places::base();
    let mut x = gateway.request(0, &base.body());
    gateway.serve(&mut x, &Provided::whole(&completion("of the base"))).await;
    for _ in 0..1500 {
        let mut changed = base.clone();
        let place = chance.below(PLACES);
        let value = &mut changed.0[place];
        match chance.below(4) {
            0 => value.push_str(["x", " x", "?", "0"][chance.below(4)]),
            1 => value.insert(chance.below(value.len()), 'x'),
            2 => drop(value.pop()),
            _ => *value = format!("w{}", chance.below(1000)),
        }
        let mut x = gateway.request(0, &changed.body());
        let found = gateway.ask(&mut x).await.unwrap();
        assert!(found.is_none(), "{}", changed.body());
    }
    let mut x = gateway.request(0, &base.body());
    assert!(gateway.ask(&mut x).await.unwrap().is_some());
}

/// Few values in many places by three tenants, two thousand times: every answer that is given says
/// whose question it was made for.
#[tokio::test]
async fn no_answer_ever_crosses() {
    let (gateway, _data) = Gateway::new("{}");
    let mut chance = Chance(5);
    let mut known: HashMap<(usize, Places), String> = HashMap::new();
    let mut hits = 0;
    for number in 0..2000 {
        let tenant = chance.below(TENANTS);
        let mut places = Places::base();
        for _ in 0..2 {
            places.0[chance.below(PLACES)] = ["", "v0", "v9"][chance.below(3)].to_owned() + "v";
        }
        let mut x = gateway.request(tenant, &places.body());
        let own = completion(&format!("answer {number}"));
        let given = gateway.serve(&mut x, &Provided::whole(&own)).await;
        if given == own {
            assert!(known.insert((tenant, places), format!("answer {number}\"")).is_none());
        } else {
            hits += 1;
            assert!(given.contains(&known[&(tenant, places)]), "{given}");
        }
    }
    assert!(hits > 1000, "{hits} hits");
}
