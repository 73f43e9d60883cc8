//! `inferlayer spend`: a running gateway and its records settle to the same digit, whatever
//! happened.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::time::Duration;

use futures_util::StreamExt;
use serde_json::Value;
use support::gateway::{Setup, command_in};
use support::{Gateway, Provider, Script, client, message, records};

/// Settled and held, in nano-dollars.
type Account = (u64, u64);

const TENANTS: [&str; 2] = ["a", "b"];
const CALLS: [(&str, bool); 10] = [
    ("answer", false),
    ("answer", true),
    ("cut", true),
    ("reset", false),
    ("fail", false),
    ("refuse", false),
    ("silence", true),
    ("endless", true),
    ("answer", true),
    ("endless", true),
];

async fn gateway() -> Gateway {
    let provider = Provider::start(Script::AsAsked).await;
    Setup {
        more_tenants: "  - { name: b, budget_usd: 0.01 }\n  - { name: idle, budget_usd: 3 }\n",
        ..Setup::of(&[provider.base_url()])
    }
    .start()
}

/// The accounts of all tenants, live or from the ledger.
fn accounts(folder: &std::path::Path, further: &[&str]) -> Vec<Account> {
    let told = command_in(folder, &[&["spend", "--json"], further].concat());
    assert!(told.status.success(), "{}", String::from_utf8_lossy(&told.stderr));
    let list: Vec<Value> = serde_json::from_slice(&told.stdout).unwrap();
    let of = |tenant: &&str| {
        let found = list.iter().find(|spend| spend["tenant"] == **tenant);
        let amount = |name| found.map_or(0, |spend| records::nano(spend, name));
        (amount("settled_nano_usd"), amount("held_nano_usd"))
    };
    TENANTS.iter().map(of).collect()
}

/// One call, read to its end; an endless one is left after a few events.
async fn call(gateway: &Gateway, key: &str, (word, stream): (&str, bool)) {
    let request = client(false).post(gateway.chat_url()).bearer_auth(key);
    let Ok(answer) = request.body(message(word, stream).to_string()).send().await else { return };
    let most = if word == "endless" { 5 } else { usize::MAX };
    answer.bytes_stream().take(most).for_each(|_| async {}).await;
}

async fn mixed_traffic(gateway: &Gateway, keys: &[String; 2]) {
    let calls = CALLS.iter().cycle().take(60).enumerate();
    let calls = calls.map(|(index, asked)| call(gateway, &keys[index % 2], *asked));
    let calls = futures_util::stream::iter(calls).buffer_unordered(12);
    calls.for_each(|()| async {}).await;
}

/// Waits until nothing is under way; gives what both then say.
async fn settled(gateway: &Gateway) -> Vec<Account> {
    let folder = gateway.folder.path();
    for _ in 0..100 {
        let (live, recorded) = (accounts(folder, &[]), accounts(folder, &["--from-ledger"]));
        if live.iter().chain(&recorded).all(|(_, held)| *held == 0) {
            assert_eq!(live, recorded);
            return live;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("something is held for ever");
}

#[tokio::test(flavor = "multi_thread")]
async fn live_equals_recorded_after_anything() {
    let gateway = gateway().await;
    let keys = TENANTS.map(|tenant| gateway.key_of(tenant));
    mixed_traffic(&gateway, &keys).await;
    let first = settled(&gateway).await;
    assert!(first.iter().all(|(spent, _)| *spent > 5000), "{first:?}");

    // Killed with streams open: what they held is spent, once a later run says that theirs is over.
    let mut left_open = Vec::new();
    for key in &keys {
        let request = client(false).post(gateway.chat_url()).bearer_auth(key);
        let body = message("endless", true).to_string();
        let mut stream = request.body(body).send().await.unwrap().bytes_stream();
        stream.next().await.unwrap().unwrap();
        left_open.push(stream);
    }
    let folder = gateway.kill();
    drop(left_open);
    let killed = accounts(folder.path(), &["--from-ledger"]);
    for (killed, first) in killed.iter().zip(&first) {
        assert!(killed.0 == first.0 && killed.1 > 0, "{killed:?} after {first:?}");
    }
    let gateway = Gateway::start_in(folder);
    let second = settled(&gateway).await;
    let due: Vec<_> = killed.iter().map(|(spent, held)| (spent + held, 0)).collect();
    assert_eq!(second, due);

    mixed_traffic(&gateway, &keys).await;
    let third = settled(&gateway).await;
    assert!(third.iter().zip(&second).all(|(third, second)| third.0 > second.0));
    let folder = gateway.stop().0;
    assert_eq!(accounts(folder.path(), &["--from-ledger"]), third);
    records::assert_verifies(folder.path());
}

#[tokio::test]
async fn what_people_read_and_what_is_not_there() {
    let gateway = gateway().await;
    call(&gateway, &gateway.key(), ("answer", false)).await;
    let said = |arguments: &[&str]| {
        let told = gateway.command(&[&["spend"], arguments].concat());
        (told.status.code().unwrap(), String::from_utf8(told.stdout).unwrap())
    };
    let (_, live) = said(&[]);
    let rows: Vec<Vec<_>> = live.lines().map(|l| l.split_whitespace().collect()).collect();
    assert_eq!(
        rows[1..],
        [
            vec!["a", "0.000001", "0", "1000"],
            vec!["b", "0", "0", "0.01"],
            vec!["idle", "0", "0", "3"],
        ]
    );
    let (_, recorded) = said(&["--from-ledger", "--tenant", "a"]);
    let row: Vec<_> = recorded.lines().nth(1).unwrap().split_whitespace().collect();
    assert_eq!(row, ["a", "0.000001", "0", "-"]);
    assert_eq!(said(&["--tenant", "nobody"]).0, 65);

    let public = std::fs::read_to_string(gateway.data().join("keys/ledger.pub")).unwrap();
    assert_eq!(said(&["--from-ledger", "--key", public.trim()]).0, 0);
    let other = public.replacen(&public[20..24], "0000", 1);
    assert_ne!(said(&["--from-ledger", "--key", other.trim()]).0, 0);
    let folder = gateway.stop().0;
    let told = command_in(folder.path(), &["spend"]);
    assert_eq!(told.status.code(), Some(65));
    assert!(String::from_utf8(told.stderr).unwrap().contains("--from-ledger"));
}
