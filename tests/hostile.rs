//! The catalogue of hostile requests, a test for each number of it: what it is, and what is right.
//! Everywhere: no panic, nothing of the gateway's inside in an answer, OpenAI's shape of an error,
//! memory bounded, and the next caller is served.
//!
//! All sixty at a glance. `here` is a test `a6_NN_…` of this binary; other files are named where
//! they show a number wholly, or more of it than is shown here.
//!
//! | number | what | where |
//! |---|---|---|
//! | 1–6 | bodies that are no request, caps that are no number | here, `bodies.rs` |
//! | 7 | fields that multiply the cost | here, `bodies.rs`; `crates/wire/tests/costly_fields.rs`, |
//! | | | `money_past_the_hold.rs` |
//! | 8 | unknown fields | here, `bodies.rs`; a thousand of each: `byte_exact.rs` |
//! | 9–12 | too much, too little, too slow | here, `slow.rs`; 4,096 at once: `admission.rs` |
//! | 13–18, 20 | heads read in two ways | here, `framing.rs`; over HTTP/2: `tests/framing.rs` |
//! | 19 | paths that lead around | here, `paths.rs`; names in them: `names_in_urls.rs` |
//! | 21–23 | keys that disagree, headers of others' | here, `keys.rs`; `headers.rs` |
//! | 24–26 | frames of HTTP/2 | here, `frames.rs` |
//! | 27 | TLS where we listen | not yet: no listener speaks TLS |
//! | 28 | a provider that is not there | `blame.rs`; each fault: `faults.rs` |
//! | 29–33 | a provider that hangs, resets, babbles | `providers_that_attack.rs`, `faults.rs` |
//! | 34, 35 | usage that is missing or a lie | `money_past_the_hold.rs` |
//! | 36 | a 200 that is no answer, redirects | `providers_that_attack.rs` |
//! | 37 | a compressed answer | `provider_key.rs` |
//! | 38 | certificates | here, `providers.rs`; authority and name: `tls.rs` |
//! | 39 | a 429 and its time | `blame.rs` |
//! | 40 | our key in an answer | `provider_key.rs` |
//! | 41–43 | all down, half open, a client that leaves | `providers_that_attack.rs` |
//! | 44 | a key revoked in a stream | here, `keys.rs` |
//! | 45, 46 | a budget spent in a stream, by a thousand | `money_past_the_hold.rs`, `budget.rs` |
//! | 47 | no store for a reservation or a settlement | here, `ledger.rs`; `journal.rs` |
//! | 48 | clocks that jump | `crates/ledger/tests/clock.rs`, and `restart.rs` there: |
//! | | | `time_never_goes_back_even_when_the_clock_does`; budgets have no months yet |
//! | 49–51 | whose answer, to which question, how long | here, `cache.rs`; `shred.rs`; |
//! | | | another model: `cached.rs`; a wrong clock: `filters/cache/tests/hits.rs` |
//! | 52 | a request replayed under its own name | not yet: no idempotency keys |
//! | 53 | kill -9 | here, `ledger.rs`; `lifecycle.rs`, `power-cut/`, |
//! | | | `crates/ledger/tests/tails.rs` |
//! | 54 | a full disk | `crates/ledger/tests/failure.rs`, each error in turn: `faults/` there; |
//! | | | a gateway on a real disk: `full-disk/` |
//! | 55 | a log that was edited | here, `ledger.rs`; bits: `crates/ledger/tests/tampering.rs`, |
//! | | | `attacks/`; a rollback: `witness.rs`, `starts.rs` |
//! | 56 | signing keys | here, `ledger.rs`; `operator.rs`, `crates/ledger/tests/keys.rs` |
//! | 57 | a bad configuration | at a start: here, `starts.rs`; each mistake: `conf.rs`; |
//! | | | not yet: nothing is loaded anew while it runs |
//! | 58 | certificates and binaries exchanged under load | not yet: neither can be |
//! | 59 | no descriptors left | `blame.rs`, `journal.rs`, `admission.rs` |
//! | 60 | names that fill the metrics, many tenants | here, `paths.rs`; idle streams: none yet |
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

#[path = "hostile/bodies.rs"]
mod bodies;
#[path = "hostile/cache.rs"]
mod cache;
#[path = "hostile/frames.rs"]
mod frames;
#[path = "hostile/framing.rs"]
mod framing;
#[path = "hostile/keys.rs"]
mod keys;
#[path = "hostile/ledger.rs"]
mod ledger;
#[path = "hostile/paths.rs"]
mod paths;
#[path = "hostile/providers.rs"]
mod providers;
#[path = "hostile/slow.rs"]
mod slow;
#[path = "hostile/starts.rs"]
mod starts;
mod support;

use serde_json::Value;
use support::{Gateway, Provider, Script, call};

/// A provider that answers, a gateway in front of it, and a key.
async fn gateway() -> (Provider, Gateway, String) {
    let provider = Provider::start(Script::Chat).await;
    let gateway = Gateway::start(&[provider.base_url()]);
    let key = gateway.key();
    (provider, gateway, key)
}

fn assert_openai_shape(body: &[u8], case: &str) {
    let error: Value = serde_json::from_slice(body).expect(case);
    let error = &error["error"];
    assert!(error["message"].as_str().is_some_and(|m| !m.is_empty()), "{case}: {error}");
    assert!(error["type"].is_string(), "{case}: {error}");
    assert!(error["code"].is_string() || error["code"].is_null(), "{case}: {error}");
    assert!(error.get("param").is_some(), "{case}: {error}");
}

/// The next caller is served, and nothing panicked.
async fn assert_unharmed(gateway: &Gateway, key: &str) {
    let (status, told) = call(gateway, key).await;
    assert_eq!(status, 200, "{told}");
    assert!(!gateway.log().contains("panicked"), "{}", gateway.log());
}
