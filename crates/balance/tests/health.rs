//! What happens to a provider, told in steps, and whom it is then shut for.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use inferlayer_balance::{
    Caller, Change, Fault, Health, HealthSettings, NotAsked, Reason, Scope, Ticket,
};

const SETTINGS: HealthSettings = HealthSettings {
    failures: 5,
    open: Duration::from_secs(10),
    open_max: Duration::from_secs(60),
    cooldown: Duration::from_secs(5),
    cooldown_max: Duration::from_secs(300),
};
const CAPACITY: Fault = Fault::Capacity(None);

/// A provider, and a clock that stands until it is moved.
struct Case {
    health: Health,
    now: Instant,
}

/// `a` is a key of the tenant `a`, `a2` another of the same tenant.
fn caller(name: &str) -> Caller {
    let (tenant, key) = name.split_at(1);
    Caller { tenant: tenant.into(), key: key.parse().unwrap_or(1) }
}

impl Case {
    fn new() -> Case {
        Case::with(SETTINGS)
    }

    fn with(settings: HealthSettings) -> Case {
        Case { health: Health::new(settings), now: Instant::now() }
    }

    fn later(&mut self, seconds: u64) {
        self.now += Duration::from_secs(seconds);
    }

    fn admit(&mut self, who: &str, model: &str) -> Result<Ticket, NotAsked> {
        self.admit_with(who, model, "k")
    }

    fn admit_with(&mut self, who: &str, model: &str, key: &str) -> Result<Ticket, NotAsked> {
        self.health.admit(&Arc::from(model), &Arc::from(key), caller(who), self.now)
    }

    fn fail(&mut self, who: &str, model: &str, fault: Fault) {
        let ticket = self.admit(who, model).expect(who);
        self.health.failed(&ticket, fault, self.now);
    }

    fn answer(&mut self, who: &str, model: &str) {
        let ticket = self.admit(who, model).expect(who);
        self.health.began(&ticket, self.now);
        self.health.completed(&ticket, self.now);
    }

    /// Whether a request is let through; it is not made.
    fn is_shut(&mut self, who: &str, model: &str) -> Option<(Reason, u64)> {
        match self.admit(who, model) {
            Ok(ticket) => {
                self.health.released(&ticket);
                None
            }
            Err(NotAsked { reason, left }) => Some((reason, left.as_secs())),
        }
    }
}

#[test]
fn one_caller_s_failures_shut_the_model_for_that_caller_alone() {
    for failures in [1, 2, 3, 5] {
        let mut case = Case::with(HealthSettings { failures, ..SETTINGS });
        for _ in 0..failures {
            assert_eq!(case.is_shut("a", "m"), None);
            case.fail("a", "m", CAPACITY);
        }
        assert_eq!(case.is_shut("a", "m"), Some((Reason::CircuitOpen, 10)), "{failures}");
        for other in ["a2", "b"] {
            assert_eq!(case.is_shut(other, "m"), None, "{failures} {other}");
        }
        assert_eq!(case.is_shut("a", "another"), None, "{failures}: another model");
    }
}

#[test]
fn a_dead_model_is_shut_for_everybody_and_for_its_only_tenant() {
    for (who, shut, open) in [
        (vec!["a", "a", "a", "b", "b"], vec!["a", "b", "c", "a2"], vec![]),
        (vec!["a", "b", "c", "d", "e"], vec!["a", "z"], vec![]),
        (vec!["a", "a2", "a3", "a4", "a5"], vec!["a", "a9"], vec!["b"]),
        // One tenant counts for half, however many keys it has.
        (vec!["a", "a2", "a3", "a4", "b"], vec![], vec!["b", "c"]),
        (vec!["a", "a", "a", "a", "b"], vec![], vec!["b", "c"]),
    ] {
        let mut case = Case::new();
        who.iter().for_each(|who| case.fail(who, "m", CAPACITY));
        for name in shut {
            let shut = case.is_shut(name, "m");
            assert_eq!(shut, Some((Reason::CircuitOpen, 10)), "{who:?}: {name}");
        }
        for name in open {
            assert_eq!(case.is_shut(name, "m"), None, "{who:?}: {name}");
        }
    }
    // What one caller has met counts when others meet it too: each needs two failures, not five.
    let mut case = Case::new();
    (0..5).for_each(|_| case.fail("a", "m", CAPACITY));
    (0..2).for_each(|_| case.fail("b", "m", CAPACITY));
    assert_eq!(case.is_shut("c", "m"), Some((Reason::CircuitOpen, 10)));
}

#[test]
fn an_answer_to_somebody_says_that_the_failures_are_their_sender_s() {
    let mut case = Case::new();
    for _ in 0..4 {
        case.fail("a", "m", CAPACITY);
        case.fail("b", "m", CAPACITY);
        case.answer("c", "m");
    }
    assert_eq!(case.is_shut("c", "m"), None);
    case.fail("a", "m", CAPACITY);
    assert!(case.is_shut("a", "m").is_some(), "five in a row of its own");
    assert_eq!(case.is_shut("b", "m"), None);
}

#[test]
fn what_is_no_fault_of_connection_or_capacity_opens_nothing() {
    let mut case = Case::new();
    for _ in 0..20 {
        let ticket = case.admit("a", "m").unwrap();
        case.health.released(&ticket);
        case.answer("b", "m");
    }
    assert_eq!(case.is_shut("a", "m"), None);
}

#[test]
fn connections_are_the_provider_s_whoever_asks() {
    let mut case = Case::new();
    (0..5).for_each(|_| case.fail("a", "m", Fault::Connection));
    assert_eq!(case.is_shut("b", "another"), Some((Reason::CircuitOpen, 10)));
    case.later(10);
    let probe = case.admit("b", "another").unwrap();
    assert!(case.is_shut("a", "m").is_some(), "one at a time");
    case.health.failed(&probe, CAPACITY, case.now);
    assert_eq!(case.is_shut("a", "m"), None, "a 500 came over a connection");
}

#[test]
fn two_dead_models_shut_the_provider_unless_another_answers() {
    for answering in [false, true] {
        let mut case = Case::new();
        (0..5).for_each(|_| case.fail("a", "x", CAPACITY));
        case.later(1);
        if answering {
            case.answer("a", "z");
        }
        (0..5).for_each(|_| case.fail("a", "y", CAPACITY));
        assert_eq!(case.is_shut("a", "z").is_some(), !answering, "answering {answering}");
        assert_eq!(case.is_shut("b", "z"), None, "shown to one caller only");
    }
}

#[test]
fn one_request_at_a_time_tries_a_circuit_out_and_each_failure_doubles_its_time() {
    let mut case = Case::new();
    (0..5).for_each(|_| case.fail("a", "m", CAPACITY));
    for seconds in [10, 20, 40, 60, 60] {
        assert_eq!(case.is_shut("a", "m"), Some((Reason::CircuitOpen, seconds)));
        case.later(seconds);
        let probe = case.admit("a", "m").unwrap();
        assert!(case.is_shut("a", "m").is_some(), "no stampede");
        case.health.failed(&probe, CAPACITY, case.now);
    }
    case.later(60);
    case.answer("a", "m");
    (0..4).for_each(|_| case.fail("a", "m", CAPACITY));
    assert_eq!(case.is_shut("a", "m"), None, "a model that recovered starts anew");
}

#[test]
fn a_stream_that_breaks_after_its_first_word_does_not_recover_a_model() {
    let mut case = Case::new();
    (0..5).for_each(|_| case.fail("a", "m", CAPACITY));
    case.later(10);
    for _ in 0..5 {
        let ticket = case.admit("a", "m").unwrap();
        case.health.began(&ticket, case.now);
        case.health.failed(&ticket, CAPACITY, case.now);
    }
    assert_eq!(case.is_shut("a", "m"), Some((Reason::CircuitOpen, 20)));
}

#[test]
fn a_late_success_of_an_old_request_closes_nothing() {
    let mut case = Case::new();
    let old = case.admit("a", "m").unwrap();
    case.later(1);
    (0..5).for_each(|_| case.fail("a", "m", CAPACITY));
    case.later(1);
    case.health.began(&old, case.now);
    case.health.completed(&old, case.now);
    assert_eq!(case.is_shut("a", "m"), Some((Reason::CircuitOpen, 9)));
    // Nor does it make up for failures that came after it.
    let mut case = Case::new();
    let old = case.admit("a", "m").unwrap();
    case.later(1);
    (0..4).for_each(|_| case.fail("a", "m", CAPACITY));
    case.health.completed(&old, case.now);
    case.fail("a", "m", CAPACITY);
    assert!(case.is_shut("a", "m").is_some());
}

#[test]
fn a_slow_probe_that_is_dropped_keeps_another_s_place() {
    let mut case = Case::new();
    (0..5).for_each(|_| case.fail("a", "m", CAPACITY));
    case.later(10);
    let slow = case.admit("a", "m").unwrap();
    case.later(10);
    let second = case.admit("a", "m").unwrap();
    case.health.released(&slow);
    assert!(case.is_shut("a", "m").is_some(), "the second is still trying");
    case.health.released(&second);
    assert_eq!(case.is_shut("a", "m"), None, "nobody is");
}

#[test]
fn a_poisoned_probe_does_not_keep_others_from_trying() {
    let mut case = Case::new();
    ["a", "a", "a", "b", "b"].iter().for_each(|who| case.fail(who, "m", CAPACITY));
    case.later(10);
    for _ in 0..6 {
        // The model is well again, but who comes first has a poisoned prompt.
        case.fail("a", "m", CAPACITY);
        let (_, left) = case.is_shut("b", "m").unwrap();
        assert!(left <= 20, "not prolonged by one tenant's failures: {left}");
        case.later(left);
        if let Some((_, own)) = case.is_shut("a", "m") {
            assert!(own > 0);
            case.answer("b", "m");
            return;
        }
    }
    panic!("the same tenant was always first");
}

#[test]
fn a_model_cools_for_as_long_as_its_provider_asks() {
    for (asked, other, seconds) in [
        (Some(30), true, Some(30)),
        (Some(3600), true, Some(300)),
        (Some(0), true, None),
        (None, false, Some(5)),
    ] {
        let mut case = Case::new();
        case.fail("a", "m", Fault::Busy(asked.map(Duration::from_secs)));
        let shut = seconds.map(|seconds| (Reason::Cooling, seconds));
        assert_eq!(case.is_shut("a", "m"), shut, "{asked:?}");
        let others = shut.filter(|_| other);
        assert_eq!(case.is_shut("b", "m"), others, "{asked:?}: what it asks is for all");
        assert_eq!(case.is_shut("a", "another"), None);
        case.later(seconds.unwrap_or(0));
        assert_eq!(case.is_shut("a", "m"), None);
    }
    let mut case = Case::new();
    case.fail("a", "m", Fault::Capacity(Some(Duration::from_secs(7))));
    assert_eq!(case.is_shut("b", "m"), Some((Reason::Cooling, 7)), "503 with a time");
}

#[test]
fn a_refused_key_has_a_state_of_its_own() {
    let mut case = Case::new();
    (0..5).for_each(|_| case.fail("a", "m", Fault::Key));
    assert_eq!(case.is_shut("a", "another"), Some((Reason::KeyRefused, 10)));
    assert_eq!(case.is_shut("b", "m"), None, "one caller's 401 may be its own");
    let mut case = Case::new();
    ["a", "a", "a", "b", "b"].iter().for_each(|who| case.fail(who, "m", Fault::KeyForModel));
    assert_eq!(case.is_shut("c", "m"), Some((Reason::KeyRefused, 10)));
    assert_eq!(case.is_shut("c", "another"), None, "the key is good for others");
}

#[test]
fn a_refused_key_shuts_no_other_key_of_its_provider() {
    for (fault, another_model) in [(Fault::Key, false), (Fault::KeyForModel, true)] {
        let mut case = Case::new();
        for who in ["a", "a", "a", "b", "b"] {
            let ticket = case.admit_with(who, "m", "old").unwrap();
            case.health.failed(&ticket, fault, case.now);
        }
        let refused = case.admit_with("c", "m", "old").map(drop);
        assert_eq!(refused.unwrap_err().reason, Reason::KeyRefused, "{fault:?}");
        assert!(case.admit_with("c", "m", "new").is_ok(), "{fault:?}: the other key");
        assert_eq!(case.admit_with("c", "x", "old").is_ok(), another_model, "{fault:?}");
    }
}

#[test]
fn after_a_pause_one_request_asks_first() {
    let mut case = Case::new();
    case.fail("a", "m", Fault::Busy(Some(Duration::from_secs(2))));
    case.later(2);
    for again in [false, true] {
        let first = case.admit("a", "m").unwrap();
        assert!(case.is_shut("b", "m").is_some(), "{again}: others wait for its answer");
        case.health.released(&first);
    }
    let first = case.admit("b", "m").unwrap();
    case.health.failed(&first, Fault::Busy(Some(Duration::from_secs(2))), case.now);
    assert_eq!(case.is_shut("a", "m"), Some((Reason::Cooling, 2)), "sent away again");
    case.later(2);
    let first = case.admit("a", "m").unwrap();
    case.later(1);
    assert_eq!(case.is_shut("b", "m"), None, "a long answer keeps nobody waiting");
    case.health.take_transitions();
    case.answer("b", "m");
    assert_eq!(case.health.take_transitions().len(), 1, "answers again, told once");
    case.health.began(&first, case.now);
    assert_eq!(case.health.take_transitions().len(), 0);
    assert_eq!(case.is_shut("a", "m"), None);
}

#[test]
fn each_change_is_told_once() {
    let mut case = Case::new();
    (0..5).for_each(|_| case.fail("a", "m", CAPACITY));
    case.is_shut("a", "m");
    let told = case.health.take_transitions();
    let [only] = told.as_slice() else { panic!("{told:?}") };
    assert_eq!(only.model.as_deref(), Some("m"));
    assert_eq!(only.scope, Scope::Key(caller("a")));
    assert_eq!(only.change, Change::Shut(Reason::CircuitOpen));
    case.later(10);
    case.answer("a", "m");
    let told = case.health.take_transitions();
    assert!(matches!(told.as_slice(), [only] if only.change == Change::Closed), "{told:?}");
    for _ in 0..3 {
        case.fail("a", "m", Fault::Busy(Some(Duration::from_secs(1))));
        case.later(2);
    }
    assert_eq!(case.health.take_transitions().len(), 3);
}

#[test]
fn names_of_callers_do_not_fill_memory_nor_make_an_open_circuit_forgotten() {
    let mut case = Case::new();
    ["a", "a", "a", "b", "b"].iter().for_each(|who| case.fail(who, "dead", CAPACITY));
    (0..2000).for_each(|n| case.answer("a", &format!("made-up-{n}")));
    assert_eq!(case.health.models(case.now).count(), 256);
    assert!(case.is_shut("c", "dead").is_some());
    let dead = case.health.models(case.now).find(|(name, _)| *name == "dead").unwrap().1;
    assert!(dead.circuit_open && dead.circuit_open_for_all && !dead.cooling);
}
