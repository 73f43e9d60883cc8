//! An operator at the command line, and a gateway with something in its ledger.

use std::fs;
use std::path::{Path, PathBuf};

use super::gateway::{Setup, command_in};
use super::{Gateway, Provider, Script, client, message};

/// A gateway with a provider that does as it is asked.
pub async fn gateway(extra: &'static str) -> Gateway {
    let provider = Provider::start(Script::AsAsked).await;
    Setup { extra, ..Setup::of(&[provider.base_url()]) }.start()
}

/// Segments of a few records each.
pub const SMALL: &str = "ledger: { segment_bytes: 4000 }";

pub async fn ask(gateway: &Gateway, key: &str, text: &str) {
    let request = client(false).post(gateway.chat_url()).bearer_auth(key);
    let answer = request.body(message(text, false).to_string()).send().await.unwrap();
    assert_eq!(answer.status(), 200);
    answer.text().await.unwrap();
}

pub async fn ask_often(gateway: &Gateway, times: usize) {
    let key = gateway.key();
    for number in 0..times {
        ask(gateway, &key, &format!("question {number}")).await;
    }
}

/// What a command that succeeds says.
pub fn said(folder: &Path, arguments: &[&str]) -> String {
    let done = command_in(folder, arguments);
    assert!(done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stderr));
    String::from_utf8(done.stdout).unwrap()
}

/// What a command that fails says, and its exit code.
pub fn refused(folder: &Path, arguments: &[&str]) -> (String, i32) {
    let done = command_in(folder, arguments);
    assert!(!done.status.success(), "{arguments:?}: {}", String::from_utf8_lossy(&done.stdout));
    (String::from_utf8(done.stderr).unwrap(), done.status.code().unwrap())
}

pub fn public_key(folder: &Path) -> String {
    fs::read_to_string(folder.join("data/keys/ledger.pub")).unwrap().trim().to_owned()
}

pub fn segments(data: &Path) -> Vec<PathBuf> {
    let files = fs::read_dir(data.join("journal")).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<_> =
        files.filter(|file| file.extension().is_some_and(|e| e == "ilj")).collect();
    files.sort();
    files
}

const RETAIN: [&str; 6] =
    ["ledger", "retain", "--reason", "kept long enough", "--yes", "--keep-days"];

/// The command that keeps the records of so many days.
pub fn retain(days: &str) -> Vec<&str> {
    RETAIN.into_iter().chain([days]).collect()
}
