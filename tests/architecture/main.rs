//! The order of the code. The compiler cannot say these rules, a reader relies on them, and one
//! convenient import is how they would end.
#![allow(clippy::unwrap_used, clippy::panic, reason = "a test that cannot go on has failed")]

mod circles;
mod crates;
mod files;
mod functions;
mod module_rules;
mod modules;

use std::path::Path;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

fn assert_none(broken: Vec<String>) {
    assert!(broken.is_empty(), "\n{}\n", broken.join("\n"));
}
