//! The words of the command line: one thing to check, and how.

use std::fs;
use std::path::Path;

use inferlayer_ledger::{Trust, VerifyingKey};

/// What both forms of the command take.
pub(crate) struct Arguments {
    /// Folder, file, `-` or reference.
    pub(crate) subject: String,
    pub(crate) trust: Trust,
    pub(crate) json: bool,
    /// Without metadata and content.
    pub(crate) chain_only: bool,
    /// Files or references, of the form for logs alone.
    pub(crate) evidence: Vec<String>,
    /// As many as there are processors, when absent.
    pub(crate) threads: Option<usize>,
}

impl Arguments {
    /// The mistake in words when they are no command.
    pub(crate) fn parse(mut words: impl Iterator<Item = String>) -> Result<Self, String> {
        let (mut subject, mut trust, mut json) = (None, Trust::FirstUse, false);
        let (mut evidence, mut threads, mut chain_only) = (Vec::new(), None, false);
        while let Some(word) = words.next() {
            match word.as_str() {
                "--json" => json = true,
                "--chain" => chain_only = true,
                "--key" => trust = Trust::Key(key(&words.next().ok_or("--key wants a value")?)?),
                "--evidence" => evidence.push(words.next().ok_or("--evidence wants a value")?),
                "--threads" => {
                    let count = words.next().and_then(|count| count.parse().ok());
                    threads = Some(count.ok_or("--threads wants a number")?);
                }
                option if option.starts_with('-') && option != "-" => {
                    return Err(format!("unknown option {option}"));
                }
                _ if subject.is_none() => subject = Some(word),
                _ => return Err("one thing to check, please".to_owned()),
            }
        }
        let subject = subject.ok_or("what is to be checked?")?;
        Ok(Self { subject, trust, json, chain_only, evidence, threads })
    }
}

/// A verifier key, or a file that holds one.
fn key(word: &str) -> Result<VerifyingKey, String> {
    let stored = Path::new(word).is_file().then(|| fs::read_to_string(word)).transpose();
    let text = stored.map_err(|error| format!("{word}: {error}"))?;
    text.as_deref().unwrap_or(word).parse().map_err(|error| format!("{word}: {error}"))
}
