//! The list `filters`: each entry names a filter and holds its block, which that filter's own type
//! reads.

use std::collections::HashSet;
use std::fmt;
use std::sync::Arc;

use erased_serde::Deserializer as Erased;
use inferlayer_filter::contract::Warning;
use inferlayer_filter::outline::Offers;
use inferlayer_filter::registration::Unbuilt;
use inferlayer_filter::{BuildError, Fact, Outline, Provider, Registration};
use inferlayer_records::sha256_hex;
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, Visitor};

use crate::config::document::Document;
use crate::config::values::Values;

/// An entry as it is written: its keys, of which there should be one.
pub(crate) struct Entry(Vec<String>);

/// A filter of the list with its settings.
pub(crate) struct Configured {
    pub(crate) settings: Box<dyn Unbuilt>,
    /// Its path in the file.
    pub(crate) path: String,
}

/// The list as far as it could be read.
pub(crate) struct Filters {
    /// What each entry names, if it names one filter.
    order: Vec<Option<&'static Registration>>,
    pub(crate) configured: Vec<Configured>,
}

/// What the proxy demands before it calls a provider.
const DEMANDED: &[Fact] = &[Fact::Tenant, Fact::Candidates, Fact::Hold, Fact::Intent];

impl Filters {
    /// Reads the block of every entry.
    pub(crate) fn read(
        entries: &[Entry],
        known: &'static [Registration],
        document: &mut Document,
    ) -> Filters {
        let mut filters = Filters { order: Vec::new(), configured: Vec::new() };
        for (index, entry) in entries.iter().enumerate() {
            filters.read_entry(entry, &format!("filters[{index}]"), known, document);
        }
        filters
    }

    fn read_entry(
        &mut self,
        Entry(names): &Entry,
        path: &str,
        known: &'static [Registration],
        document: &mut Document,
    ) {
        let mut found = None;
        for name in names {
            found = known.iter().find(|known| known.name == name);
            match found {
                Some(registration) => self.read_block(registration, path, document),
                None => document.report_key(path, name, unknown_filter(name, known)),
            }
        }
        match names.as_slice() {
            [] => document.report(path, format!("expected {ENTRY}")),
            [_] => {}
            [first, others @ ..] => {
                found = None;
                for name in others {
                    let problem = format!("`{name}` stands in the entry of `{first}`");
                    document.report_key(path, name, problem + "; begin it with `-`");
                }
            }
        }
        self.order.push(found);
    }

    fn read_block(
        &mut self,
        registration: &'static Registration,
        entry: &str,
        document: &mut Document,
    ) {
        let path = format!("{entry}.{}", registration.name);
        if let Some(settings) = document.read(&path, BlockSeed(registration)) {
            self.configured.push(Configured { settings, path });
        }
    }

    /// What clients may ask for because of these filters.
    pub(crate) fn offers(&self, providers: &[Arc<Provider>]) -> Offers {
        let filters = self.configured.iter();
        Offers(filters.flat_map(|filter| filter.settings.offers(providers)).collect())
    }

    /// A digest of the blocks that decide about answers in a way that no offer tells.
    pub(crate) fn digest(&self, values: &Values) -> String {
        let silent = self.configured.iter().filter(|filter| filter.settings.offers(&[]).is_empty());
        let lines = silent.map(|Configured { path, .. }| {
            let name = path.rsplit_once('.').map_or(path.as_str(), |(_, name)| name);
            values.lines_below(&format!("filters[{name}]"))
        });
        sha256_hex(lines.collect::<String>().as_bytes())
    }

    /// Which models of which providers are named to be asked for.
    pub(crate) fn asks(&self) -> Vec<(String, String)> {
        self.configured.iter().flat_map(|filter| filter.settings.asks()).collect()
    }

    /// Whether nothing was wrong in any block.
    pub(crate) fn are_sound(&self, document: &Document) -> bool {
        document.is_sound("filters") && self.order.iter().all(Option::is_some)
    }

    /// What the filters themselves find wrong.
    pub(crate) fn check(&self, outline: &Outline, document: &mut Document) {
        for filter in &self.configured {
            for error in filter.settings.check(outline) {
                let path = path_of(&filter.path, &error);
                if document.is_sound(&path) {
                    document.report(&path, error.problem);
                }
            }
        }
    }

    /// What the filters themselves find odd.
    pub(crate) fn warn(&self, outline: &Outline, document: &mut Document) {
        for filter in &self.configured {
            for Warning { field, problem, level } in filter.settings.warnings(outline) {
                document.warn(&joined(&filter.path, &field), level, problem);
            }
        }
    }

    /// A filter's facts are filled once.
    pub(crate) fn check_unique(&self, document: &mut Document) {
        let mut seen = HashSet::new();
        for (index, filter) in self.order.iter().enumerate() {
            let Some(filter) = filter else { continue };
            if !seen.insert(filter.name) {
                let problem = format!("filter `{}` is there twice", filter.name);
                document.report(&format!("filters[{index}]"), problem);
            }
        }
    }

    /// Every filter needs what filters before it give, and a provider may be called only with all
    /// of [`DEMANDED`]. A fact that is missed is told once; an entry that could not be read may
    /// give any.
    pub(crate) fn check_order(&self, known: &[Registration], document: &mut Document) {
        let giver = |fact| known.iter().find(|f| f.gives.contains(&fact)).map_or("?", |f| f.name);
        let mut given: Vec<Fact> = Vec::new();
        for (index, filter) in self.order.iter().enumerate() {
            let Some(filter) = filter else { return };
            for fact in filter.needs {
                if !given.contains(fact) {
                    given.push(*fact);
                    let (name, giver) = (filter.name, giver(*fact));
                    let problem =
                        format!("filter `{name}` needs {fact:?}; put `{giver}` before it");
                    document.report(&format!("filters[{index}]"), problem);
                }
            }
            for fact in filter.uses.iter().filter(|fact| !given.contains(fact)) {
                if let Some(giver) = self.giver_after(index, *fact) {
                    let name = filter.name;
                    let problem = format!("filter `{name}` uses {fact:?}; put `{giver}` before it");
                    document.report(&format!("filters[{index}]"), problem);
                }
            }
            for fact in filter.before.iter().filter(|fact| given.contains(fact)) {
                let (name, giver) = (filter.name, giver(*fact));
                let problem =
                    format!("filter `{name}` stands behind {fact:?}; put it before `{giver}`");
                document.report(&format!("filters[{index}]"), problem);
            }
            given.extend(filter.gives);
        }
        for fact in DEMANDED.iter().filter(|fact| !given.contains(fact)) {
            let giver = giver(*fact);
            let problem =
                format!("no provider is called without {fact:?}; put `{giver}` into the list");
            document.report("filters", problem);
        }
    }
}

impl Filters {
    /// The filter behind `index` that gives a fact.
    fn giver_after(&self, index: usize, fact: Fact) -> Option<&'static str> {
        let mut behind = self.order.iter().skip(index + 1).flatten();
        behind.find(|filter| filter.gives.contains(&fact)).map(|filter| filter.name)
    }
}

/// The path in the file of what a filter finds wrong in its block.
pub(crate) fn path_of(block: &str, error: &BuildError) -> String {
    joined(block, &error.field)
}

fn joined(block: &str, field: &str) -> String {
    format!("{block}.{field}").trim_end_matches('.').to_owned()
}

fn unknown_filter(name: &str, known: &[Registration]) -> String {
    let known: Vec<_> = known.iter().map(|known| known.name).collect();
    format!("unknown filter `{name}`, expected one of {}", known.join(", "))
}

const ENTRY: &str = "one filter with its block, such as `authenticate: {}`";

impl<'de> serde::Deserialize<'de> for Entry {
    fn deserialize<D: Deserializer<'de>>(d: D) -> Result<Entry, D::Error> {
        d.deserialize_map(EntryVisitor)
    }
}

struct EntryVisitor;

impl<'de> Visitor<'de> for EntryVisitor {
    type Value = Entry;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(ENTRY)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Entry, A::Error> {
        let mut names = Vec::new();
        while let Some((name, IgnoredAny)) = map.next_entry()? {
            names.push(name);
        }
        Ok(Entry(names))
    }
}

#[derive(Clone, Copy)]
struct BlockSeed(&'static Registration);

impl<'de> DeserializeSeed<'de> for BlockSeed {
    type Value = Box<dyn Unbuilt>;

    fn deserialize<D: Deserializer<'de>>(self, d: D) -> Result<Self::Value, D::Error> {
        let mut erased = <dyn Erased<'_>>::erase(d);
        (self.0.read)(&mut erased).map_err(Error::custom)
    }
}
