//! Which crate may import which. Read from `cargo metadata`, so that no tool has to be installed;
//! `deny.toml` says what may come from outside.

use std::collections::{HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;

use crate::{assert_none, root};

/// Folder of the importer (a prefix for all below it) and the workspace folders it may import.
/// The first row that fits counts; a folder without a row may not exist.
const MAY_IMPORT: &[(&str, &[&str])] = &[
    ("", &["crates/", "filters/"]),
    ("filters/", &["crates/"]),
    (
        "crates/filter",
        &["crates/wire", "crates/ledger", "crates/records", "crates/accounts", "crates/share"],
    ),
    ("crates/accounts", &["crates/records", "crates/ledger", "crates/share"]),
    // `accounts` for its tests alone: auditors need nothing that decides.
    ("crates/verify", &["crates/records", "crates/ledger", "crates/accounts"]),
    ("crates/records", &["crates/ledger"]),
    ("crates/ledger", &["crates/share"]),
    ("crates/share", &[]),
    ("crates/wire", &[]),
    ("crates/balance", &[]),
    ("crates/libz-ng-sys", &[]),
    ("benches/compare", &[]),
    // A filter of others, and a gateway with it.
    ("tests/third-party/redact", &["crates/"]),
    ("tests/third-party", &["", "crates/", "filters/", "tests/third-party/"]),
];

/// A third party's crate (`*`: all that begin so) and the only folders that may name it.
const ONLY_IN: &[(&str, &[&str])] = &[
    ("sled", &["crates/ledger"]),
    ("pingora*", &["", "benches/compare"]),
    // It takes the place of another crate by `[patch]`; nobody asks for it by name.
    ("libz-ng-sys", &[]),
];

/// All that the wire formats may be built with: they are pure functions over bytes.
const WIRE_MAY_USE: &[&str] = &["serde", "serde_json", "bytes", "memchr", "thiserror", "base64"];

/// TLS is rustls; a build needs Rust and a C compiler, nothing else.
const NOWHERE: &[&str] = &[
    "openssl",
    "openssl-sys",
    "native-tls",
    "boring-sys",
    "aws-lc-sys",
    "cmake",
    "bindgen",
    "prost-build",
    "protobuf-src",
    "protoc-bin-vendored",
];

/// Forwards to C symbols, so it cannot forbid `unsafe` as the workspace's lints do.
const OWN_LINTS: &[&str] = &["crates/libz-ng-sys"];

#[test]
fn crates_import_only_what_they_may() {
    assert_none(Workspace::read().forbidden_imports());
}

#[test]
fn nothing_forbidden_is_in_the_tree() {
    assert_none(Workspace::read().forbidden_in_tree());
}

#[test]
fn every_crate_has_the_workspaces_lints_and_a_licence() {
    let workspace = Workspace::read();
    let broken = workspace.members.iter().flat_map(|member| {
        let manifest = std::fs::read_to_string(root().join(&member.folder).join("Cargo.toml"));
        let manifest = manifest.unwrap();
        let lints =
            OWN_LINTS.contains(&&*member.folder) || manifest.contains("[lints]\nworkspace = true");
        let name = &member.name;
        [
            (!lints).then(|| format!("{name} has no `lints.workspace = true`")),
            (!member.licensed).then(|| format!("{name} has no licence")),
        ]
    });
    assert_none(broken.flatten().collect());
}

/// What the rules need to know of the workspace.
pub struct Workspace {
    pub members: Vec<Member>,
    /// Names of all packages that a build compiles; those only tests and benches use left out.
    tree: HashSet<String>,
}

pub struct Member {
    pub name: String,
    /// Files that the compiler is given for the library and the programs.
    pub sources: Vec<PathBuf>,
    /// From the root, without a slash at its end.
    folder: String,
    licensed: bool,
    /// Name and kind (`None`: normal) of each direct dependency.
    imports: Vec<(String, Option<String>)>,
}

impl Workspace {
    pub fn read() -> Workspace {
        let metadata = metadata();
        let packages = metadata["packages"].as_array().unwrap();
        let is_member = |package: &&Value| package["source"].is_null();
        Workspace {
            members: packages.iter().filter(is_member).map(Member::of).collect(),
            tree: tree(&metadata),
        }
    }

    fn forbidden_imports(&self) -> Vec<String> {
        let folders: HashMap<_, _> = self.members.iter().map(|m| (&*m.name, &*m.folder)).collect();
        let mut broken = Vec::new();
        for Member { name, folder, imports, .. } in &self.members {
            let Some(allowed) = may_import(folder) else {
                broken.push(format!("{name} lies in `{folder}`, which no rule knows"));
                continue;
            };
            for (import, kind) in imports {
                let ours = folders.get(&**import).is_some_and(|to| !is_below_any(to, allowed));
                let wire = folder == "crates/wire"
                    && kind.as_deref() != Some("dev")
                    && !WIRE_MAY_USE.contains(&&**import);
                if ours || wire || is_reserved(import, folder) {
                    broken.push(format!("{name} may not import {import}"));
                }
            }
        }
        broken
    }

    fn forbidden_in_tree(&self) -> Vec<String> {
        let found = NOWHERE.iter().filter(|name| self.tree.contains(**name));
        found
            .map(|name| format!("{name} is in the tree; `cargo tree -i {name}` says why"))
            .collect()
    }
}

impl Member {
    fn of(package: &Value) -> Member {
        let manifest = Path::new(text(&package["manifest_path"]));
        let folder = manifest.parent().unwrap().strip_prefix(root()).unwrap();
        let import = |dependency: &Value| {
            (text(&dependency["name"]).to_owned(), dependency["kind"].as_str().map(str::to_owned))
        };
        Member {
            name: text(&package["name"]).to_owned(),
            sources: package["targets"].as_array().unwrap().iter().filter_map(source).collect(),
            folder: folder.display().to_string(),
            licensed: package["license"].is_string(),
            imports: package["dependencies"].as_array().unwrap().iter().map(import).collect(),
        }
    }
}

/// The root of a target that is neither test, example nor bench.
fn source(target: &Value) -> Option<PathBuf> {
    let kinds = target["kind"].as_array().unwrap();
    let is_built = kinds.iter().any(|kind| matches!(text(kind), "lib" | "bin" | "proc-macro"));
    is_built.then(|| PathBuf::from(text(&target["src_path"])))
}

/// The folders that a crate in `folder` may import; nothing when no rule knows it.
fn may_import(folder: &str) -> Option<&'static [&'static str]> {
    let row = MAY_IMPORT.iter().find(|(from, _)| match from.strip_suffix('/') {
        Some(_) => folder.starts_with(from),
        None => folder == *from,
    });
    row.map(|(_, allowed)| *allowed)
}

/// Whether the crate belongs to other folders than this one.
fn is_reserved(import: &str, folder: &str) -> bool {
    ONLY_IN.iter().any(|(name, folders)| {
        let fits = match name.strip_suffix('*') {
            Some(start) => import.starts_with(start),
            None => import == *name,
        };
        fits && !folders.contains(&folder)
    })
}

fn is_below_any(folder: &str, allowed: &[&str]) -> bool {
    allowed.iter().any(|to| folder == *to || (to.ends_with('/') && folder.starts_with(to)))
}

/// `cargo metadata` for the machine that the gateway is built for.
fn metadata() -> Value {
    let target = format!("{}-unknown-linux-gnu", std::env::consts::ARCH);
    let output = Command::new(env!("CARGO"))
        .args(["metadata", "--format-version=1", "--locked", "--filter-platform", &target])
        .current_dir(root())
        .output()
        .unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Everything that normal and build dependencies lead to, from all members.
fn tree(metadata: &Value) -> HashSet<String> {
    let nodes = metadata["resolve"]["nodes"].as_array().unwrap();
    let nodes: HashMap<_, _> = nodes.iter().map(|node| (text(&node["id"]), node)).collect();
    let members = metadata["workspace_members"].as_array().unwrap();
    let mut open: Vec<&str> = members.iter().map(text).collect();
    let mut seen: HashSet<&str> = HashSet::new();
    while let Some(id) = open.pop() {
        if seen.insert(id) {
            let deps = nodes[id]["deps"].as_array().unwrap().iter();
            open.extend(deps.filter(|dep| is_compiled(dep)).map(|dep| text(&dep["pkg"])));
        }
    }
    let packages = metadata["packages"].as_array().unwrap().iter();
    let compiled = packages.filter(|package| seen.contains(text(&package["id"])));
    compiled.map(|package| text(&package["name"]).to_owned()).collect()
}

fn is_compiled(dependency: &Value) -> bool {
    let kinds = dependency["dep_kinds"].as_array().unwrap();
    kinds.iter().any(|kind| kind["kind"] != "dev")
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap()
}

/// The rules must be able to fail.
mod the_rules_themselves {
    use super::*;

    fn imports(folder: &str, import: &str) -> Vec<String> {
        let member = |name: &str, folder: &str, imports: &[&str]| Member {
            name: name.to_owned(),
            folder: folder.to_owned(),
            sources: Vec::new(),
            licensed: true,
            imports: imports.iter().map(|name| ((*name).to_owned(), None)).collect(),
        };
        let members = vec![
            member("importer", folder, &[import]),
            member("inferlayer-route", "filters/route", &[]),
            member("inferlayer-filter", "crates/filter", &[]),
        ];
        Workspace { members, tree: HashSet::new() }.forbidden_imports()
    }

    #[test]
    fn name_each_forbidden_import() {
        for (folder, import) in [
            ("filters/meter", "inferlayer-route"),
            ("filters/meter", "pingora-core"),
            ("filters/meter", "sled"),
            ("crates/ledger", "inferlayer-filter"),
            ("crates/wire", "tokio"),
            ("", "libz-ng-sys"),
            ("", "sled"),
        ] {
            assert_eq!(imports(folder, import), [format!("importer may not import {import}")]);
        }
        assert_eq!(imports("tools/new", "serde").len(), 1);
        assert_none(imports("filters/meter", "inferlayer-filter"));
        assert_none(imports("", "pingora-proxy"));
    }
}
