//! Configurations as operators meet them, through the built binary. The shipped ones are accepted,
//! the reference names every key, and each mistake in `conf/bad` gets exactly the sentence that
//! stands beside it, with the line and column to jump to.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_yaml::Value;

/// Exit codes, as sysexits(3) has them.
const EX_CONFIG: i32 = 78;

#[test]
fn every_shipped_configuration_is_accepted() {
    let shipped = yaml_files("conf").into_iter().filter(|path| !path.ends_with("prices.yaml"));
    let mut count = 0;
    for path in shipped {
        let output = check(&path);
        let said = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{}: {said}", path.display());
        count += 1;
    }
    assert!(count >= 3, "only {count} configurations in conf/");
}

#[test]
fn the_reference_names_every_key() {
    let text = std::fs::read_to_string(root().join("conf/inferlayer.yaml")).unwrap();
    let mut named = BTreeSet::new();
    key_paths("", &serde_yaml::from_str(&text).unwrap(), &mut named);
    let paths = |(block, keys): &(&'static str, &'static str)| {
        let block = *block;
        keys.split_ascii_whitespace().map(move |key| format!("{block}.{key}"))
    };
    let known: BTreeSet<_> = KEYS.iter().flat_map(paths).collect();
    let missing: Vec<_> = known.difference(&named).collect();
    assert!(missing.is_empty(), "conf/inferlayer.yaml lacks {missing:?}");
    let strange: Vec<_> = named.difference(&known).collect();
    assert!(strange.is_empty(), "the list in this test lacks {strange:?}");
}

#[test]
fn every_mistake_is_told_with_its_place() {
    let files = yaml_files("tests/conf/bad");
    assert!(files.len() >= 20, "only {} bad configurations", files.len());
    let mut wrong = Vec::new();
    for path in files {
        let expected = path.with_extension("expected");
        let expected = std::fs::read_to_string(root().join(&expected)).unwrap_or_default();
        let output = check(&path);
        let said = String::from_utf8_lossy(&output.stderr);
        if said != expected || output.status.code() != Some(EX_CONFIG) {
            let path = path.display();
            wrong.push(format!(
                "{path} ({})\n  expected: {expected}  said:     {said}",
                output.status
            ));
        }
    }
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

#[test]
fn a_file_that_is_not_there_is_named() {
    let output = check(Path::new("conf/nowhere.yaml"));
    assert_eq!(output.status.code(), Some(EX_CONFIG));
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.starts_with("inferlayer: conf/nowhere.yaml: "), "{said}");
}

/// Each block and its keys, as the types in `src/config`, `crates/accounts` and `filters` have them.
const KEYS: &[(&str, &str)] = &[
    ("", "listen data_dir threads limits ledger providers tenants prices filters"),
    (".listen", "http metrics grace_seconds"),
    (".limits", "body_bytes connections body_idle_seconds write_idle_seconds keep_alive_seconds"),
    (".limits", "collected_answer_bytes recorded_answer_bytes event_bytes"),
    (".ledger", "origin queue_records segment_bytes"),
    (".providers", "name kind base_url key key_name ca_file free idle_connections_max"),
    (".providers", "connect_timeout_seconds first_byte_timeout_seconds idle_timeout_seconds"),
    (".providers.key", "env file credential"),
    (".tenants", "name budget_usd allow_unpriced"),
    (".prices", "file"),
    (".filters", "authenticate route meter audit"),
    (".filters.route", "models"),
    (".filters.route.models", "name aliases candidates"),
    (".filters.route.models.candidates", "provider model"),
    (".filters.audit", "single_refusals_per_second"),
];

/// The paths of all keys below `path`, such as `.limits.body_bytes`; lists add nothing to a path.
fn key_paths(path: &str, value: &Value, found: &mut BTreeSet<String>) {
    match value {
        Value::Mapping(mapping) => {
            for (key, value) in mapping {
                let path = format!("{path}.{}", key.as_str().unwrap());
                key_paths(&path, value, found);
                found.insert(path);
            }
        }
        Value::Sequence(list) => list.iter().for_each(|value| key_paths(path, value, found)),
        _ => {}
    }
}

/// Paths from the root, so that messages name the same file on every machine.
fn yaml_files(folder: &str) -> Vec<PathBuf> {
    let entries = std::fs::read_dir(root().join(folder)).unwrap();
    let mut files: Vec<_> = entries
        .map(|entry| Path::new(folder).join(entry.unwrap().file_name()))
        .filter(|path| path.extension().is_some_and(|extension| extension == "yaml"))
        .collect();
    files.sort();
    files
}

fn check(config: &Path) -> Output {
    Command::new(env!("CARGO_BIN_EXE_inferlayer"))
        .arg("check")
        .arg("--config")
        .arg(config)
        .current_dir(root())
        .output()
        .unwrap()
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}
