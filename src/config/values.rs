//! What a configuration says, value by value, each by a path that has names where a list has
//! numbers: `tenants[acme].budget_usd`. So two configurations can be compared although an entry has
//! moved. Secrets are not here: a configuration has but references to them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use crate::config::tree::{Id, ROOT, Tree, Value};

/// All that a configuration says.
#[derive(Default)]
pub(crate) struct Values {
    scalars: BTreeMap<String, String>,
    /// The named entries of lists.
    entries: BTreeSet<String>,
    /// The names of the entries of each list, in order.
    orders: BTreeMap<String, Vec<String>>,
}

/// One difference between two configurations.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Change {
    /// Where.
    pub(crate) path: String,
    /// What, such as `10 → 20`.
    what: String,
}

/// Longer values are told as far as this.
const TOLD_CHARS: usize = 120;

impl Change {
    pub(crate) fn new(path: impl Into<String>, what: impl Into<String>) -> Change {
        Change { path: path.into(), what: what.into() }
    }
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.path, self.what)
    }
}

impl Values {
    /// Of a file that was read.
    pub(super) fn of(tree: &Tree) -> Values {
        let mut values = Values::default();
        values.add(tree, ROOT, String::new());
        values
    }

    /// What the other says instead, by path.
    pub(crate) fn changes(&self, next: &Values) -> Vec<Change> {
        let mut changes = added(&next.entries, &self.entries, "added");
        changes.extend(added(&self.entries, &next.entries, "removed"));
        let paths: BTreeSet<&String> = self.scalars.keys().chain(next.scalars.keys()).collect();
        for path in paths {
            let (old, new) = (self.scalars.get(path), next.scalars.get(path));
            let is_told = changes.iter().any(|change| is_below(path, &change.path));
            if old != new && !is_told {
                let what = format!("{} → {}", told(old), told(new));
                changes.push(Change::new(path, what));
            }
        }
        for (path, order) in &next.orders {
            if self.orders.get(path).is_some_and(|old| is_reordered(old, order)) {
                changes.push(Change::new(path, format!("in the order {}", order.join(", "))));
            }
        }
        changes.sort_by(|a, b| a.path.cmp(&b.path));
        changes
    }

    /// The lines of all values below a path, for a digest.
    pub(super) fn lines_below(&self, path: &str) -> String {
        let below = self.scalars.iter().filter(|(at, _)| is_below(at, path));
        below.map(|(at, value)| format!("{at}: {value}\n")).collect()
    }

    /// The paths of all values.
    #[cfg(test)]
    pub(crate) fn paths(&self) -> impl Iterator<Item = &str> {
        self.scalars.keys().map(String::as_str)
    }

    fn add(&mut self, tree: &Tree, id: Id, path: String) {
        let scalar = match tree.value(id) {
            Value::List(_) if tree.children(id).next().is_some() => {
                return self.add_list(tree, id, path);
            }
            Value::List(_) => "[]".to_owned(),
            Value::Map(_) if tree.children(id).next().is_some() => {
                for child in tree.children(id) {
                    let key = tree.key(child);
                    let below =
                        if path.is_empty() { key.to_owned() } else { format!("{path}.{key}") };
                    self.add(tree, child, below);
                }
                return;
            }
            Value::Map(_) => "{}".to_owned(),
            Value::Null | Value::StandIn(_) => "null".to_owned(),
            Value::Bool(value) => value.to_string(),
            Value::Unsigned(value) => value.to_string(),
            Value::Signed(value) => value.to_string(),
            Value::Float(value) => value.to_string(),
            Value::Text(text) => text.escape_debug().to_string(),
        };
        self.scalars.insert(path, scalar);
    }

    fn add_list(&mut self, tree: &Tree, id: Id, path: String) {
        let mut order = Vec::new();
        for (index, child) in tree.children(id).enumerate() {
            let Some((name, content)) = named(tree, child, &path) else {
                self.add(tree, child, format!("{path}[{index}]"));
                continue;
            };
            let entry = format!("{path}[{name}]");
            self.entries.insert(entry.clone());
            order.push(name);
            self.add(tree, content, entry);
        }
        self.orders.insert(path, order);
    }
}

/// The name of an entry, and what of it is told below that name. Of `filters` an entry is named by
/// its filter.
fn named(tree: &Tree, entry: Id, list: &str) -> Option<(String, Id)> {
    let mut parts = tree.children(entry);
    if list == "filters" {
        let block = parts.next()?;
        return Some((tree.key(block).to_owned(), block));
    }
    let name = parts.find(|part| matches!(tree.key(*part), "name" | "path"))?;
    match tree.value(name) {
        Value::Text(text) => Some((text.escape_debug().to_string(), entry)),
        _ => None,
    }
}

/// The entries of one that the other lacks, each list's outermost.
fn added(entries: &BTreeSet<String>, others: &BTreeSet<String>, what: &str) -> Vec<Change> {
    let mut added: Vec<Change> = Vec::new();
    // An entry stands before what is in it.
    for path in entries.difference(others) {
        if !added.iter().any(|outer| is_below(path, &outer.path)) {
            added.push(Change::new(path, what));
        }
    }
    added
}

/// Whether both have the same entries in another order.
fn is_reordered(old: &[String], new: &[String]) -> bool {
    let sorted = |names: &[String]| {
        let mut names = names.to_vec();
        names.sort();
        names
    };
    old != new && sorted(old) == sorted(new)
}

/// Whether a path is the other, or inside of it.
pub(crate) fn is_below(path: &str, outer: &str) -> bool {
    path.strip_prefix(outer).is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
}

fn told(value: Option<&String>) -> String {
    let Some(value) = value else { return "default".to_owned() };
    match value.char_indices().nth(TOLD_CHARS) {
        Some((end, _)) => format!("{}…", value.get(..end).unwrap_or_default()),
        None => value.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::load::load;

    fn changes(old: &str, new: &str) -> Vec<String> {
        let [old, new] = [old, new].map(|text| Values::of(&load(text).unwrap()));
        old.changes(&new).iter().map(Change::to_string).collect()
    }

    #[test]
    fn a_change_is_told_by_a_path_of_names() {
        let old = "tenants: [{ name: a, budget_usd: 10 }, { name: b, budget_usd: 1 }]";
        let new = "tenants: [{ name: b, budget_usd: 1 }, { name: a, budget_usd: 20 }]";
        assert_eq!(
            changes(old, new),
            ["tenants: in the order b, a", "tenants[a].budget_usd: 10 → 20"]
        );
        let new = "{ tenants: [{ name: c, budget_usd: 10 }], threads: 2 }";
        assert_eq!(
            changes(old, new),
            [
                "tenants[a]: removed",
                "tenants[b]: removed",
                "tenants[c]: added",
                "threads: default → 2"
            ]
        );
        assert!(changes(old, old).is_empty());
    }

    #[test]
    fn a_filter_is_named_by_its_block() {
        let model =
            |by| format!("{{ models: [{{ name: m, candidates: [{{ provider: {by} }}] }}] }}");
        let old = format!("filters: [authenticate: {{}}, route: {}]", model("p"));
        let new = format!("filters: [authenticate: {{}}, cache: {{}}, route: {}]", model("q"));
        assert_eq!(
            changes(&old, &new),
            ["filters[cache]: added", "filters[route].models[m].candidates[0].provider: p → q"]
        );
    }

    #[test]
    fn what_is_told_is_short_and_on_one_line() {
        let new = format!("a: \"{}\\n\"", "x".repeat(1000));
        let told = changes("a: \"b\\nc\"", &new);
        assert!(told[0].starts_with("a: b\\nc → xxx") && told[0].chars().count() < 150, "{told:?}");
    }
}
