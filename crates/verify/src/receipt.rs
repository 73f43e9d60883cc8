//! What a client holds: a receipt file, a reference of an answer's header, or a proof's text. Each
//! is checked with the log's key alone.

use std::fmt::Write;
use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use inferlayer_ledger::{
    InclusionProof, ProofFault, ReceiptFile, Reference, Shown, ShownRecord, Trust, VerifyingKey,
    rfc3339,
};
use serde_json::{Map, Value, json};

use crate::Verdict;
use crate::arguments::Arguments;

/// A request has a handful of records with at most 1 MiB of metadata each.
const MAX_BYTES: u64 = 16 << 20;
/// What the words repeat of a record's metadata.
const TOLD: [&str; 11] = [
    "ending",
    "status",
    "gen_ai.request.model",
    "gen_ai.provider.name",
    "inferlayer.provider",
    "gen_ai.response.model",
    "gen_ai.usage.input_tokens",
    "gen_ai.usage.output_tokens",
    "hold_nano_usd",
    "cost_nano_usd",
    "saved_nano_usd",
];

/// What held: in words, and for programs.
struct Held {
    words: String,
    json: Value,
}

pub(crate) fn run(arguments: &Arguments) -> Verdict {
    let text = match read(&arguments.subject) {
        Ok(text) => text,
        Err(error) => return Verdict::CannotRead(format!("{}: {error}", arguments.subject)),
    };
    let text = text.trim_start();
    let checked = match &arguments.trust {
        trust if text.starts_with('{') => file(text, trust),
        Trust::FirstUse => {
            let mistake = "a reference or a proof does not name its key: pass --key";
            return Verdict::WrongUsage(mistake.to_owned());
        }
        Trust::Key(key) if text.starts_with("v1.") => reference(text.trim_end(), key),
        Trust::Key(key) => proof(text, key),
    };
    match checked {
        Ok(held) if arguments.json => {
            Verdict::Holds(format!("{}\n", json!({ "holds": true, "receipt": held.json })))
        }
        Ok(held) => Verdict::Holds(held.words),
        Err(why) if arguments.json => {
            Verdict::DoesNotHold(format!("{}\n", json!({ "holds": false, "fault": why })))
        }
        Err(why) => Verdict::DoesNotHold(format!("DOES NOT HOLD: {why}\n")),
    }
}

/// The bytes of a file or of standard input; a reference may stand on the command line.
fn read(subject: &str) -> io::Result<String> {
    let source: Box<dyn Read> = match subject {
        "-" => Box::new(io::stdin().lock()),
        word if word.starts_with("v1.") && !Path::new(word).exists() => {
            return Ok(word.to_owned());
        }
        path => Box::new(File::open(path)?),
    };
    let text = io::read_to_string(source.take(MAX_BYTES + 1))?;
    if text.len() as u64 > MAX_BYTES {
        return Err(io::ErrorKind::FileTooLarge.into());
    }
    Ok(text)
}

fn file(text: &str, trust: &Trust) -> Result<Held, String> {
    let file: ReceiptFile = serde_json::from_str(text).map_err(|error| error.to_string())?;
    let shown = file.verify(trust).map_err(|fault| fault.to_string())?;
    let words = in_words(&shown).map_err(|error| error.to_string())?;
    Ok(Held { words, json: serde_json::to_value(&shown).map_err(|error| error.to_string())? })
}

fn in_words(shown: &Shown) -> Result<String, std::fmt::Error> {
    let trust = match shown.key_on_first_use {
        true => "taken from the receipt itself: pass --key with a key you got elsewhere",
        false => "given",
    };
    let Shown { records, request, log_id, key, .. } = shown;
    let mut text =
        format!("HOLDS: {} records of request {request} are in the log\n", records.len());
    writeln!(text, "log       {log_id}")?;
    writeln!(text, "key       {key} ({trust})")?;
    for record in records {
        let ShownRecord { sequence, kind, time_us, record_hash, size, root, metadata } = record;
        writeln!(text, "record    {sequence} ({kind}) of {}", rfc3339(*time_us))?;
        writeln!(text, "  hash    {record_hash}")?;
        writeln!(text, "  under   root {root} of size {size}")?;
        writeln!(text, "  says    {}", told(metadata.get()))?;
    }
    Ok(text)
}

/// The best known of the metadata, as JSON writes them but without control characters: a terminal
/// might obey them.
fn told(metadata: &str) -> String {
    let metadata: Map<String, Value> = serde_json::from_str(metadata).unwrap_or_default();
    let known = TOLD.iter().filter_map(|name| Some((name, metadata.get(*name)?)));
    let told: Vec<String> = known.map(|(name, value)| format!("{name} {value}")).collect();
    match told.is_empty() {
        true => "nothing of requests".to_owned(),
        false => told.join(", ").replace(char::is_control, ""),
    }
}

fn reference(word: &str, key: &VerifyingKey) -> Result<Held, String> {
    let reference: Reference = word.parse().map_err(|fault: ProofFault| fault.to_string())?;
    reference.verify(key).map_err(|fault| fault.to_string())?;
    let Reference { sequence, record_hash, checkpoint, .. } = &reference;
    let (size, root) = (checkpoint.head.size, checkpoint.head.root);
    let words = format!(
        "HOLDS: size {size} with root {root} is signed by {key}\n\
         claim     record {sequence} has the hash {record_hash}: ask for its receipt or proof\n"
    );
    let json = json!({
        "key": key.to_string(),
        "sequence": sequence,
        "record_hash_claimed": record_hash.to_string(),
        "size": size,
        "root": root.to_string(),
    });
    Ok(Held { words, json })
}

fn proof(text: &str, key: &VerifyingKey) -> Result<Held, String> {
    let proof = InclusionProof::parse(text, None, key).map_err(|fault| fault.to_string())?;
    let (sequence, record_hash) = (proof.sequence(), proof.record_hash());
    let (size, root) = (proof.checkpoint().head.size, proof.checkpoint().head.root);
    let words = format!(
        "HOLDS: record {sequence} of the log has the hash {record_hash}\n\
         under     root {root} of size {size}\n\
         key       {key} (given)\n"
    );
    let json = json!({
        "key": key.to_string(),
        "sequence": sequence,
        "record_hash": record_hash.to_string(),
        "size": size,
        "root": root.to_string(),
    });
    Ok(Held { words, json })
}
