//! How a source file looks.

use std::path::PathBuf;

use crate::{assert_none, root};

/// A longer one says why in its head.
const LINES_MAX: usize = 300;
const LONG: &str = "//! Over 300 lines because ";
/// Longer ones that stand. What is split is struck here; nothing is added.
const STANDING: &[&str] = &[
    "src/upstream/answer.rs",
    "crates/accounts/src/tenant.rs",
    "crates/filter/src/exchange.rs",
    "crates/wire/src/vendor.rs",
];
/// Test data may be long, but no file of tests without end.
const TEST_LINES_MAX: usize = 400;
const COLUMNS_MAX: usize = 100;

#[test]
fn source_files_are_short_and_say_what_they_are_for() {
    let files = ["src", "crates", "filters"].iter().flat_map(|folder| rust_files(folder));
    let broken = files.flat_map(|path| {
        let text = std::fs::read_to_string(root().join(&path)).unwrap();
        problems(&path.display().to_string(), &text)
    });
    assert_none(broken.collect());
}

/// What is wrong with a source file. The limits of width and printing end where its tests begin:
/// their data may be wide.
fn problems(path: &str, text: &str) -> Vec<String> {
    let mut broken = Vec::new();
    if !text.starts_with("//!") {
        broken.push(format!("{path}:1: does not open with `//!`"));
    }
    let lines = text.lines().count();
    let is_source = path.contains("src/");
    let max = if is_source && !STANDING.contains(&path) { LINES_MAX } else { TEST_LINES_MAX };
    if lines > max && !gives_reason(text) {
        broken.push(format!("{path}: has {lines} lines, and no `{LONG}…` in its head"));
    }
    if is_source {
        broken.extend(line_problems(path, text));
    }
    broken
}

fn gives_reason(text: &str) -> bool {
    let mut head = text.lines().take_while(|line| line.starts_with("//!"));
    head.any(|line| line.strip_prefix(LONG).is_some_and(|why| !why.trim().is_empty()))
}

fn line_problems(path: &str, text: &str) -> Vec<String> {
    let is_test = |line: &&str| matches!(line.trim(), "#[cfg(test)]" | "#[test]");
    let mut broken = Vec::new();
    for (index, line) in text.lines().take_while(|line| !is_test(line)).enumerate() {
        let place = format!("{path}:{}", index + 1);
        if line.chars().count() > COLUMNS_MAX && !line.contains("://") {
            broken.push(format!("{place}: is wider than {COLUMNS_MAX} columns"));
        }
        if line.contains("println!") {
            broken.push(format!("{place}: prints; write to a locked stream and see the error"));
        }
    }
    broken
}

fn rust_files(folder: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::from(folder)];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(root().join(&folder)).unwrap() {
            let entry = entry.unwrap();
            let path = folder.join(entry.file_name());
            if entry.file_type().unwrap().is_dir() {
                open.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                found.push(path);
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no source file below {folder}");
    found
}

/// The rules must be able to fail.
mod the_rules_themselves {
    use super::*;

    #[test]
    fn name_the_line_of_a_bad_file() {
        let wide = "x".repeat(COLUMNS_MAX + 1);
        let text = format!("{wide}\n// https://{wide}\nprintln!();\n#[test]\n{wide}\n");
        let places: Vec<_> = problems("src/a.rs", &text)
            .iter()
            .map(|problem| problem.split(": ").next().unwrap().to_owned())
            .collect();
        assert_eq!(places, ["src/a.rs:1", "src/a.rs:1", "src/a.rs:3"]);
    }

    #[test]
    fn ask_a_long_file_for_its_reason() {
        let long = |head: &str| format!("//! A table.\n{head}\n{}", "//\n".repeat(LINES_MAX));
        assert_eq!(problems("src/a.rs", &long("//!")).len(), 1);
        assert_eq!(problems("src/a.rs", &long("//! Over 300 lines because ")).len(), 1);
        assert_eq!(problems("src/a.rs", &long("// Over 300 lines because it is.")).len(), 1);
        assert_none(problems("src/a.rs", &long("//! Over 300 lines because it is one table.")));
        assert_none(problems("tests/a.rs", &long("//!")));
        assert_eq!(problems("tests/a.rs", &"//!\n".repeat(TEST_LINES_MAX + 1)).len(), 1);
    }
}
