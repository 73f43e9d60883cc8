//! The money of a real gateway's ledger: three verifiers compute it again and agree; a snapshot that
//! lies is found by all of them, and by the next start.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::path::Path;
use std::process::Command;

use futures_util::StreamExt;
use inferlayer_ledger::verify::Examination;
use inferlayer_ledger::{
    Entry, FoldError, Keyring, Kind, Ledger, Options, Record, State, Trust, VerifyingKey,
};
use inferlayer_records::SharedFold;
use inferlayer_verify::verify;
use serde_json::value::RawValue;
use support::gateway::{Setup, command_in};
use support::{Gateway, Provider, Script, client, message, records};

const RULES: &str = "
      pass_through:
        - { path: /v1/files, provider: p1, price_usd: 0.05 }
";

async fn gateway(extra: &'static str) -> Gateway {
    let (first, second) =
        (Provider::start(Script::AsAsked).await, Provider::start(Script::Chat).await);
    Setup {
        before_route: "  - cache: {}\n",
        in_route: RULES,
        more_tenants: "  - { name: b, budget_usd: 3 }\n",
        extra,
        ..Setup::of(&[first.base_url(), second.base_url()])
    }
    .start()
}

/// Read to its end; an endless one is left after a few events.
async fn ask(gateway: &Gateway, key: &str, word: &str, stream: bool) {
    let request = client(false).post(gateway.chat_url()).bearer_auth(key);
    let Ok(answer) = request.body(message(word, stream).to_string()).send().await else { return };
    let most = if word == "endless" { 3 } else { usize::MAX };
    answer.bytes_stream().take(most).for_each(|_| async {}).await;
}

async fn all_kinds(gateway: &Gateway) {
    for tenant in ["a", "b"] {
        let key = gateway.key_of(tenant);
        for (word, stream) in [
            ("answer", false),
            ("answer", false),
            ("answer", true),
            ("fail", false),
            ("reset", true),
            ("cut", true),
            ("endless", true),
            ("refuse", false),
            ("silence", false),
        ] {
            ask(gateway, &key, word, stream).await;
        }
        let passing = client(false).post(gateway.url("/v1/files")).bearer_auth(key);
        passing.body("some bytes").send().await.unwrap();
    }
}

/// Exit codes and words of `inferlayer ledger verify` and of the verifier in Python.
fn said(folder: &Path) -> [(i32, String); 2] {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), Into::into);
    let own = target.join("ci-venv/bin/python");
    let interpreter = if own.is_file() { own } else { "python3".into() };
    let mut python = Command::new(interpreter);
    let python = python.arg(root.join("tests/verify.py")).arg(folder.join("data")).output();
    [command_in(folder, &["ledger", "verify"]), python.unwrap()].map(|output| {
        let text = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
        assert!(!text.contains("ModuleNotFoundError"), "install Python's cryptography: {text}");
        (output.status.code().unwrap(), text)
    })
}

#[tokio::test(flavor = "multi_thread")]
async fn what_a_gateway_wrote_is_computed_again_to_the_digit_by_all_verifiers() {
    let gateway = gateway("ledger: { segment_bytes: 65536 }").await;
    for _ in 0..2 {
        all_kinds(&gateway).await;
    }
    let folder = gateway.stop().0;
    let data = folder.path().join("data");
    let verified = verify(Examination::new(&data, Trust::FirstUse)).unwrap();
    assert!(verified.holds(), "{verified}");
    let money = verified.money.unwrap();
    let outcomes = records::of_kind(&data, Kind::Outcome);
    assert_eq!(money.amounts.costs, outcomes.len() as u64);
    assert!(money.snapshots > 0 && !records::of_kind(&data, Kind::Hit).is_empty());
    for basis in ["usage", "own_count", "worst_case", "flat"] {
        assert!(money.amounts.charges[basis] > 0, "{basis}: {:?}", money.amounts.charges);
    }
    let [ours, python] = said(folder.path());
    assert_eq!((ours.0, python.0), (0, 0), "{ours:?}\n{python:?}");
    for (tenant, sums) in &money.sums {
        let line = format!("spent by {tenant}: {} nano-USD", sums.spent.nano());
        assert!(python.1.contains(&line), "{line}: {}", python.1);
    }
}

/// A state that never tells of what was spent.
struct Forgetful(SharedFold);

impl State for Forgetful {
    fn record(&mut self, record: &Record<'_>) -> Result<(), FoldError> {
        self.0.record(record)
    }

    fn items(&self) -> Vec<Box<RawValue>> {
        let items = self.0.items().into_iter();
        items.filter(|item| !item.get().contains("\"spent\"")).collect()
    }
}

/// Goes on with the ledger as its own writer does, but for what its snapshot states.
fn forge_a_snapshot(data: &Path) {
    let public = std::fs::read_to_string(data.join("keys/ledger.pub")).unwrap();
    let key: VerifyingKey = public.trim().parse().unwrap();
    let signing = Keyring::open(&data.join("keys")).unwrap().signing().unwrap();
    let mut options = Options::new(data, key.origin().clone(), signing);
    // The first segment is longer, and the second ends before it is.
    options.segment_bytes = 4096;
    options.state = Box::new(Forgetful(SharedFold::default()));
    let (ledger, _) = Ledger::open(options, &mut |_, _| Ok(())).unwrap();
    let entry = Entry::system(Kind::Refusal, br#"{"status":400,"code":"x","count":1}"#.to_vec());
    ledger.append(entry).unwrap().wait_blocking().unwrap();
    ledger.close().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn k15c_a_balance_that_only_a_snapshot_states_is_refused_by_verifiers_and_by_a_start() {
    let gateway = gateway("").await;
    ask(&gateway, &gateway.key(), "answer", false).await;
    let folder = gateway.stop().0;
    let data = folder.path().join("data");
    tokio::task::spawn_blocking(move || forge_a_snapshot(&data)).await.unwrap();

    for (code, text) in said(folder.path()) {
        assert!(code == 1 && text.contains("[state]") && text.contains("spent by a"), "{text}");
    }
    let spend = command_in(folder.path(), &["spend", "--from-ledger"]);
    let text = String::from_utf8(spend.stdout).unwrap();
    assert!(spend.status.code() == Some(1) && text.contains("[state]"), "{text}");
    let start = command_in(folder.path(), &["serve"]);
    let text = String::from_utf8(start.stderr).unwrap();
    assert_ne!(start.status.code(), Some(0));
    for word in ["contradicts the records before it", "spent by a", "restore"] {
        assert!(text.contains(word), "{word}: {text}");
    }
}
