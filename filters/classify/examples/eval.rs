//! How well the rules do on labelled requests, to choose thresholds by:
//!
//! `cargo run --release -p inferlayer-classify --example eval -- FILE.jsonl '{"code_marks":3}'`
//!
//! Each line of the file has either `category`, `expected` (`simple` or `complex`; others are not
//! scored) and `request` (a chat body), or `source`, `label` and `prompt`. The rules are the
//! defaults but for those named.

#![allow(clippy::print_stdout, reason = "prints a table")]

use std::collections::BTreeMap;
use std::error::Error;
use std::fmt;

use serde_json::{Value, json};

use inferlayer_classify::Rules;
use inferlayer_filter::Tier;
use inferlayer_wire::{Api, Call};

/// What was decided of the rows of a group.
#[derive(Default)]
struct Row {
    rows: u32,
    complex: u32,
    right: u32,
    scored: u32,
    reasons: BTreeMap<&'static str, u32>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let path = std::env::args().nth(1).ok_or("the path of a file of labelled requests")?;
    let rules: Rules = serde_json::from_str(&std::env::args().nth(2).unwrap_or("{}".to_owned()))?;
    let mut groups: BTreeMap<String, Row> = BTreeMap::new();
    for line in std::fs::read_to_string(path)?.lines() {
        let row: Value = serde_json::from_str(line)?;
        let call = Call::parse(Api::Chat, request(&row).to_string().into())?;
        let (tier, reason) = rules.judge(&call.shape());
        let text = |field: &str| row[field].as_str().unwrap_or_default();
        let group = format!("{}{} {}", text("source"), text("category"), text("label"));
        for group in [group, "~ all".to_owned()] {
            groups.entry(group).or_default().add(tier, reason, text("expected"));
        }
    }
    println!("{:32} {:>6} {:>8} {:>9}  reasons", "group", "rows", "complex", "accuracy");
    groups.iter().for_each(|(name, row)| println!("{name:32} {row}"));
    Ok(())
}

/// The body of a row; a prompt alone becomes one.
fn request(row: &Value) -> Value {
    match row.get("request") {
        Some(request) => request.clone(),
        None => {
            let messages = json!([{"role": "user", "content": row["prompt"]}]);
            json!({"model": "auto", "messages": messages})
        }
    }
}

impl Row {
    fn add(&mut self, tier: Tier, reason: &'static str, expected: &str) {
        self.rows += 1;
        self.complex += u32::from(tier == Tier::Complex);
        self.scored += u32::from(matches!(expected, "simple" | "complex"));
        self.right += u32::from(tier.name() == expected);
        *self.reasons.entry(reason).or_default() += 1;
    }
}

impl fmt::Display for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let share = |part: u32, whole: u32| 100.0 * f64::from(part) / f64::from(whole.max(1));
        let complex = share(self.complex, self.rows);
        let right = match self.scored {
            0 => "–".to_owned(),
            _ => format!("{:.1} %", share(self.right, self.scored)),
        };
        write!(f, "{:6} {complex:6.1} % {right:>9}  {:?}", self.rows, self.reasons)
    }
}
