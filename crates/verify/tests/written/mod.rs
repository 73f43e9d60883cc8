//! A log that the ledger's own writer wrote and signed, of records that say what a test wants, and
//! snapshots that may lie.

mod forgeries;

use std::path::Path;
use std::process::Command;

use inferlayer_ledger::{Content, Entry, FoldError, Kind, Record, State};
use inferlayer_records::{SharedFold, sha256_hex};
use serde_json::value::RawValue;
use serde_json::{Value, json};

use super::common::{open, options, request, tenant};

pub use forgeries::forgeries;

/// Requests of a log: each basis in turn, tenants in turn.
pub const REQUESTS: u64 = 20;
/// What they come to.
pub const SPENT: [(&str, u128); 2] = [("a", 22_440), ("b", 22_440)];
/// Requests under way at once, so that outcomes stand in later segments than their intents.
const UNDER_WAY: u64 = 3;

/// Prices of 100 and 200 for a token of input and output, in the canonical form.
pub const BOOK: &str = concat!(
    r#"[{"cache_read":"10000000","context_tokens":50,"input":"100000000","#,
    r#""max_output_tokens":5,"model":"m","output":"200000000","provider":"p"}]"#
);

/// What is written otherwise than it should be.
pub struct Forgery {
    pub name: &'static str,
    /// What a verifier calls it.
    pub verdict: &'static str,
    /// What it says.
    pub what: &'static str,
    /// Changes the metadata of the record of this kind of this request.
    pub edit: fn(Kind, u64, &mut Value),
    /// Changes the metadata as written.
    pub rewrite: fn(Kind, u64, String) -> String,
    /// Changes what snapshots state.
    pub state: fn(&mut Vec<String>),
    /// Whether old segments are dropped at the end.
    pub drops: bool,
}

impl Forgery {
    pub fn none() -> Self {
        Self {
            name: "none",
            verdict: "",
            what: "",
            edit: |_, _, _| {},
            rewrite: |_, _, json| json,
            state: |_| {},
            drops: false,
        }
    }
}

/// Follows the records, and lies when it is asked.
struct Liar(SharedFold, fn(&mut Vec<String>));

impl State for Liar {
    fn record(&mut self, record: &Record<'_>) -> Result<(), FoldError> {
        // What cannot be read is written all the same.
        let _ = self.0.record(record);
        Ok(())
    }

    fn items(&self) -> Vec<Box<RawValue>> {
        let mut items: Vec<_> = self.0.items().iter().map(|item| item.get().to_owned()).collect();
        (self.1)(&mut items);
        items.into_iter().map(|item| RawValue::from_string(item).unwrap()).collect()
    }
}

/// Writes the log into `data`: several segments, every record in a commit of its own.
pub fn write(data: &Path, forgery: &Forgery) {
    let mut options = options(data);
    options.segment_bytes = 12_000;
    options.state = Box::new(Liar(SharedFold::default(), forgery.state));
    let (ledger, _) = open(options).unwrap();
    let append = |kind, number, mut metadata: Value| {
        (forgery.edit)(kind, number, &mut metadata);
        let json = (forgery.rewrite)(kind, number, metadata.to_string());
        let of_request = matches!(kind, Kind::Intent | Kind::Outcome);
        let entry = Entry {
            kind,
            tenant: of_request.then(|| tenant(tag_of(number))),
            request: request(number).filter(|_| of_request),
            metadata: json.into_bytes(),
            content: Content::None,
        };
        ledger.append(entry).unwrap().wait_blocking().unwrap();
    };
    append(Kind::Config, 0, config());
    for number in 0..REQUESTS + UNDER_WAY {
        if number < REQUESTS {
            append(Kind::Intent, number, intent(number));
        }
        if let Some(answered) = number.checked_sub(UNDER_WAY) {
            append(Kind::Outcome, answered, outcome(answered));
        }
    }
    if forgery.drops {
        ledger.retain(u64::MAX, "a test").unwrap();
    }
    ledger.close().unwrap();
}

/// Writes an honest log of so many requests into `data`, as fast as it goes.
pub fn write_many(data: &Path, requests: u64) {
    let mut options = options(data);
    options.segment_bytes = 64 << 20;
    options.state = Box::new(SharedFold::default());
    let (ledger, _) = open(options).unwrap();
    let config = Entry::system(Kind::Config, config().to_string().into_bytes());
    ledger.append(config).unwrap().wait_blocking().unwrap();
    for number in 0..requests {
        let entry = |kind, metadata: Value| Entry {
            kind,
            tenant: Some(tenant(tag_of(number))),
            request: request(number),
            metadata: metadata.to_string().into_bytes(),
            content: Content::None,
        };
        let of_request = [(Kind::Intent, intent(number)), (Kind::Outcome, outcome(number))];
        let waits = of_request.map(|(kind, json)| ledger.append(entry(kind, json)).unwrap());
        if number % 200 == 0 {
            waits.into_iter().for_each(|pending| drop(pending.wait_blocking().unwrap()));
        }
    }
    ledger.close().unwrap();
}

fn config() -> Value {
    json!({ "source": "s", "config_sha256": "", "prices_sha256": sha256_hex(BOOK.as_bytes()),
            "price_book": BOOK })
}

/// The key of the tenant of a request.
fn tag_of(number: u64) -> u8 {
    if number.is_multiple_of(2) { 1 } else { 2 }
}

fn of(number: u64) -> Value {
    let name = if number.is_multiple_of(2) { "a" } else { "b" };
    let charged = json!([{ "budget": format!("tenant/{name}"), "period": "total" }]);
    json!({ "request": request(number).unwrap().to_string(), "tenant": name, "key": "0123456789ab",
            "charged": charged,
            "prices_sha256": sha256_hex(BOOK.as_bytes()) })
}

fn price() -> Value {
    json!({ "input": "100000000", "cache_read": "10000000", "output": "200000000" })
}

fn is_flat(number: u64) -> bool {
    number % 5 == 4
}

fn intent(number: u64) -> Value {
    let mut metadata = of(number);
    metadata["candidates"] = json!(["p/m"]);
    metadata["quotes"] = match is_flat(number) {
        true => json!([{ "nano_usd": "700" }]),
        false => {
            json!([{ "used": { "input": 10, "output": 4 }, "price": price(), "nano_usd": "1800" }])
        }
    };
    metadata["hold_nano_usd"] = metadata["quotes"][0]["nano_usd"].clone();
    metadata
}

/// Tokens told, and the charge: basis, tokens and amount.
fn charged(number: u64) -> ((u64, u64), Value) {
    let charge = |basis: &str, used: Value, amount: u64| {
        json!({ "attempt": 0, "basis": basis, "used": used, "price": price(),
                "nano_usd": amount.to_string() })
    };
    match number % 5 {
        0 => {
            let used = json!({ "input": 7, "cache_read": 2, "output": 3 });
            ((7, 3), charge("usage", used, 5 * 100 + 2 * 10 + 3 * 200))
        }
        1 => ((60, 9), charge("claimed", json!({ "input": 50, "output": 5 }), 6000)),
        2 => ((8, 4), charge("own_count", json!({ "input": 8, "output": 4 }), 1600)),
        3 => ((0, 0), charge("worst_case", json!({ "input": 10, "output": 4 }), 1800)),
        _ => ((0, 0), json!({ "attempt": 0, "basis": "flat", "nano_usd": "700" })),
    }
}

fn outcome(number: u64) -> Value {
    let ((input, output), charge) = charged(number);
    let mut metadata = of(number);
    metadata["attempts"] =
        json!([{ "provider": "p", "model": "m", "result": "answered", "status": 200 }]);
    metadata["gen_ai.usage.input_tokens"] = input.into();
    metadata["gen_ai.usage.cache_read.input_tokens"] = charge["used"]["cache_read"].as_u64().into();
    metadata["gen_ai.usage.output_tokens"] = output.into();
    metadata["cost_nano_usd"] = charge["nano_usd"].clone();
    metadata["estimated"] = (!["usage", "flat"].map(Value::from).contains(&charge["basis"])).into();
    metadata["charges"] = json!([charge]);
    if metadata["gen_ai.usage.cache_read.input_tokens"].is_null() {
        metadata["gen_ai.usage.cache_read.input_tokens"] = 0.into();
    }
    metadata
}

/// Exit code and words of the verifier in Python, which needs `cryptography`.
pub fn python(data: &Path) -> (i32, String) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let target = std::env::var_os("CARGO_TARGET_DIR").map_or(root.join("target"), Into::into);
    let own = target.join("ci-venv/bin/python");
    let interpreter = if own.is_file() { own } else { "python3".into() };
    let mut command = Command::new(interpreter);
    let output = command.arg(root.join("tests/verify.py")).arg(data).output().unwrap();
    let said = String::from_utf8([output.stdout, output.stderr].concat()).unwrap();
    assert!(!said.contains("ModuleNotFoundError"), "install Python's cryptography: {said}");
    (output.status.code().unwrap(), said)
}
