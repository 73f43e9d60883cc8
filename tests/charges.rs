//! Every cost and every hold can be computed again from the records alone, as `FORMAT.md` §12 says:
//! the tokens, the price, the amount, and the price book that the row is from.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod support;

use std::collections::HashMap;
use std::path::Path;

use futures_util::StreamExt;
use inferlayer_ledger::Kind;
use inferlayer_records::sha256_hex;
use serde_json::Value;
use support::gateway::{Setup, command_in};
use support::{Gateway, Provider, Script, client, message, records};

/// The price books of a log by their digest: those of `config` records, and that of each snapshot.
fn books(data: &Path) -> HashMap<String, Value> {
    let configs = records::of_kind(data, Kind::Config);
    let mut texts: Vec<String> =
        configs.iter().filter_map(|c| c["price_book"].as_str()).map(str::to_owned).collect();
    for part in records::of_kind(data, Kind::Snapshot) {
        if part["part"] == 0 {
            texts.push(String::new());
        }
        let items = part["state"].as_array().unwrap().iter();
        let pieces = items.filter_map(|item| item["price_book"]["text"].as_str());
        texts.last_mut().unwrap().extend(pieces);
    }
    texts.retain(|text| !text.is_empty());
    let parsed = |text: String| (sha256_hex(text.as_bytes()), serde_json::from_str(&text).unwrap());
    texts.into_iter().map(parsed).collect()
}

fn money(value: &Value) -> Option<u128> {
    value.as_str().map(|digits| digits.parse().unwrap())
}

/// The formula of FORMAT.md; a bound takes all input at its dearest class.
fn amount(used: &Value, price: &Value, is_bound: bool) -> u128 {
    let tokens = |class: &str| u128::from(used[class].as_u64().unwrap_or(0));
    let [input, output] = ["input", "output"].map(|class| money(&price[class]).unwrap());
    let [read, write] = ["cache_read", "cache_write"].map(|c| money(&price[c]).unwrap_or(input));
    let sum = if is_bound {
        tokens("input") * input.max(read).max(write) + tokens("output") * output
    } else {
        let from_cache = tokens("cache_read").min(tokens("input"));
        let written = tokens("cache_write").min(tokens("input") - from_cache);
        let fresh = tokens("input") - from_cache - written;
        fresh * input + from_cache * read + written * write + tokens("output") * output
    };
    sum.div_ceil(1_000_000).min(u128::from(u64::MAX))
}

/// The row is the book's for this provider and model.
fn assert_in_book(book: &Value, named: &str, price: &Value) {
    let is_named = |row: &&Value| {
        format!("{}/{}", row["provider"].as_str().unwrap(), row["model"].as_str().unwrap()) == named
    };
    let row = book.as_array().unwrap().iter().find(is_named).unwrap();
    for class in ["input", "cache_read", "cache_write", "output"] {
        assert_eq!(row[class], price[class], "{named} {class}");
    }
}

fn check_intent(intent: &Value, books: &HashMap<String, Value>) {
    let book = &books[intent["prices_sha256"].as_str().unwrap()];
    let quotes = intent["quotes"].as_array().unwrap();
    let candidates = intent["candidates"].as_array().unwrap();
    assert_eq!(quotes.len(), candidates.len());
    for (quote, candidate) in quotes.iter().zip(candidates) {
        let due = amount(&quote["used"], &quote["price"], true);
        assert_eq!(money(&quote["nano_usd"]), Some(due), "{quote}");
        assert_in_book(book, candidate.as_str().unwrap(), &quote["price"]);
    }
    let dearest = quotes.iter().map(|quote| money(&quote["nano_usd"])).max().unwrap();
    assert_eq!(money(&intent["hold_nano_usd"]), dearest);
}

/// Gives the bases of its charges.
fn check_outcome(outcome: &Value, books: &HashMap<String, Value>) -> Vec<String> {
    let book = &books[outcome["prices_sha256"].as_str().unwrap()];
    let no_charges = Vec::new();
    let charges = outcome["charges"].as_array().unwrap_or(&no_charges);
    let mut sum = 0;
    for charge in charges {
        let is_bound = charge["basis"] == "worst_case";
        let due = amount(&charge["used"], &charge["price"], is_bound);
        assert_eq!(money(&charge["nano_usd"]), Some(due), "{outcome}");
        let attempt = &outcome["attempts"][charge["attempt"].as_u64().unwrap() as usize];
        let model = charge["model"].as_str().or(attempt["model"].as_str()).unwrap();
        let named = format!("{}/{model}", attempt["provider"].as_str().unwrap());
        assert_in_book(book, &named, &charge["price"]);
        sum += due;
    }
    assert_eq!(money(&outcome["cost_nano_usd"]), Some(sum), "{outcome}");
    charges.iter().map(|charge| charge["basis"].as_str().unwrap().to_owned()).collect()
}

/// Gives how many charges of each basis there are.
fn check(data: &Path) -> HashMap<String, usize> {
    let books = books(data);
    records::of_kind(data, Kind::Intent).iter().for_each(|intent| check_intent(intent, &books));
    let mut bases = HashMap::new();
    for outcome in records::of_kind(data, Kind::Outcome) {
        for basis in check_outcome(&outcome, &books) {
            *bases.entry(basis).or_default() += 1;
        }
    }
    bases
}

async fn ask(gateway: &Gateway, key: &str, word: &str, stream: bool) {
    let request = client(false).post(gateway.chat_url()).bearer_auth(key);
    let Ok(answer) = request.body(message(word, stream).to_string()).send().await else { return };
    let most = if word == "endless" { 5 } else { usize::MAX };
    answer.bytes_stream().take(most).for_each(|_| async {}).await;
}

async fn ask_all(gateway: &Gateway) {
    let key = gateway.key();
    for (word, stream) in [
        ("answer", false),
        ("answer", true),
        ("silence", false),
        ("cut", true),
        ("endless", true),
        ("fail", false),
        ("refuse", false),
    ] {
        ask(gateway, &key, word, stream).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_cost_is_computed_again_from_the_records_alone() {
    let (first, second) =
        (Provider::start(Script::AsAsked).await, Provider::start(Script::Chat).await);
    let gateway = Gateway::start(&[first.base_url(), second.base_url()]);
    ask_all(&gateway).await;
    let folder = gateway.stop().0;
    let bases = check(&folder.path().join("data"));
    assert_eq!(bases["worst_case"], 1, "{bases:?}");
    assert!(bases["usage"] >= 3 && bases["own_count"] >= 2, "{bases:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_price_book_stands_in_the_log_once_and_survives_retention() {
    let provider = Provider::start(Script::AsAsked).await;
    let setup =
        Setup { extra: "ledger: { segment_bytes: 65536 }", ..Setup::of(&[provider.base_url()]) };
    let gateway = setup.start();
    let key = gateway.key();
    for _ in 0..60 {
        ask(&gateway, &key, "answer", false).await;
    }
    let retain = ["ledger", "retain", "--keep-days", "0", "--reason", "r", "--yes"];
    let dropped = gateway.command(&retain);
    assert!(dropped.status.success(), "{}", String::from_utf8_lossy(&dropped.stderr));
    let folder = gateway.stop().0;
    let data = folder.path().join("data");
    assert!(records::of_kind(&data, Kind::Config).is_empty(), "the first segment is still there");
    assert!(check(&data)["usage"] > 0);

    // Known from the snapshot, so not written again; another one is.
    let folder = Gateway::start_in(folder).stop().0;
    let configs = records::of_kind(&data, Kind::Config);
    assert_eq!(configs.iter().map(|c| c["price_book"].is_string()).collect::<Vec<_>>(), [false]);
    let file = folder.path().join("prices.yaml");
    let prices = std::fs::read_to_string(&file).unwrap();
    std::fs::write(&file, prices.replace("output_usd: 0.1", "output_usd: 0.2")).unwrap();
    let gateway = Gateway::start_in(folder);
    ask_all(&gateway).await;
    let folder = gateway.stop().0;
    let configs = records::of_kind(&data, Kind::Config);
    assert_eq!(configs.iter().filter(|c| c["price_book"].is_string()).count(), 1);
    assert!(check(&data)["usage"] > 1);
    assert!(command_in(folder.path(), &["ledger", "verify"]).status.success());
}
